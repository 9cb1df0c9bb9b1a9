//! Keeps the reads that are open in this process, each with the state of the log in which it began.
//!
//! The system lists the locks of a process as one, and each query has such a lock itself. So only
//! this list tells that a read of this process is older than the last commit, and keeps the log from
//! being emptied.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::left_log::log_path;
use super::location::Location;

/// Size and last change of a log; `None` if there is none.
type LogState = Option<(u64, Option<SystemTime>)>;

/// The open reads of one database.
#[derive(Debug, Default)]
pub(super) struct ActiveReads(Mutex<BTreeMap<u64, LogState>>);

/// An open read, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct ActiveRead<'r> {
    reads: &'r ActiveReads,
    number: u64,
}

impl ActiveReads {
    /// Adds a read that begins now. Call it before its transaction begins.
    pub(super) fn begin(&self, place: &Location) -> ActiveRead<'_> {
        let state = log_state(place);
        let mut reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = reads.last_key_value().map_or(0, |(last, _)| last + 1);
        reads.insert(number, state);
        ActiveRead {
            reads: self,
            number,
        }
    }

    /// Returns whether a read began before the last commit in the log.
    pub(super) fn has_outdated(&self, place: &Location) -> bool {
        let now = log_state(place);
        let reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reads.values().any(|state| *state != now)
    }
}

impl Drop for ActiveRead<'_> {
    fn drop(&mut self) {
        let reads = self.reads.0.lock();
        let mut reads = reads.unwrap_or_else(PoisonError::into_inner);
        reads.remove(&self.number);
    }
}

/// Simulated logs are not looked at: they are held by no other process.
fn log_state(place: &Location) -> LogState {
    if place.file_system().is_some() {
        return None;
    }
    let log = fs::metadata(log_path(place.path())).ok()?;
    Some((log.len(), log.modified().ok()))
}
