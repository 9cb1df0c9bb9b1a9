//! The subcommands of `plimsoll sim`.

use clap::{Args, Subcommand};

use super::{explore, faults, fuzz, histories, pair, replay, shrink};
use crate::cli::{context::Context, error::CliError, exit::Exit};

/// Simulates runs of scenarios that crash, fail or meet: the real engine and the real SQLite on a
/// simulated disk. It writes no database.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 no findings, 1 findings, 3 invalid scenario.
A seed has the same findings on any number of threads.")]
pub(crate) struct SimArgs {
    #[command(subcommand)]
    command: SimCommand,
}

#[derive(Debug, Subcommand)]
enum SimCommand {
    /// Crash a run at every point, and check every possible disk image
    Explore(explore::ExploreArgs),
    /// Inject every possible fault into every disk call of a run
    Faults(faults::FaultsArgs),
    /// Interleave two runs in many orders of their calls
    Pair(pair::PairArgs),
    /// Generate scenarios from seeds, with crashes, faults and pairs
    Fuzz(fuzz::FuzzArgs),
    /// Generate histories of changes from seeds, and check the books after each step
    Histories(histories::HistoriesArgs),
    /// Reproduce one finding by its token
    Replay(replay::ReplayArgs),
    /// Shrink the scenario of a finding
    Shrink(shrink::ShrinkArgs),
}

pub(in crate::cli) fn execute(context: &Context, args: &SimArgs) -> Result<Exit, CliError> {
    match &args.command {
        SimCommand::Explore(args) => explore::execute(context, args),
        SimCommand::Faults(args) => faults::execute(context, args),
        SimCommand::Pair(args) => pair::execute(context, args),
        SimCommand::Fuzz(args) => fuzz::execute(context, args),
        SimCommand::Histories(args) => histories::execute(context, args),
        SimCommand::Replay(args) => replay::execute(context, args),
        SimCommand::Shrink(args) => shrink::execute(context, args),
    }
}
