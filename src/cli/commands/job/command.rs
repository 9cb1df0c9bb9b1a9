//! The subcommands of `plimsoll job`.

use clap::{Args, Subcommand};

use super::{check, faults, fuzz, new};
use crate::cli::{context::Context, error::CliError, exit::Exit};

/// Tests your own nightly job: a program in any language, on a scratch database.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    #[command(subcommand)]
    command: JobCommand,
}

#[derive(Debug, Subcommand)]
enum JobCommand {
    /// Write a commented job file to start from
    New(new::NewArgs),
    /// Run the job once on a small world, and show what was seen
    Check(check::CheckArgs),
    /// Draw worlds until a promise breaks, and shrink the one on which it does
    Fuzz(fuzz::FuzzArgs),
    /// Fail and kill the job at each of its writes; the next run must heal
    Faults(faults::FaultsArgs),
}

pub(in crate::cli) fn execute(context: &Context, args: &JobArgs) -> Result<Exit, CliError> {
    match &args.command {
        JobCommand::New(args) => new::execute(args),
        JobCommand::Check(args) => check::execute(context, args),
        JobCommand::Fuzz(args) => fuzz::execute(context, args),
        JobCommand::Faults(args) => faults::execute(context, args),
    }
}
