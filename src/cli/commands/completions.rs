//! `plimsoll completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::{Arguments, CliError, Exit, output};

/// Prints a script with which a shell completes commands and options.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: plimsoll completions fish > ~/.config/fish/completions/plimsoll.fish"
)]
pub(crate) struct CompletionsArgs {
    /// Shell that runs the script
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn execute(args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Arguments::command(),
        "plimsoll",
        &mut script,
    );
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Complete)
}
