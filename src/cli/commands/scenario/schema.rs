//! `plimsoll scenario schema`.

use clap::Args;

use crate::cli::output::print_json;
use crate::cli::{error::CliError, exit::Exit};
use crate::job::job_schema;
use crate::scenario::schema;

/// Prints the JSON Schema of scenarios. Editors with TOML support complete and explain keys if the
/// first line of a file is `#:schema PATH`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: plimsoll scenario schema > scenario.schema.json")]
pub(super) struct SchemaArgs {
    /// Print the schema of fixtures instead
    #[arg(long)]
    fixture: bool,

    /// Print the schema of job files instead
    #[arg(long, conflicts_with = "fixture")]
    job: bool,
}

pub(super) fn execute(args: &SchemaArgs) -> Result<Exit, CliError> {
    print_json(&match (args.fixture, args.job) {
        (true, _) => schema::fixture(),
        (_, true) => job_schema(),
        _ => schema::scenario(),
    })?;
    Ok(Exit::Complete)
}
