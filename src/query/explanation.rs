//! The explanation of one cell: whether it is expected, its phases, the reason for the next
//! decision on it, the decisions of other policies, and the commands to run next.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::accepted_prices::AcceptedPricesView;
use super::concerns::StalePortfolio;
use super::next_command::NextCommand;
use super::reason::{CellReason, FailureView};
use super::serialize;
use crate::domain::{Day, InvalidationCause, LifecycleStatus, Phase, PhaseSet, PortfolioKey};
use crate::plan::{PolicyName, SkipReason};

/// The explanation of one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The portfolio of the cell.
    pub portfolio: ExplainedPortfolio,
    /// The day of the cell.
    pub day: Day,
    /// The session of the portfolio before the day, as far as its calendars know one.
    #[serde(skip)]
    pub session_before: Option<Day>,
    /// The session of the portfolio after the day, as far as its calendars know one.
    #[serde(skip)]
    pub session_after: Option<Day>,
    /// The last session up to which cells are due.
    pub target: Day,
    /// Expected, or the reason why not.
    pub expectation: Expectation,
    /// The decision of the next run, and the reason for it.
    pub decision: CellReason,
    /// The four phases of the cell, in order.
    pub phases: Vec<PhaseState>,
    /// The prices and rates of a complete cell that are older than allowed, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_inputs: Option<StalePortfolio>,
    /// Phase 2 of the securities that the cell holds; absent where its positions are not stored.
    pub securities: Option<SecuritiesView>,
    /// The decision by which the cell does not wait for closes of the session, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_prices: Option<AcceptedPricesView>,
    /// All invalidations of phases of the cell, by time.
    pub invalidations: Vec<InvalidationView>,
    /// The decision of each policy, if the nightly run of all active portfolios started now.
    pub policies: Vec<PolicyView>,
    /// Commands to run next; empty where there is nothing to do.
    pub next: Vec<NextCommand>,
}

/// The portfolio of an explained cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExplainedPortfolio {
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The first day of the portfolio.
    #[serde(skip)]
    pub inception: Day,
    /// The state in its lifecycle at the target.
    #[serde(rename = "life")]
    pub lifecycle: LifecycleStatus,
    /// The name of the calendar that picks its sessions, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// Expected, or the reason why a cell is not expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "is",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Expectation {
    /// The cell is expected.
    Expected,
    /// The day is not a session of the portfolio.
    NoSession {
        /// The name of the calendar without the session: that of the database, or, if that has it,
        /// that of the portfolio.
        calendar: String,
        /// The session of the portfolio before, as far as the calendars know one.
        before: Option<Day>,
        /// The session of the portfolio after, as far as the calendars know one.
        after: Option<Day>,
    },
    /// The day is before the calendar, which begins after the inception of the portfolio.
    BeforeCalendar {
        /// The first day of the calendar.
        first: Day,
    },
    /// The day is before the inception of the portfolio.
    BeforeInception {
        /// The first day of the portfolio.
        inception: Day,
    },
    /// The day is after the closing day of the portfolio.
    AfterClose {
        /// The last day of the portfolio.
        closed: Day,
    },
    /// The portfolio is deleted.
    Deleted {
        /// The time of the deletion.
        at: DateTime<Utc>,
    },
    /// The session is not final yet.
    BeyondTarget {
        /// The last final session.
        target: Day,
    },
}

/// The state of one phase of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PhaseState {
    /// The phase of the state.
    pub phase: Phase,
    /// Present if the ledger proves the phase done.
    pub ledger: Presence,
    /// Present if output of the phase is stored, valid or not.
    pub output: Presence,
    /// The failures since the phase was last done, if any.
    pub failure: Option<FailureView>,
    /// Present if the phase is quarantined because of its failures.
    pub quarantine: Presence,
}

/// A yes-or-no fact, as JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// The fact is present.
    Present,
    /// The fact is absent.
    Absent,
}

/// Phase 2 of the securities that a cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecuritiesView {
    /// Number of securities that the cell holds.
    #[serde(rename = "held")]
    pub holdings: usize,
    /// Number of them whose statistics are proven done and have a return of the session.
    pub covered: usize,
    /// Symbols of the securities without such statistics.
    #[serde(rename = "lacking")]
    pub missing: Vec<String>,
    /// Symbols of the securities that are closed on the session by their own calendar.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<String>,
}

