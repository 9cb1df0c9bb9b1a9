//! Explains a plan's decision on a cell with the facts behind it: the input that changed, the
//! prices that are missing, the failures.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::QueryError;
use super::next_command::NextCommand;
use super::serialize;
use crate::domain::{
    Cell, Day, OpenInvalidation, Phase, PhaseSet, Security, SecurityId, pluralize,
};
use crate::engine::{Settings, SurveyResult};
use crate::plan::{
    BlockReason, BlockedCell, Decision, SkipReason, StepKind, StepReason, UnpricedSession,
};
use crate::store::{Failure, ReadTransaction};

/// The decision on a cell and the reason for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "reason",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum CellReason {
    /// Phases of the cell are to be done.
    Step {
        /// The reason, without the invalidation that `changed` describes.
        kind: StepKind,
        /// The phases that are to be done.
        #[serde(serialize_with = "serialize::phases")]
        phases: PhaseSet,
        /// Description of the input that changed, where one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        changed: Option<String>,
    },
    /// The cell waits for inputs.
    Blocked {
        /// The input that is missing.
        #[serde(rename = "wait")]
        missing_input: MissingInput,
    },
    /// The cell failed too often and is skipped until `plimsoll retry`.
    Quarantined {
        /// The failures since the phases were last done.
        failures: Vec<FailureView>,
    },
    /// The cell is not to be done, for a reason without further facts.
    Skip {
        /// The reason of the plan.
        kind: SkipReason,
    },
    /// The plan does not contain the cell: the day or the portfolio is not part of it.
    OutOfPlan,
}

/// The input that a cell waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "for",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum MissingInput {
    /// Closes of some holdings.
    Prices {
        /// Share of the holdings not in `missing`, by value at the last known price; 0 to 1.
        covered_share: f64,
        /// The symbols of the securities whose close is waited for, by security id.
        missing: Vec<String>,
    },
    /// Closes of most securities: the session is unpriced, and all cells of it wait.
    Session {
        /// The calendars whose securities have no closes, if only their holders wait.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        calendars: Vec<String>,
        /// Number of securities that are held and of which a close is expected.
        held: u32,
        /// Number of them without a close of the session.
        unpriced: u32,
    },
    /// The exchange rate of a currency pair.
    Rate {
        /// The currency pair, such as `EURUSD`.
        pair: String,
    },
}

/// A failure of a phase that was not done since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailureView {
    /// The phase that failed.
    pub phase: Phase,
    /// Number of failures without a success in between.
    pub times: u32,
    /// The error of the last failure.
    pub reason: String,
    /// The time of the last failure.
    pub last_at: DateTime<Utc>,
}

impl CellReason {
    /// Returns whether the cell is skipped because all of its phases are done.
    pub(super) const fn is_complete(&self) -> bool {
        matches!(
            self,
            Self::Skip {
                kind: SkipReason::Complete
            }
        )
    }
}

impl FailureView {
    pub(super) fn from_failure(failure: &Failure) -> Self {
        Self {
            phase: failure.phase,
            times: failure.times,
            reason: failure.reason.clone(),
            last_at: failure.last_at,
        }
    }
}

/// The facts behind the decisions of a plan. Securities are read only where a cell is blocked.
pub(super) struct Facts<'s> {
    invalidations: &'s [OpenInvalidation],
    blocked: BTreeMap<Cell, &'s BlockReason>,
    unpriced: &'s BTreeMap<Day, UnpricedSession>,
    securities: BTreeMap<SecurityId, Security>,
    failures: BTreeMap<Cell, Vec<Failure>>,
    quarantine_after: u32,
}

impl<'s> Facts<'s> {
    pub(super) fn read(
        reading: &ReadTransaction<'_>,
        surveyed: &'s SurveyResult,
        settings: &Settings,
    ) -> Result<Self, QueryError> {
        let (survey, pending) = (&surveyed.survey, &surveyed.pending);
        let mut blocked = BTreeMap::new();
        for (day, cells) in &survey.blocked {
            for BlockedCell { portfolio, reason } in cells {
                blocked.insert(Cell::new(*day, *portfolio), reason);
            }
        }
        let mut securities = BTreeMap::new();
        if !blocked.is_empty() {
            let all = reading.securities().all()?.into_iter();
            securities.extend(all.map(|security| (security.id, security)));
        }
        let mut failures: BTreeMap<Cell, Vec<Failure>> = BTreeMap::new();
        let stored = reading.failures().all()?.into_iter();
        // As the next run will see them.
        for failure in stored.filter(|failure| !pending.forgets(failure.cell, failure.phase)) {
            failures.entry(failure.cell).or_default().push(failure);
        }
        Ok(Self {
            invalidations: &survey.invalidations,
            blocked,
            unpriced: &survey.unpriced,
            securities,
            failures,
            quarantine_after: settings.quarantine_after,
        })
    }

