//! Records a run that nothing disturbs: its operations on the disk, the points of this log at which
//! it acknowledged its work, and the books at its end.

use std::sync::{Mutex, PoisonError};

use super::run_under_test::{RunUnderTest, SimError};
use crate::disk::{Operation, SimulatedDisk};
use crate::engine::RunEvent;
use crate::scenario::script::RunEnd;
use crate::store::{Contents, Store, StoreError};

/// The maximum number of runs of a request with `limit`, including those before the repetitions.
const MAX_RUNS: u32 = 64;

/// An undisturbed run that disturbed ones are compared with.
#[derive(Debug)]
pub(super) struct Baseline {
    /// The disk before the run.
    pub(super) before: SimulatedDisk,
    /// The content of the database before the run, without history.
    pub(super) books_before: Contents,
    /// The operations on the disk, in order.
    pub(super) log: Vec<Operation>,
    /// The acknowledgements of the run, in order.
    pub(super) acknowledgements: Vec<Acknowledgement>,
    /// The end of the run; with `limit`, of its last repetition.
    pub(super) end: RunEnd,
    /// The number of cells committed.
    pub(super) done: u64,
    /// The content of the database afterwards, without history; with `limit`, when nothing is left.
    pub(super) books: Contents,
}

/// A point of the log at which a run sent an event or returned: all that it had committed by then
/// must survive a crash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acknowledgement {
    /// The number of operations in the log by then.
    pub(super) log_length: usize,
    /// The number of batches reported as committed.
    pub(super) batches: i64,
}

impl Baseline {
    /// Records the run. SQLite's randomness is seeded for the whole process, so nothing else should
    /// use SQLite meanwhile.
    pub(super) fn record(run_under_test: &RunUnderTest, seed: u64) -> Result<Self, SimError> {
        SimulatedDisk::seed_randomness(seed as u32);
        Self::record_unseeded(run_under_test)
    }

    /// Records the run with SQLite's randomness as it is.
    pub(super) fn record_unseeded(run_under_test: &RunUnderTest) -> Result<Self, SimError> {
        let before = run_under_test.disk();
        let disk = before.fork();
        let acknowledged: Mutex<Vec<Acknowledgement>> = Mutex::default();
        let acknowledge = |batch: Option<i64>| {
            let mut acknowledgements = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            let before = acknowledgements.last().map_or(0, |last| last.batches);
            acknowledgements.push(Acknowledgement {
                log_length: disk.log_length(),
                batches: batch.unwrap_or(before),
            });
        };
        let done_before = count_done_cells(&before)?;
        disk.start_log();
        let attempt = run_under_test.run(&disk, run_under_test.request(), 0, &|event| {
            match event {
                // Inside a commit nothing is acknowledged yet: the batch may still be lost.
                RunEvent::Committing { .. } => {}
                RunEvent::Committed { number, .. } => acknowledge(Some(*number)),
                _ => acknowledge(None),
            }
        });
        // A run that returns has closed its row, which must survive as well.
        if attempt.result.is_ok() {
            acknowledge(None);
        }
        let log = disk.end_log();
        let end = run_until_done(run_under_test, &disk, attempt.end, 1);
        Ok(Self {
            // History differs by run ids and times; the books must not.
            books_before: read_contents(&before)?.without_history(),
            before,
            log,
            acknowledgements: acknowledged
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            end,
            done: count_done_cells(&disk)? - done_before,
            books: read_contents(&disk)?.without_history(),
        })
    }
}

/// Repeats a run with `limit` until nothing is left and returns the end of the last one; other runs
/// are not repeated.
pub(super) fn run_until_done(
    run_under_test: &RunUnderTest,
    disk: &SimulatedDisk,
    first: RunEnd,
    restarts: u32,
) -> RunEnd {
    if run_under_test.request().request.limit == crate::plan::Limit::None {
        return first;
    }
    // Failing cells use up the limit in every run until they are quarantined.
    let max_idle_runs = run_under_test.settings().quarantine_after;
    let (mut end, mut idle) = (first, 0);
    for restarts in restarts..MAX_RUNS {
        let again = run_under_test.run(disk, run_under_test.request(), restarts, &|_| {});
        end = again.end;
        // A run without progress may still count failures, up to the quarantine.
        idle = if again.has_done_cells() { 0 } else { idle + 1 };
        if idle > max_idle_runs {
            break;
        }
    }
    end
}

/// Opens a copy of a disk for reading: the last reader that closes empties the log, and the disk is to
/// stay as it is.
pub(super) fn open_copy(disk: &SimulatedDisk) -> Result<Store, StoreError> {
    Store::open(&disk.fork())
}

/// Reads the whole content of a database.
pub(super) fn read_contents(disk: &SimulatedDisk) -> Result<Contents, SimError> {
    Ok(open_copy(disk)?.read(|reading| reading.contents())?)
}

/// Returns the number of cells that all runs of a database committed.
pub(super) fn count_done_cells(disk: &SimulatedDisk) -> Result<u64, SimError> {
    let store = open_copy(disk)?;
    let runs = store.read(|reading| reading.runs().latest(u32::MAX))?;
    Ok(runs.iter().map(|run| run.progress.done).sum())
}
