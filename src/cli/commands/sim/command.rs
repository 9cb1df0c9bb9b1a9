//! What can be simulated, and which file does it.

use clap::{Args, Subcommand};

use super::{explore, faults, fuzz, pair, replay, shrink};
use crate::cli::{CliError, Context, Exit};

/// Breaks the runs of scenarios on purpose: the real engine over the real SQLite, on a disk that
/// is simulated. No file of yours is touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 0 when everything held, 1 when something did not, 3 for a file
that is no scenario. The same seed finds the same on any number of threads.")]
pub struct SimArgs {
    #[command(subcommand)]
    command: SimCommand,
}

#[derive(Debug, Subcommand)]
enum SimCommand {
    /// Crash at every point of a run, and look at every disk that can be left
    Explore(explore::ExploreArgs),
    /// Let every call of a run go wrong, in every way
    Faults(faults::FaultsArgs),
    /// Let two runs meet, in many orders of their calls
    Pair(pair::PairArgs),
    /// Draw worlds and what happens to them, and all of the above
    Fuzz(fuzz::FuzzArgs),
    /// See one finding again, by the token that a finding has
    Replay(replay::ReplayArgs),
    /// The smallest scenario on which the same is found
    Shrink(shrink::ShrinkArgs),
    /// Plant faults in store and engine, and tell which simulation finds them
    #[cfg(feature = "mutants")]
    Mutants(super::mutants::MutantsArgs),
}

pub(in crate::cli) fn execute(context: &Context, args: &SimArgs) -> Result<Exit, CliError> {
    match &args.command {
        SimCommand::Explore(args) => explore::execute(context, args),
        SimCommand::Faults(args) => faults::execute(context, args),
        SimCommand::Pair(args) => pair::execute(context, args),
        SimCommand::Fuzz(args) => fuzz::execute(context, args),
        SimCommand::Replay(args) => replay::execute(context, args),
        SimCommand::Shrink(args) => shrink::execute(context, args),
        #[cfg(feature = "mutants")]
        SimCommand::Mutants(args) => super::mutants::execute(context, args),
    }
}
