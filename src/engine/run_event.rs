//! Events of a run. An observer can act on them, which scenarios use to start a second run, delete
//! a portfolio or crash at an exact point.

use crate::domain::{Day, PhaseSet, RunId};

/// An event of a run. The run waits until the observer returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEvent<'m> {
    /// The run has its row and the lease; nothing is planned yet.
    Started {
        /// Public id of the run.
        run: RunId,
    },
    /// The plan is made and its counts are stored; none of it is done. Sent again for each new
    /// plan.
    Planned,
    /// A batch is written but not committed: the write lock is held.
    Committing {
        /// Number of the batch in the run, from 1.
        number: i64,
        /// Sessions whose last cell is in the batch, with the phases that it completes.
        completed_sessions: &'m [(Day, PhaseSet)],
    },
    /// A batch is committed and durable.
    Committed {
        /// Number of the batch in the run, from 1.
        number: i64,
        /// Sessions whose last cell was in the batch, with the phases that it completed.
        completed_sessions: &'m [(Day, PhaseSet)],
    },
    /// Execution finished or was cancelled; the run's row still says `running`. Not sent if an
    /// error ended the run.
    Closing,
    /// An error ended the run, and its row is about to say so: from then on another run may start.
    Failing,
}
