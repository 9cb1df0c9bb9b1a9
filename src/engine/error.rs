//! Errors that refuse or stop a run.

use thiserror::Error;

use super::calendar_uses::OwnCalendarError;
use crate::domain::{CalendarError, DayRange};
use crate::phases::MarketError;
use crate::plan::{PlanError, PlanId};
use crate::store::StoreError;

/// An error that refuses or stops a run. A failed cell is not an error but part of the outcome.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The request cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The calendar does not know a day of the range.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The sources contradict each other.
    #[error("prices and securities are inconsistent")]
    Market(#[from] MarketError),
    /// The plan has another id than the one that was requested.
    #[error("the plan is `{found}` now, not `{expected}`: {cells} cells to do on {days} sessions")]
    PlanChanged {
        /// The requested plan id, or the start of it.
        expected: String,
        /// The id of the plan as it is now.
        found: PlanId,
        /// Cells to do in that plan.
        cells: u64,
        /// Sessions with cells to do in that plan.
        days: usize,
    },
    /// The plan has more cells than the request allows.
    #[error("the plan has {planned} cells, more than the {allowed} allowed by --max-cells")]
    TooManyCells {
        /// Cells of the plan, those already done by this run included.
        planned: u64,
        /// The limit of the request.
        allowed: u64,
    },
    /// No session of the range is unpriced, so no price needs to be accepted.
    #[error("no session of {0} is unpriced: there is no wait to end")]
    NothingToAccept(DayRange),
    /// No decision with this id is in force.
    #[error("no accepted prices `{0}` are in force")]
    NoSuchAcceptance(u32),
    /// The calendar of the user's own cannot be registered or removed.
    #[error(transparent)]
    OwnCalendar(#[from] OwnCalendarError),
    /// The sources changed after every plan; the number is that of plans made.
    #[error("the sources changed {0} times during the run")]
    SourcesKeepChanging(u32),
    /// The compute threads did not start.
    #[error("failed to start the compute threads")]
    Threads(#[from] crate::parallel::ThreadPoolBuildError),
    /// The database cannot be opened, read or written, or the lease is held by another run.
    #[error(transparent)]
    Store(#[from] StoreError),
}
