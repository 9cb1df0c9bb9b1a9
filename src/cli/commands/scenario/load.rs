//! `plimsoll scenario load`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::output::print;
use crate::cli::progress::Meter;
use crate::cli::{CliError, Context, Exit};
use crate::scenario::load;
use crate::scenario::suite::Case;

/// Makes a database of a fixture, or of the world of a scenario as it is before the first step:
/// to look at with every other command.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll scenario load fixtures/jan_8_production.toml --db jan_8.db
  plimsoll --db jan_8.db status")]
pub(super) struct LoadArgs {
    /// The fixture or scenario
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
        "{database} holds the world `{name}`. Look around:\n\n  \
           plimsoll --db {database} status\n  \
           plimsoll --db {database} plan"
    ))?;
    Ok(Exit::Complete)
}
