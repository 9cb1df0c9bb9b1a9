//! `plimsoll man FOLDER`.

use std::path::{Path, PathBuf};

use clap::{Args, Command};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::durable::{self, Access};

/// Writes the manual pages, one for each command, into a folder.
#[derive(Debug, Args)]
#[command(after_help = "Example: plimsoll man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder of the pages; it is created if absent
    folder: PathBuf,
}

/// Writes the pages of the `program` and all its commands.
pub(super) fn execute(args: &ManArgs, program: Command) -> Result<Exit, CliError> {
    write_pages(&args.folder, program).map_err(|source| CliError::File {
        path: args.folder.clone(),
        source,
    })?;
    output::print(&format!(
        "manual pages written to {}",
        args.folder.display()
    ))?;
    Ok(Exit::Complete)
}

fn write_pages(folder: &Path, program: Command) -> std::io::Result<()> {
    durable::create_folders(folder)?;
    let mut program = program.disable_help_subcommand(true);
    program.build();
    write_page(folder, program)
}

/// Writes the pages of the commands below this one, then its own.
fn write_page(folder: &Path, command: Command) -> std::io::Result<()> {
    for subcommand in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        write_page(folder, subcommand.clone())?;
    }
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    durable::replace(&folder.join(page.get_filename()), &text, Access::Unchanged)
}
