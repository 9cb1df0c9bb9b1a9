//! The outcome of a run, the value from which reports are made.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::certificate::Certificate;
use super::compute::PhaseTimes;
use crate::domain::{Day, IdSet, RunId};
use crate::plan::{BlockedCell, Plan, PlanId, RangeRemark, ScopeWatermark};
use crate::store::{FailedPhase, Progress, RunState};

/// The result of a run that was not stopped by an error.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Public id of the run.
    pub run: RunId,
    /// State with which the run ended.
    pub state: RunState,
    /// Start of the run, by the clock of the database.
    pub started: DateTime<Utc>,
    /// End of the run: never before `started` plus the time it took.
    pub ended: DateTime<Utc>,
    /// The last plan of the run; earlier ones were replaced because the sources changed.
    pub plan: Plan,
    /// Id of the last plan.
    pub plan_id: PlanId,
    /// Counts of planned, done, failed and blocked cells.
    pub progress: Progress,
    /// Ids of the portfolios whose cells were done, by session.
    pub done: BTreeMap<Day, IdSet>,
    /// The phases that failed, in plan order.
    pub failures: Vec<FailedPhase>,
    /// The cells that wait for inputs, by session: those that the plan skipped, and those found
    /// while computing.
    pub blocked: BTreeMap<Day, Vec<BlockedCell>>,
    /// Events that an operator should know of, in order.
    pub warnings: Vec<Warning>,
    /// Counts of every expected cell, checked against the ledger.
    pub certificate: Certificate,
    /// The scope's watermark before the first step.
    pub watermark_before: ScopeWatermark,
    /// The scope's watermark after the last commit.
    pub watermark_after: ScopeWatermark,
    /// Wall time of the run by stage.
    pub times: Times,
}

/// Wall time of a run by stage. Computing and committing overlap, so the sum may exceed the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Time from start to end.
    pub total: Duration,
    /// Time of surveys and planning.
    pub planning: Duration,
    /// Time of reading prices, transactions and securities.
    pub loading: Duration,
    /// Time of computing, by phase.
    pub phases: PhaseTimes,
    /// Time in which the writer committed batches.
    pub committing: Duration,
}

/// An event during a run that an operator should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// An earlier run had ended without closing; it was closed as abandoned.
    LeaseTakenOver {
        /// Id of the abandoned run.
        run: RunId,
    },
    /// The sources changed during the run, which planned again.
    Replanned {
        /// Number of plans after the first.
        times: u32,
    },
    /// The database lies on a network file system.
    NetworkFileSystem {
        /// Type of the file system, such as `nfs`.
        kind: String,
    },
    /// A new risk model is in force; figures made with the old one are to be recomputed.
    ModelChanged,
    /// Sessions were added to or removed from the calendar; affected cells are to be recomputed.
    CalendarChanged {
        /// The days that became or ceased to be sessions, ascending.
        days: Vec<Day>,
    },
    /// A calendar has another start or number of sessions a year, or one that securities or portfolios
    /// name changed; affected cells are to be recomputed.
    CalendarTermsChanged {
        /// The change as text for people.
        change: String,
    },
    /// A part of the requested range was not filled.
    Range(RangeRemark),
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LeaseTakenOver { run } => write!(
                f,
                "run {run} had ended without closing: it is marked abandoned, and its remaining work \
                 is done by this run"
            ),
            Self::Replanned { times } => write!(
                f,
                "the sources changed during the run, which was replanned (replans: {times})"
            ),
            Self::NetworkFileSystem { kind } => write!(
                f,
                "the database lies on a network file system ({kind}), where locks can't be trusted: keep it on a local disk"
            ),
            Self::ModelChanged => write!(
                f,
                "benchmark, factors or shocks changed: figures made with the old ones are recomputed"
            ),
            Self::Range(remark) => remark.fmt(f),
            Self::CalendarTermsChanged { change } => {
                write!(f, "{change}: affected cells are recomputed")
            }
            Self::CalendarChanged { days } => write!(
                f,
                "the calendar changed on {}: affected cells are recomputed",
                Day::list(days)
            ),
        }
    }
}
