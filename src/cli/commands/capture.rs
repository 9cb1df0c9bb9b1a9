//! `plimsoll capture`: the state of a database as a world.

use std::path::PathBuf;

use clap::Args;

use crate::capture::{Waits, capture_books};
use crate::cli::output::print;
use crate::cli::{CliError, Context, Exit};

/// Writes the state of a database as a world: who there is and lives when, which cells are done,
/// taken out again, failed or waiting, and how the last runs ended. Reads only.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll capture -o jan_8.toml        the state of the database, as a world
  plimsoll capture | less               the same, to look at")]
pub struct CaptureArgs {
    /// Where the world is written; to standard output where not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &CaptureArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let settings = &context.configuration.engine;
    let state = capture_books(&store, settings, &environment, Waits::Told)?;
    let world = state.world()?;
    match &args.output {
        None => print(&world)?,
        Some(path) => std::fs::write(path, world).map_err(|source| CliError::File {
            path: path.clone(),
            source,
        })?,
    }
    Ok(Exit::Complete)
}
