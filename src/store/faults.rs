//! What a store could do otherwise than it should, planted on a simulated disk to see whether
//! anything finds it. A file has none.

use super::Location;

/// A fault of the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreFault {
    /// The log is synced at checkpoints only, and commits are said to be durable.
    SynchronousNormal,
    /// Nothing is ever synced.
    SynchronousOff,
    /// What a transaction changes is kept in memory until it commits.
    JournalInMemory,
    /// A transaction can't be taken back.
    JournalOff,
    /// A journal beside the file instead of a log, and its end not synced.
    RollbackJournal,
    /// No pragma takes, and its answer is not read.
    PragmasIgnored,
    /// A log that is there is written on before it was emptied.
    NoCheckpointOnOpen,
    /// Every statement is a transaction.
    NoTransaction,
    /// A transaction takes the write lock when it first writes.
    DeferredTransaction,
    /// What went wrong with a commit is not heeded.
    CommitErrorIgnored,
    /// A batch is committed by who has lost the lease.
    LeaseUnchecked,
}

impl Location {
    /// How the store is to slip, if it is.
    pub(super) fn fault(&self) -> Option<StoreFault> {
        match self {
            Self::File(_) => None,
            Self::Disk(disk) => disk.store_fault(),
        }
    }

    /// Whether the store is to slip so.
    pub(super) fn has_fault(&self, slip: StoreFault) -> bool {
        self.fault() == Some(slip)
    }
}
