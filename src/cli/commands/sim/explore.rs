//! `plimsoll sim explore`.

use clap::Args;

use super::run_selection::RunSelection;
use super::simulate::{SimReport, simulate};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::count_with_noun;
use crate::sim::{Crashes, ExploreOptions, ExploreReport, Finding, Sampling, explore};

/// Records the disk operations of a run and crashes it after each of them. For each point it makes
/// every disk image that can result: process killed, power cut, names without content, subsets of
/// the operations that were not synced, writes torn at 512 bytes. Each image is recovered, verified,
/// completed by the next run, and compared row by row with the undisturbed run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim explore mine.toml
  plimsoll sim explore scenarios --seed 7 --samples 64
  plimsoll sim explore mine.toml --step 2 --twice --json")]
pub(super) struct ExploreArgs {
    #[command(flatten)]
    selection: RunSelection,

    /// Seed for all random choices
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Number of unsynced operations up to which all their subsets are tried
    #[arg(long, value_name = "N", default_value_t = 6,
          value_parser = clap::value_parser!(u16).range(0..=14))]
    subsets: u16,

    /// Number of random subsets for more unsynced operations
    #[arg(long, value_name = "N", default_value_t = 8)]
    samples: u16,

    /// Also crash each recovery from a kill or a power cut, at every point
    #[arg(long)]
    twice: bool,
}

pub(super) fn execute(context: &Context, args: &ExploreArgs) -> Result<Exit, CliError> {
    let options = ExploreOptions {
        seed: args.seed,
        extent: Sampling {
            exhaustive: args.subsets,
            samples: args.samples,
        },
        crashes: if args.twice {
            Crashes::Twice
        } else {
            Crashes::Once
        },
        jobs: args.selection.jobs(),
    };
    simulate(context, &args.selection, Some(args.seed), "image", |run| {
        explore(run, &options)
    })
}

impl SimReport for ExploreReport {
    fn step_and_request(&self) -> (&str, &str) {
        (&self.step, &self.description)
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn count(&self) -> usize {
        self.images
    }

    fn summary(&self) -> String {
        format!(
            "{} (log {}), {} of {}, {} on {}",
            count_with_noun(self.operations as u64, "operation"),
            self.log,
            count_with_noun(self.distinct_images as u64, "different disk"),
            count_with_noun(self.images as u64, "image"),
            count_with_noun(self.states as u64, "state"),
            count_with_noun(self.recovered_disks as u64, "recovered disk"),
        )
    }
}
