//! `plimsoll man FOLDER`.

use std::path::{Path, PathBuf};

use clap::{Args, Command};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output;

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
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(program, folder)
}
