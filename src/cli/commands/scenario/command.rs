//! What can be done with scenarios, and which file does it.

use clap::{Args, Subcommand};

use super::{check, compare, load, new, run, schema, show};
use crate::cli::{CliError, Context, Exit};

/// Plays states that are written as files: what each policy does on them, and whether that is
/// still what was judged good.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    #[command(subcommand)]
    command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
enum ScenarioCommand {
    /// Run scenarios and hold them against their golden transcripts
    Run(run::RunArgs),
    /// The transcript of a scenario, with the reason of each cell
    Show(show::ShowArgs),
    /// Write a commented scenario to start from
    New(new::NewArgs),
    /// The same world under every policy, side by side
    Compare(compare::CompareArgs),
    /// Read scenarios and fixtures, and explain mistakes
    Check(check::CheckArgs),
    /// Print the JSON Schema of scenarios and fixtures, for completion in editors
    Schema(schema::SchemaArgs),
    /// Make a database of a fixture or of a scenario's world
    Load(load::LoadArgs),
    /// Plant faults in planner and engine, and tell which scenario finds them
    #[cfg(feature = "mutants")]
    Mutants(super::mutants::MutantsArgs),
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
        #[cfg(feature = "mutants")]
        ScenarioCommand::Mutants(args) => super::mutants::execute(context, args),
    }
}
