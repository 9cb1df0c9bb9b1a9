//! `plimsoll completions SHELL`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output;

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

/// Prints the completions of the `program`, all its commands included.
pub(super) fn execute(args: &CompletionsArgs, mut program: Command) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "plimsoll", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Complete)
}
