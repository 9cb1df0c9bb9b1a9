//! `plimsoll man FOLDER`.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};

use crate::cli::{Arguments, CliError, Exit, output};

/// Writes the manual pages, one for each command, into a folder.
#[derive(Debug, Args)]
#[command(after_help = "Example: plimsoll man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder of the pages; it is created if absent
    folder: PathBuf,
}

pub(super) fn execute(args: &ManArgs) -> Result<Exit, CliError> {
    write_pages(&args.folder).map_err(|source| CliError::File {
        path: args.folder.clone(),
        source,
    })?;
    output::print(&format!(
        "manual pages written to {}",
        args.folder.display()
    ))?;
    Ok(Exit::Complete)
}

fn write_pages(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Arguments::command(), folder)
}
