//! Makes two runs of the same cells at once, and compares them with one that runs alone.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::error::JobError;
use super::request::JobRequest;
use super::run::{Hold, JobRun, run_pair};
use super::run_checks::{BrokenPromise, cells_text, left_text};
use super::state::JobState;
use crate::domain::Cell;
use crate::scenario::runner::Promise;
use crate::scenario::script::{Action, Point, Run};

/// Longest time for which two runs at once cannot write; drivers wait five seconds for a lock.
const LONGEST_HOLD: Duration = Duration::from_secs(4);

/// Two runs that were made at once, seen as one.
pub(super) struct Pair<'j> {
    /// The database of both.
    pub(super) state: JobState<'j>,
    /// The cells that they wrote together.
    pub(super) run: JobRun,
}

/// Returns whether a run has a second one of the same cells inside it, which starts before any cell is
/// written. Processes of a job can do so too: both look for work before one of them does any. The two
/// have one result, so the second has no expectations of its own.
pub(super) fn is_twice_at_once(run: &Run) -> bool {
    let [(Point::AfterPlanning, second)] = run.meanwhile.as_slice() else {
        return false;
    };
    let Action::Run(other) = &second.action else {
        return false;
    };
    let words = |run: &Run| {
        let portfolios = run.portfolios.clone();
        (portfolios, run.from, run.to, run.target, run.force)
    };
    let is_plain = other.limit.is_none()
        && other.max_cells.is_none()
        && other.policy.is_none()
        && other.crash.is_none()
        && other.cancel.is_none()
        && other.meanwhile.is_empty();
    let has_expectations = second.expected.is_some() || !second.expected_by_policy.is_empty();
    is_plain && !has_expectations && words(run) == words(other)
}

/// Makes two runs of a request at once on a copy of a state. `alone` is the same run by itself.
pub(super) fn run_at_once<'j>(
    start: &JobState<'j>,
    request: &JobRequest<'_>,
    alone: &JobRun,
    cancel: &AtomicBool,
) -> Result<Pair<'j>, JobError> {
    let run_two = |hold| -> Result<_, JobError> {
        let state = start.fork()?;
        let run = run_pair(&state, request, hold, cancel)?;
        Ok(Pair { state, run })
    };
    let time = match start.job.commands.serve {
        // A process that has been up for long took less time than one that starts.
        Some(_) => LONGEST_HOLD,
        None => alone.elapsed * 2,
    };
    let pair = run_two(Hold {
        time,
        longest: LONGEST_HOLD,
    })?;
    match pair.run.failure {
        // A job that does not wait for a lock fails behind one that it would not meet by itself.
        Some(_) => run_two(Hold::NONE),
        None => Ok(pair),
    }
}

impl Pair<'_> {
    /// Returns the promise as broken if the two lost a cell that one alone completes, or wrote the
    /// snapshot of a cell more often.
    pub(super) fn broken_promise(&self, alone: &JobRun) -> Option<BrokenPromise> {
        let (state, pair) = (&self.state, &self.run);
        let lost = alone.needed().into_iter();
        let lost = lost.filter(|cell| alone.has_done(*cell) && !pair.has_done(*cell));
        let lost: Vec<Cell> = lost.collect();
        let (of_pair, of_one) = (snapshot_writes(pair), snapshot_writes(alone));
        let more = |(cell, count): &(&Cell, &u32)| **count > of_one.get(cell).copied().unwrap_or(0);
        let twice: Vec<Cell> = of_pair.iter().filter(more).map(|(cell, _)| *cell).collect();
        let text = match (lost.is_empty(), twice.is_empty()) {
            (false, _) => left_text(state, &lost),
            (true, false) => format!("written by both: {}", cells_text(state, &twice)),
            (true, true) => return None,
        };
        Some(BrokenPromise {
            promise: Promise::TwoRunsDoEachCellOnce,
            text,
        })
    }
}

/// Returns the number of writes to the snapshot of each cell.
fn snapshot_writes(run: &JobRun) -> BTreeMap<Cell, u32> {
    let mut counts = BTreeMap::new();
    for write in run.writes.iter().filter(|write| write.source == 0) {
        if let Some(cell) = write.cell {
            *counts.entry(cell).or_default() += 1;
        }
    }
    counts
}