    /// Returns the reason for the `decision` on `cell`.
    pub(super) fn reason(&self, cell: Cell, decision: Decision) -> CellReason {
        match decision {
            Decision::OutOfPlan => CellReason::OutOfPlan,
            Decision::Step { phases, reason } => CellReason::Step {
                kind: reason.kind(),
                phases,
                changed: self.changed(reason),
            },
            Decision::Skip(kind @ SkipReason::Blocked) => match self.blocked.get(&cell) {
                Some(reason) => CellReason::Blocked {
                    missing_input: self.missing_input(cell.day, reason),
                },
                None => CellReason::Skip { kind },
            },
            Decision::Skip(kind @ SkipReason::Unpriced) => match self.unpriced.get(&cell.day) {
                Some(session) => CellReason::Blocked {
                    missing_input: MissingInput::from_session(session),
                },
                None => CellReason::Skip { kind },
            },
            Decision::Skip(SkipReason::Quarantined) => CellReason::Quarantined {
                failures: self.failures(cell).map(FailureView::from_failure).collect(),
            },
            Decision::Skip(kind) => CellReason::Skip { kind },
        }
    }

    /// The failures of a cell since its phases were last done, by phase.
    pub(super) fn failures(&self, cell: Cell) -> impl Iterator<Item = &Failure> {
        self.failures.get(&cell).into_iter().flatten()
    }

    /// Returns whether a phase failed so often that it is quarantined.
    pub(super) fn is_quarantined(&self, failure: &Failure) -> bool {
        failure.times >= self.quarantine_after
    }

    fn changed(&self, reason: StepReason) -> Option<String> {
        let id = reason.invalidation()?;
        let open = self.invalidations.iter().find(|open| open.id == id)?;
        Some(open.reason.clone())
    }

    fn missing_input(&self, day: Day, reason: &BlockReason) -> MissingInput {
        match reason {
            BlockReason::MissingRate { pair } => MissingInput::Rate { pair: pair.clone() },
            BlockReason::MissingPrices {
                covered_share,
                missing,
            } => MissingInput::Prices {
                covered_share: *covered_share,
                missing: (missing.iter())
                    .map(|id| self.securities.get(id))
                    .map(|security| security.map_or("unknown", |known| known.symbol_on(day)))
                    .map(ToOwned::to_owned)
                    .collect(),
            },
        }
    }
}

impl MissingInput {
    fn from_session(session: &UnpricedSession) -> Self {
        Self::Session {
            calendars: session.calendars.clone(),
            held: session.held,
            unpriced: session.missing,
        }
    }

    /// Returns the command that imports the input.
    pub const fn next_command(&self) -> NextCommand {
        match self {
            Self::Prices { .. } | Self::Session { .. } => NextCommand::ImportPrices,
            Self::Rate { .. } => NextCommand::ImportRates,
        }
    }
}

/// Number of symbols that a short reason names.
const MAX_SYMBOLS: usize = 3;

impl fmt::Display for MissingInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { pair } => write!(f, "no rate {pair}"),
            Self::Session {
                calendars,
                held,
                unpriced,
            } => {
                f.write_str("unpriced session")?;
                if !calendars.is_empty() {
                    write!(f, " of {}", calendars.join(", "))?;
                }
                write!(f, ", {unpriced} of {held} securities have no close")
            }
            Self::Prices {
                covered_share,
                missing,
            } => {
                let shown = missing.iter().take(MAX_SYMBOLS).map(String::as_str);
                let shown = shown.collect::<Vec<_>>().join(", ");
                write!(f, "no price of {shown}")?;
                if missing.len() > MAX_SYMBOLS {
                    write!(f, " and {} more", missing.len() - MAX_SYMBOLS)?;
                }
                write!(f, "; {:.1} % of the value is priced", covered_share * 100.0)
            }
        }
    }
}

impl fmt::Display for CellReason {
    /// Writes the reason as a short phrase, such as `stale: close of X corrected`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step {
                kind,
                changed: Some(changed),
                ..
            } => write!(f, "{kind}: {changed}"),
            Self::Step {
                kind: kind @ StepKind::Partial,
                phases,
                ..
            } => write!(f, "{kind}: {phases}"),
            Self::Step { kind, .. } => kind.fmt(f),
            Self::Skip { kind } => kind.fmt(f),
            Self::Blocked { missing_input } => write!(f, "blocked: {missing_input}"),
            Self::Quarantined { failures } => match failures.first() {
                Some(first) => write!(
                    f,
                    "quarantined: {} failed {} {}, {}",
                    first.phase,
                    first.times,
                    pluralize(first.times.into(), "time"),
                    first.reason
                ),
                None => f.write_str("quarantined"),
            },
            Self::OutOfPlan => f.write_str("out of plan"),
        }
    }
}
