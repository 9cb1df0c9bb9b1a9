//! `plimsoll sim pair`.

use clap::Args;

use super::run_selection::RunSelection;
use super::simulate::{SimReport, simulate};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::count_with_noun;
use crate::sim::{Finding, PairOptions, PairReport, run_pairs};

/// Runs two runs at once on one disk, and switches between them after a number of calls that a seed
/// decides. In every second pair the first run is paused in the middle until its lease expires and
/// the second has taken over, and then resumes. Together they must do each cell once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim pair mine.toml
  plimsoll sim pair mine.toml --seed 100 --seeds 5000")]
pub(super) struct PairArgs {
    #[command(flatten)]
    selection: RunSelection,

    /// Seed of the first pair
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Number of pairs; each has the next seed
    #[arg(long, value_name = "N", default_value_t = 200)]
    seeds: u32,
}

pub(super) fn execute(context: &Context, args: &PairArgs) -> Result<Exit, CliError> {
    let options = PairOptions {
        seed: args.seed,
        seeds: args.seeds,
        jobs: args.selection.jobs(),
    };
    simulate(context, &args.selection, Some(args.seed), "pair", |run| {
        run_pairs(run, &options)
    })
}

impl SimReport for PairReport {
    fn step_and_request(&self) -> (&str, &str) {
        (&self.step, &self.description)
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn count(&self) -> usize {
        self.pairs
    }

    fn summary(&self) -> String {
        let ends = self.ends.iter();
        let ends: Vec<_> = ends
            .map(|(both, count)| format!("{count} {both}"))
            .collect();
        format!(
            "{}, {}, {}",
            count_with_noun(self.pairs as u64, "pair"),
            count_with_noun(self.interleavings as u64, "order"),
            ends.join(", "),
        )
    }
}
