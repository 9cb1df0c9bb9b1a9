//! What a store could do otherwise than it should, planted on a simulated disk to see whether
//! anything finds it. A file has none.

use super::Location;

/// A fault of the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slip {
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
    PragmasRefused,
    /// A log that is there is written on before it was emptied.
    LogNotEmptied,
    /// Every statement is a transaction.
    NoTransaction,
    /// A transaction takes the write lock when it first writes.
    Deferred,
    /// What went wrong with a commit is not heeded.
    CommitErrorIgnored,
    /// A batch is committed by who has lost the lease.
    LeaseUnchecked,
}

impl Location {
    /// How the store is to slip, if it is.
    pub(super) fn slip(&self) -> Option<Slip> {
        match self {
            Self::File(_) => None,
            Self::Disk(disk) => disk.slip(),
        }
    }

    /// Whether the store is to slip so.
    pub(super) fn slips(&self, slip: Slip) -> bool {
        self.slip() == Some(slip)
    }
}
