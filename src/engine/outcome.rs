//! What a run came to: a value that reports are made from.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::certificate::Certificate;
use super::compute::PhaseTimes;
use crate::domain::{Day, IdSet, RunId};
use crate::plan::{BlockedCell, Plan, PlanId, ScopeWatermark};
use crate::store::{FailedPhase, Progress, RunState};

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub state: RunState,
    /// When it started.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// The plan it set out with.
    pub plan: Plan,
    /// That plan's id.
    pub plan_id: PlanId,
    /// Cells done of those planned.
    pub progress: Progress,
    /// The cells it did, by day.
    pub done: BTreeMap<Day, IdSet>,
    /// The phases that failed, in plan order.
    pub failures: Vec<FailedPhase>,
    /// The cells that wait, by day: those the plan skipped, and those found on the way.
    pub blocked: BTreeMap<Day, Vec<BlockedCell>>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// Every expected cell, accounted for.
    pub certificate: Certificate,
    /// The scope's watermark before.
    pub watermark_before: ScopeWatermark,
    /// The scope's watermark after.
    pub watermark_after: ScopeWatermark,
    /// Where the time went.
    pub times: Times,
}

/// Where the time went, as wall time; computing and committing overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// From start to end.
    pub total: Duration,
    /// Reading the facts and planning.
    pub planning: Duration,
    /// Reading prices, transactions and securities.
    pub loading: Duration,
    /// Computing, by phase.
    pub phases: PhaseTimes,
    /// Committing.
    pub committing: Duration,
}

/// What a person should know of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A run was found whose process had ended, and was closed as abandoned.
    LeaseTakenOver {
        /// That run.
        run: RunId,
    },
    /// The sources changed while the run was at work, and it planned anew.
    Replanned {
        /// How often.
        times: u32,
    },
    /// The database lies on a network file system.
    NetworkFileSystem {
        /// Which.
        kind: String,
    },
    /// A new risk model is in force, and what was measured by the old one is to be done again.
    ModelChanged,
    /// Sessions were added to or taken out of the calendar, and what they touch is to be done
    /// again.
    CalendarChanged {
        /// The days.
        days: Vec<Day>,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LeaseTakenOver { run } => write!(
                f,
                "run {run} had ended without closing: it is abandoned, and its work is taken up"
            ),
            Self::Replanned { times } => write!(
                f,
                "the sources changed during the run, which planned anew ({times} more)"
            ),
            Self::NetworkFileSystem { kind } => write!(
                f,
                "the database lies on a network file system ({kind}), where locks can't be trusted: keep it on a local disk"
            ),
            Self::ModelChanged => write!(
                f,
                "benchmark, factors or shocks changed: what was measured by the old ones is done again"
            ),
            Self::CalendarChanged { days } => {
                let days: Vec<_> = days.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "the calendar changed on {}: what that touches is done again",
                    days.join(", ")
                )
            }
        }
    }
}
