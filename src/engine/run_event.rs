//! The moments of a run at which whoever looks on is told, and can make something happen: a
//! second run, a deletion, a crash.

use crate::domain::{Day, PhaseSet, RunId};

/// A moment of a run. The run waits until it has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEvent<'m> {
    /// The run has its row and the lease; nothing is planned.
    Started {
        /// Which run.
        run: RunId,
    },
    /// The plan is made and its size written down; nothing of it is done. Comes again where the
    /// run plans anew.
    Planned,
    /// A batch is written and not committed: the write lock is held.
    Committing {
        /// Which batch of the run, from 1.
        number: i64,
        /// The sessions of which it holds the last cell, and with which phases.
        completed_sessions: &'m [(Day, PhaseSet)],
    },
    /// A batch is committed.
    Committed {
        /// Which batch of the run, from 1.
        number: i64,
        /// The sessions of which it held the last cell, and with which phases.
        completed_sessions: &'m [(Day, PhaseSet)],
    },
    /// Everything is done, and the run is still said to be at work.
    Closing,
}