/// An invalidation of phases of the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct InvalidationView {
    /// The time of the invalidation.
    pub at: DateTime<Utc>,
    /// The kind of change.
    #[serde(serialize_with = "serialize::text")]
    pub cause: InvalidationCause,
    /// Description of the input that changed.
    #[serde(rename = "why")]
    pub reason: String,
    /// The phases of the cell that were invalidated.
    #[serde(serialize_with = "serialize::phases")]
    pub phases: PhaseSet,
}

/// The decision of one policy on the cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyView {
    /// The policy that decides.
    pub policy: PolicyName,
    /// The decision and the reason for it.
    pub decision: CellReason,
}

/// The state of a cell, with the reason where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellState<'e> {
    /// The cell is not expected.
    NotExpected,
    /// All phases are done and valid.
    Complete,
    /// All phases are done and valid, with prices or rates that are older than allowed.
    CompleteWithOldInputs(&'e StalePortfolio),
    /// The ledger proves all phases done, but the output of one is missing.
    Damaged,
    /// The next run processes the cell.
    Open(&'e CellReason),
    /// The next run skips the cell although it is needed.
    Waiting(&'e CellReason),
    /// The cell failed too often.
    Quarantined(&'e CellReason),
}

/// The state of a phase according to ledger and failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerState {
    /// The ledger proves the phase done.
    Done,
    /// The phase is to be done.
    Open,
    /// The phase is to be done and failed too often.
    Quarantined,
}

/// The state of the stored output of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputState {
    /// No output is stored.
    None,
    /// An output is stored and valid.
    Kept,
    /// An output is stored, and the phase is to be done again.
    KeptNotValid,
}

impl Explanation {
    /// Returns the state of the cell.
    pub fn state(&self) -> CellState<'_> {
        let is_damaged = self.phases.iter().any(PhaseState::lacks_output);
        match (&self.expectation, &self.decision) {
            (Expectation::Expected, CellReason::Skip { kind })
                if *kind == SkipReason::Complete && is_damaged =>
            {
                CellState::Damaged
            }
            (Expectation::Expected, CellReason::Skip { kind }) if *kind == SkipReason::Complete => {
                match &self.old_inputs {
                    Some(old) => CellState::CompleteWithOldInputs(old),
                    None => CellState::Complete,
                }
            }
            (Expectation::Expected, reason @ CellReason::Step { .. }) => CellState::Open(reason),
            (Expectation::Expected, reason @ CellReason::Quarantined { .. }) => {
                CellState::Quarantined(reason)
            }
            (Expectation::Expected, reason) => CellState::Waiting(reason),
            _ => CellState::NotExpected,
        }
    }
}

impl PhaseState {
    /// Returns the state of the phase according to ledger and failures.
    pub const fn ledger_state(&self) -> LedgerState {
        match (self.ledger, self.quarantine) {
            (Presence::Present, _) => LedgerState::Done,
            (Presence::Absent, Presence::Present) => LedgerState::Quarantined,
            (Presence::Absent, Presence::Absent) => LedgerState::Open,
        }
    }

    /// Returns whether the ledger proves the phase done and its output is missing.
    pub(super) fn lacks_output(&self) -> bool {
        (self.ledger, self.output) == (Presence::Present, Presence::Absent)
    }

    /// Returns the state of the stored output.
    pub const fn output_state(&self) -> OutputState {
        match (self.output, self.ledger) {
            (Presence::Absent, _) => OutputState::None,
            (Presence::Present, Presence::Present) => OutputState::Kept,
            (Presence::Present, Presence::Absent) => OutputState::KeptNotValid,
        }
    }
}

impl LedgerState {
    /// Returns the name that is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::Quarantined => "quarantined",
        }
    }
}

impl OutputState {
    /// Returns the name that is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kept => "kept",
            Self::KeptNotValid => "kept, not valid",
        }
    }
}

impl From<bool> for Presence {
    fn from(is_present: bool) -> Self {
        if is_present {
            Self::Present
        } else {
            Self::Absent
        }
    }
}
