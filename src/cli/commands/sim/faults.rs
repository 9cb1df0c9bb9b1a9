//! `plimsoll sim faults`.

use std::num::NonZeroUsize;

use clap::Args;

use super::run_selection::RunSelection;
use super::simulate::{SimReport, simulate};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::disk::Allocations;
use crate::report::count_with_noun;
use crate::sim::{FaultOptions, FaultReport, Finding, SimError, exhaust_memory, inject_faults};

/// Makes one disk call of a run fail, or all calls from it on: I/O errors, a full disk, a quota, a
/// failed sync whose pages are lost, foreign locks, a disk that becomes read-only. It tries each
/// fault at each call. The run may end in any way that it reports; afterwards, with and without a
/// power cut, the next run must produce the books of the undisturbed run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim faults mine.toml
  plimsoll sim faults scenarios --every 50
  plimsoll sim faults mine.toml --memory")]
pub(super) struct FaultsArgs {
    #[command(flatten)]
    selection: RunSelection,

    /// Inject faults at every N-th call only
    #[arg(long, value_name = "N", default_value = "1")]
    every: NonZeroUsize,

    /// Fail SQLite's memory allocations instead of disk calls; uses one thread
    #[arg(long)]
    memory: bool,
}

pub(super) fn execute(context: &Context, args: &FaultsArgs) -> Result<Exit, CliError> {
    let (selection, every) = (&args.selection, args.every);
    if args.memory {
        // SQLite accepts another allocator only before its first use.
        let allocations = Allocations::install().ok_or(SimError::MemoryInUse)?;
        return simulate(context, selection, None, "faulty run", |run| {
            exhaust_memory(run, allocations, every)
        });
    }
    let options = FaultOptions {
        step: every,
        jobs: selection.jobs(),
    };
    simulate(context, selection, None, "faulty run", |run| {
        inject_faults(run, &options)
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
