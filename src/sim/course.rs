//! The course of a run that nothing disturbs: what it did to the disk, after how much of that it
//! had acknowledged something, and the books it came to.

use std::sync::{Mutex, PoisonError};

use super::subject::{SimError, Subject};
use crate::engine::RunEvent;
use crate::scenario::script::RunEnd;
use crate::store::disk::Operation;
use crate::store::{Contents, SimulatedDisk, Store};

/// How often a run that does only a part is made again until nothing is left.
const MOST_RUNS: u32 = 64;

/// A run, from before its first word to the disk to after its last.
#[derive(Debug)]
pub(super) struct Course {
    /// The disk before.
    pub(super) before: SimulatedDisk,
    /// The books before.
    pub(super) books_before: Contents,
    /// What was done to it.
    pub(super) log: Vec<Operation>,
    /// What the run had acknowledged when, in order.
    pub(super) acknowledged: Vec<Acknowledged>,
    /// How the run ended.
    pub(super) end: RunEnd,
    /// How many cells were committed.
    pub(super) done: u64,
    /// The books afterwards; of a run that does only a part, once the whole is done.
    pub(super) books: Contents,
}

/// A moment at which a run had acknowledged all that it did before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acknowledged {
    /// How long the log was.
    pub(super) after: usize,
    /// How many batches it had told of.
    pub(super) batches: i64,
}

impl Course {
    /// Makes the run and writes down its course. SQLite draws from `seed`, so nothing else should
    /// be at work meanwhile.
    pub(super) fn of(subject: &Subject, seed: u64) -> Result<Self, SimError> {
        SimulatedDisk::seed_randomness(seed as u32);
        Self::undrawn(subject)
    }

    /// The same, with whatever SQLite draws.
    pub(super) fn undrawn(subject: &Subject) -> Result<Self, SimError> {
        let before = subject.disk();
        let disk = before.fork();
        let acknowledged: Mutex<Vec<Acknowledged>> = Mutex::default();
        let note = |batch: Option<i64>| {
            let mut known = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            let before = known.last().map_or(0, |last| last.batches);
            known.push(Acknowledged {
                after: disk.log_length(),
                batches: batch.unwrap_or(before),
            });
        };
        let done_before = done_by_runs(&before)?;
        disk.start_log();
        let attempt = subject.make(&disk, subject.asked(), 0, &|moment| {
            match moment {
                // Inside a commit nothing is acknowledged yet.
                RunEvent::Committing { .. } => {}
                RunEvent::Committed { number, .. } => note(Some(*number)),
                _ => note(None),
            }
        });
        if attempt.ended.is_ok() {
            note(None);
        }
        let log = disk.end_log();
        let end = finish(subject, &disk, attempt.end, 1);
        Ok(Self {
            books_before: contents(&before)?.without_history(),
            before,
            log,
            acknowledged: acknowledged
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            end,
            done: done_by_runs(&disk)? - done_before,
            books: contents(&disk)?.without_history(),
        })
    }
}

/// Makes a run that does only a part again until there is nothing left, and gives how the last
/// one ended; any other run has ended already.
pub(super) fn finish(
    subject: &Subject,
    disk: &SimulatedDisk,
    first: RunEnd,
    restarts: u32,
) -> RunEnd {
    if subject.asked().request.limit == crate::plan::Limit::None {
        return first;
    }
    // What fails takes up the limit until it has failed too often.
    let patience = subject.settings().quarantine_after;
    let (mut end, mut idle) = (first, 0);
    for restarts in restarts..MOST_RUNS {
        let again = subject.make(disk, subject.asked(), restarts, &|_| {});
        end = again.end;
        idle = if again.did_something() { 0 } else { idle + 1 };
        if idle > patience {
            break;
        }
    }
    end
}

/// Everything that a database says.
pub(super) fn contents(disk: &SimulatedDisk) -> Result<Contents, SimError> {
    Ok(Store::open(disk)?.read(|reading| reading.contents())?)
}

/// How many cells the runs of a database committed in all.
pub(super) fn done_by_runs(disk: &SimulatedDisk) -> Result<u64, SimError> {
    let store = Store::open(&disk.fork())?;
    let runs = store.read(|reading| reading.runs(u32::MAX))?;
    Ok(runs.iter().map(|run| run.progress.done).sum())
}
