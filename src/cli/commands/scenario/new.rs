//! `plimsoll scenario new`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::default_paths::in_default_folder;
use crate::cli::output::print;
use crate::cli::{error::CliError, exit::Exit};
use crate::durable;

/// The scenario that is written, with every common key and a comment on each.
const COMMENTED: &str = include_str!("new.toml");

/// Writes a commented scenario to start from. It passes unchanged once its transcript is accepted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario new scenarios/mine/no_portfolio_is_left_behind
  plimsoll scenario new a_late_price            writes scenarios/a_late_price.toml
  plimsoll scenario new ./a_late_price          writes a_late_price.toml")]
pub(super) struct NewArgs {
    /// File to write, in `scenarios` if it names no folder; its name says what should hold, in
    /// words joined by `_`
    #[arg(value_name = "NAME")]
    name: PathBuf,
}

pub(super) fn execute(args: &NewArgs) -> Result<Exit, CliError> {
    let path = match args.name.extension() {
        Some(extension) if extension == "toml" => args.name.clone(),
        _ => args.name.with_added_extension("toml"),
    };
    let path = in_default_folder(&path);
    write(&path).map_err(|source| CliError::File {
        path: path.clone(),
        source,
    })?;
    print(&format!(
        "{path} is written. Next:\n\n  \
           plimsoll scenario show {path}\n  \
           plimsoll scenario run {path} --accept",
        path = path.display()
    ))?;
    Ok(Exit::Complete)
}

/// Writes a file, and fails if it exists.
fn write(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        durable::create_folders(folder)?;
    }
    durable::create(path, COMMENTED.as_bytes())
}
