//! Why a run could not be made, or could not go on.

use thiserror::Error;

use crate::domain::CalendarError;
use crate::phases::MarketError;
use crate::plan::{PlanError, PlanId};
use crate::store::StoreError;

/// What stops an engine. A cell that fails is no error: it is part of the outcome.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The request can't be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The calendar can't answer.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The sources make no market.
    #[error("the prices and securities do not fit together")]
    Market(#[from] MarketError),
    /// The plan that was asked for is not the plan any more.
    #[error("the plan is `{found}` now, not `{expected}`: {cells} cells to do on {days} sessions")]
    PlanChanged {
        /// Which was asked for.
        expected: String,
        /// Which it is.
        found: PlanId,
        /// How many cells it has.
        cells: u64,
        /// On how many sessions.
        days: usize,
    },
    /// The plan is larger than was allowed.
    #[error("the plan has {planned} cells, more than the {allowed} allowed by --max-cells")]
    TooManyCells {
        /// How many it has.
        planned: u64,
        /// How many were allowed.
        allowed: u64,
    },
    /// The sources changed again and again while the run was at work.
    #[error("the sources changed {0} times while the run was at work")]
    SourcesKeepChanging(u32),
    /// The threads could not be started.
    #[error("no threads to compute with could be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The store can't be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
