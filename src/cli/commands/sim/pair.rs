//! `plimsoll sim pair`.

use clap::Args;

use super::run_selection::RunSelection;
use super::simulate::{SimReport, simulate};
use crate::cli::{CliError, Context, Exit};
use crate::report::count_with_noun;
use crate::sim::{Finding, PairOptions, PairReport, run_pairs};

/// Two runs at once on one disk, switched at every so many calls, as a seed says. In every other
/// pair one stands still in the middle, its lease ends, the other takes over, and the first wakes
/// up again. Together they must do what one alone does, each cell once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim pair mine.toml
  plimsoll sim pair mine.toml --seed 100 --seeds 5000")]
pub(super) struct PairArgs {
    #[command(flatten)]
    selection: RunSelection,

    /// The seed of the first pair
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How many pairs, each with a seed of its own, from --seed on
    #[arg(long, value_name = "N", default_value_t = 200)]
    seeds: u32,
}

pub(super) fn execute(context: &Context, args: &PairArgs) -> Result<Exit, CliError> {
    let terms = PairOptions {
        seed: args.seed,
        seeds: args.seeds,
        jobs: args.selection.jobs(),
    };
    simulate(context, &args.selection, Some(args.seed), "pair", |run| {
        run_pairs(run, &terms)
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
