//! What there is to say of one cell: whether it is expected, what is done of it, what is not and
//! why, what other policies would make of it, and what a person can do.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{CellReason, FailureView, LifecycleState, serialize};
use crate::domain::{Day, Phase, PhaseSet, PortfolioKey};
use crate::plan::PolicyName;

/// What it is with one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// Whose cell.
    pub portfolio: ExplainedPortfolio,
    /// On which day.
    pub day: Day,
    /// Up to which session cells are due.
    pub target: Day,
    /// Whether it is expected.
    pub expectation: Expectation,
    /// What the next run would make of it, and why.
    pub decision: CellReason,
    /// The four phases of the cell, in order.
    pub phases: Vec<PhaseState>,
    /// Phase 2 of what the cell holds, where its holdings are stored.
    pub securities: Option<SecuritiesView>,
    /// Everything that ever took phases of it out of the ledger, by time.
    pub invalidations: Vec<InvalidationView>,
    /// What each policy would make of it, were the nightly run for everybody to start now.
    pub policies: Vec<PolicyView>,
    /// Commands that a person can run next.
    pub next: Vec<String>,
}

/// The portfolio of an explained cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExplainedPortfolio {
    /// Its id outside.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// Where it stands in its life at the target.
    #[serde(rename = "life")]
    pub lifecycle: LifecycleState,
}

/// Whether a cell is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(
    tag = "is",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Expectation {
    /// It is.
    Expected,
    /// The day is no session.
    NoSession {
        /// The session before, as far as the calendar knows one.
        before: Option<Day>,
        /// The session after.
        after: Option<Day>,
    },
    /// The portfolio had not begun.
    BeforeInception {
        /// Its first day.
        inception: Day,
    },
    /// The portfolio was closed.
    AfterClose {
        /// Its last day.
        closed: Day,
    },
    /// The portfolio is deleted.
    Deleted {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The session is not final yet.
    BeyondTarget {
        /// The last final session.
        target: Day,
    },
}

/// How one phase of a cell stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PhaseState {
    /// Which.
    pub phase: Phase,
    /// Whether the ledger proves it done.
    pub ledger: Presence,
    /// Whether there is output of it, valid or not.
    pub output: Presence,
    /// Its failures, where it failed since it was last done.
    pub failure: Option<FailureView>,
    /// Whether it is left alone for them.
    pub quarantine: Presence,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// It is.
    Present,
    /// It is not.
    Absent,
}

/// Phase 2 of the securities that a cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecuritiesView {
    /// How many are held.
    #[serde(rename = "held")]
    pub holdings: usize,
    /// How many of them have statistics that are proven done.
    pub covered: usize,
    /// The symbols of the others.
    #[serde(rename = "lacking")]
    pub missing: Vec<String>,
}

/// An invalidation of the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct InvalidationView {
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of change it was.
    pub cause: &'static str,
    /// The input that changed, in words.
    #[serde(rename = "why")]
    pub reason: String,
    /// The phases of the cell that it took out.
    #[serde(serialize_with = "serialize::phases")]
    pub phases: PhaseSet,
}

/// What a policy would make of the cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyView {
    /// Which policy.
    pub policy: PolicyName,
    /// Its decision.
    pub decision: CellReason,
}

impl From<bool> for Presence {
    fn from(there: bool) -> Self {
        if there { Self::Present } else { Self::Absent }
    }
}
