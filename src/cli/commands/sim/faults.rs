//! `plimsoll sim faults`.

use std::num::NonZeroUsize;

use clap::Args;

use super::run_selection::RunSelection;
use super::simulate::{SimReport, simulate};
use crate::cli::{CliError, Context, Exit};
use crate::report::count_with_noun;
use crate::sim::{FaultOptions, FaultReport, Finding, SimError, exhaust_memory, inject_faults};
use crate::store::disk::Allocations;

/// Lets one call that a run makes of its disk go wrong, or every such call from then on: I/O
/// errors, a full disk, a quota, a failed sync whose pages are then lost, locks that others hold,
/// a disk that becomes read-only. Each call of the run, each fault that can happen to it. The run
/// may end as it likes if it says so; afterwards, with and without the power, the books must come
/// to those of the run that nothing disturbed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim faults mine.toml
  plimsoll sim faults scenarios --every 50
  plimsoll sim faults mine.toml --memory")]
pub(super) struct FaultsArgs {
    #[command(flatten)]
    selection: RunSelection,

    /// Try only every N-th call
    #[arg(long, value_name = "N", default_value = "1")]
    every: NonZeroUsize,

    /// Let SQLite's memory run out instead, at each allocation; one run after the other
    #[arg(long)]
    memory: bool,
}

pub(super) fn execute(context: &Context, args: &FaultsArgs) -> Result<Exit, CliError> {
    let (choice, every) = (&args.selection, args.every);
    if args.memory {
        // Before SQLite is used for the first time.
        let allocations = Allocations::install().ok_or(SimError::MemoryInUse)?;
        return simulate(context, choice, None, "faulty run", |run| {
            exhaust_memory(run, allocations, every)
        });
    }
    let terms = FaultOptions {
        step: every,
        jobs: choice.jobs(),
    };
    simulate(context, choice, None, "faulty run", |run| {
        inject_faults(run, &terms)
    })
}

impl SimReport for FaultReport {
    fn step_and_request(&self) -> (&str, &str) {
        (&self.step, &self.description)
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn count(&self) -> usize {
        self.runs
    }

    fn summary(&self) -> String {
        let ends = self.ends.iter();
        let ends: Vec<_> = ends.map(|(end, count)| format!("{count} {end}")).collect();
        format!(
            "{}, {}, {}",
            count_with_noun(self.calls as u64, self.target.name()),
            count_with_noun(self.runs as u64, "run"),
            ends.join(", "),
        )
    }
}
