//! Keeps the reads that are open in this process, each with the state of the log in which it began.
//!
//! The system lists the locks of a process as one, and each query has such a lock itself. So only
//! this list tells that a read of this process is older than the last commit, and keeps the log from
//! being emptied.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::file_system::FileVersion;
use super::location::Location;

/// The open reads of one database, each with the version of the log, if there was one.
#[derive(Debug, Default)]
pub(super) struct ActiveReads(Mutex<BTreeMap<u64, Option<FileVersion>>>);

/// An open read, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct ActiveRead<'r> {
    reads: &'r ActiveReads,
    number: u64,
}

impl ActiveReads {
    /// Adds a read that begins now. Call it before its transaction begins.
    pub(super) fn begin(&self, place: &Location) -> ActiveRead<'_> {
        let state = place.log().version();
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
        let reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that no read in the list began after this state.
        let now = place.log().version();
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
