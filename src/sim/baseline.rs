//! The course of a run that nothing disturbs: what it did to the disk, after how much of that it
//! had acknowledged something, and the books it came to.

use std::sync::{Mutex, PoisonError};

use super::run_under_test::{RunUnderTest, SimError};
use crate::engine::RunEvent;
use crate::scenario::script::RunEnd;
use crate::store::disk::Operation;
use crate::store::{Contents, SimulatedDisk, Store};

/// How often a run that does only a part is made again until nothing is left.
const MAX_RUNS: u32 = 64;

/// A run, from before its first word to the disk to after its last.
#[derive(Debug)]
pub(super) struct Baseline {
    /// The disk before.
    pub(super) before: SimulatedDisk,
    /// The books before.
    pub(super) books_before: Contents,
    /// What was done to it.
    pub(super) log: Vec<Operation>,
    /// What the run had acknowledged when, in order.
    pub(super) acknowledgements: Vec<Acknowledgement>,
    /// How the run ended.
    pub(super) end: RunEnd,
    /// How many cells were committed.
    pub(super) done: u64,
    /// The books afterwards; of a run that does only a part, once the whole is done.
    pub(super) books: Contents,
}

/// A moment at which a run had acknowledged all that it did before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acknowledgement {
    /// How long the log was.
    pub(super) log_length: usize,
    /// How many batches it had told of.
    pub(super) batches: i64,
}

impl Baseline {
    /// Makes the run and writes down its course. SQLite draws from `seed`, so nothing else should
    /// be at work meanwhile.
    pub(super) fn record(subject: &RunUnderTest, seed: u64) -> Result<Self, SimError> {
        SimulatedDisk::seed_randomness(seed as u32);
        Self::record_unseeded(subject)
    }

    /// The same, with whatever SQLite draws.
    pub(super) fn record_unseeded(subject: &RunUnderTest) -> Result<Self, SimError> {
        let before = subject.disk();
        let disk = before.fork();
        let acknowledged: Mutex<Vec<Acknowledgement>> = Mutex::default();
        let note = |batch: Option<i64>| {
            let mut known = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            let before = known.last().map_or(0, |last| last.batches);
            known.push(Acknowledgement {
                log_length: disk.log_length(),
                batches: batch.unwrap_or(before),
            });
        };
        let done_before = count_done_cells(&before)?;
        disk.start_log();
        let attempt = subject.run(&disk, subject.request(), 0, &|moment| {
            match moment {
                // Inside a commit nothing is acknowledged yet.
                RunEvent::Committing { .. } => {}
                RunEvent::Committed { number, .. } => note(Some(*number)),
                _ => note(None),
            }
        });
        if attempt.result.is_ok() {
            note(None);
        }
        let log = disk.end_log();
        let end = run_until_done(subject, &disk, attempt.end, 1);
        Ok(Self {
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

/// Makes a run that does only a part again until there is nothing left, and gives how the last
/// one ended; any other run has ended already.
pub(super) fn run_until_done(
    subject: &RunUnderTest,
    disk: &SimulatedDisk,
    first: RunEnd,
    restarts: u32,
) -> RunEnd {
    if subject.request().request.limit == crate::plan::Limit::None {
        return first;
    }
    // What fails takes up the limit until it has failed too often.
    let patience = subject.settings().quarantine_after;
    let (mut end, mut idle) = (first, 0);
    for restarts in restarts..MAX_RUNS {
        let again = subject.run(disk, subject.request(), restarts, &|_| {});
        end = again.end;
        idle = if again.has_done_cells() { 0 } else { idle + 1 };
        if idle > patience {
            break;
        }
    }
    end
}

/// Everything that a database says.
pub(super) fn read_contents(disk: &SimulatedDisk) -> Result<Contents, SimError> {
    Ok(Store::open(disk)?.read(|reading| reading.contents())?)
}

/// How many cells the runs of a database committed in all.
pub(super) fn count_done_cells(disk: &SimulatedDisk) -> Result<u64, SimError> {
    let store = Store::open(&disk.fork())?;
    let runs = store.read(|reading| reading.runs(u32::MAX))?;
    Ok(runs.iter().map(|run| run.progress.done).sum())
}
