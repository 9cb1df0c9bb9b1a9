//! The subcommands of `plimsoll scenario`.

use clap::{Args, Subcommand};

use super::{check, compare, load, new, run, schema, show};
use crate::cli::{context::Context, error::CliError, exit::Exit};

/// Runs scenarios: states and steps written as files. Their transcripts are compared with those that
/// were accepted.
#[derive(Debug, Args)]
pub(crate) struct ScenarioArgs {
    #[command(subcommand)]
    command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
enum ScenarioCommand {
    /// Run scenarios and compare them with their golden transcripts
    Run(run::RunArgs),
    /// Print the transcript of a scenario, with the reason of each cell
    Show(show::ShowArgs),
    /// Write a commented scenario to start from
    New(new::NewArgs),
    /// Compare all policies on the same world
    Compare(compare::CompareArgs),
    /// Read scenarios and fixtures, and explain their errors
    Check(check::CheckArgs),
    /// Print the JSON Schema of scenarios or fixtures, for editors
    Schema(schema::SchemaArgs),
    /// Create a database from a fixture or the world of a scenario
    Load(load::LoadArgs),
}

pub(in crate::cli) fn execute(context: &Context, args: &ScenarioArgs) -> Result<Exit, CliError> {
    match &args.command {
        ScenarioCommand::Run(args) => run::execute(context, args),
        ScenarioCommand::Show(args) => show::execute(context, args),
        ScenarioCommand::New(args) => new::execute(args),
        ScenarioCommand::Compare(args) => compare::execute(context, args),
        ScenarioCommand::Check(args) => check::execute(context, args),
        ScenarioCommand::Schema(args) => schema::execute(args),
        ScenarioCommand::Load(args) => load::execute(context, args),
    }
}
