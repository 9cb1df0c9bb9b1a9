//! `plimsoll scenario load`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::output::print;
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::scenario::load;
use crate::scenario::suite::Case;

/// Creates a database from a fixture, or from the world of a scenario before its first step. Every
/// other command works on it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll scenario load fixtures/jan_8_production.toml --db jan_8.db
  plimsoll --db jan_8.db status")]
pub(super) struct LoadArgs {
    /// Fixture or scenario file
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

pub(super) fn execute(context: &Context, args: &LoadArgs) -> Result<Exit, CliError> {
    let case = Case::read(&args.path)?;
    let database = &context.configuration.database;
    let meter = Meter::new(context);
    let name = &case.scenario.name;
    let settings = &context.configuration.engine;
    let loaded = load(
        &case.scenario.world,
        name,
        database,
        settings,
        &|progress| {
            meter.show(progress);
        },
    );
    meter.finish();
    loaded?;
    let database = database.display();
    print(&format!(
        "{database} has the state of the world `{name}`. Next commands:\n\n  \
           plimsoll --db {database} status\n  \
           plimsoll --db {database} plan"
    ))?;
    Ok(Exit::Complete)
}
