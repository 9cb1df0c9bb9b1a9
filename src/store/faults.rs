//! Faults of the store, injected on a simulated disk to check that simulations detect them. A
//! database in a file never has one.

use super::{FileSystem, Location};

/// A wrong behaviour of the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreFault {
    /// The log is synced at checkpoints only, yet commits are reported as durable.
    SynchronousNormal,
    /// Nothing is ever synced.
    SynchronousOff,
    /// The rollback journal of a transaction is kept in memory only.
    JournalInMemory,
    /// No journal: a transaction cannot be rolled back.
    JournalOff,
    /// A rollback journal instead of a log, whose deletion is not synced.
    RollbackJournal,
    /// Pragmas are not applied: SQLite's defaults stay in force.
    PragmasIgnored,
    /// An existing log is appended to before it was emptied.
    NoCheckpointOnOpen,
    /// Every statement is a transaction of its own.
    NoTransaction,
    /// A transaction takes the write lock when it first writes.
    DeferredTransaction,
    /// An error of a commit is ignored.
    CommitErrorIgnored,
    /// A run that lost its lease can still commit.
    LeaseUnchecked,
}

impl Location {
    /// Returns the injected fault, if there is one.
    pub(super) fn fault(&self) -> Option<StoreFault> {
        self.file_system().and_then(FileSystem::fault)
    }

    /// Returns whether this fault is injected.
    pub(super) fn has_fault(&self, fault: StoreFault) -> bool {
        self.fault() == Some(fault)
    }
}
