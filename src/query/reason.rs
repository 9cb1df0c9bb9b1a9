//! Why a cell is as it is: a plan's decision with the facts behind it, for people.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{QueryError, serialize};
use crate::domain::{Cell, Phase, PhaseSet, SecurityId};
use crate::engine::Settings;
use crate::plan::{
    BlockReason, BlockedCell, Decision, OpenInvalidation, SkipReason, StepReason, Survey,
};
use crate::store::{Failure, ReadTransaction};

/// Why a cell is to be done or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "reason",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum CellReason {
    /// It is to be done.
    Step {
        /// `missing`, `partial`, `stale`, `forced` or `by-rule`.
        kind: &'static str,
        /// The phases to do.
        #[serde(serialize_with = "serialize::phases")]
        phases: PhaseSet,
        /// The input that changed, where one did, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        changed: Option<String>,
    },
    /// It waits for inputs.
    Blocked {
        /// For which.
        #[serde(rename = "wait")]
        missing_input: MissingInput,
    },
    /// It failed too often, and is left alone until it is given another chance.
    Quarantined {
        /// The failures that stand.
        failures: Vec<FailureView>,
    },
    /// It is not to be done, for a reason that needs no more words.
    Skip {
        /// `complete`, `before-inception` and so on.
        kind: &'static str,
    },
    /// The plan does not speak of it: no session, or nobody's.
    OutOfPlan,
}

/// What a cell waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "for",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum MissingInput {
    /// Prices of some holdings.
    Prices {
        /// Share of the holdings, by value at the last known price, that has one; 0 to 1.
        covered_share: f64,
        /// The symbols that have none, by security id.
        missing: Vec<String>,
    },
    /// A rate of exchange.
    Rate {
        /// The pair, such as `EURUSD`.
        pair: String,
    },
}

/// A failure that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailureView {
    /// Of which phase.
    pub phase: Phase,
    /// How often, without a success in between.
    pub times: u32,
    /// What was said the last time.
    pub reason: String,
    /// When that was.
    pub last_at: DateTime<Utc>,
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

/// The facts behind a survey's decisions. Symbols are read only where something waits for one.
pub(super) struct Facts<'s> {
    invalidations: &'s [OpenInvalidation],
    blocked: BTreeMap<Cell, &'s BlockReason>,
    symbols: BTreeMap<SecurityId, String>,
    failures: BTreeMap<Cell, Vec<Failure>>,
    quarantine_after: u32,
}

impl<'s> Facts<'s> {
    pub(super) fn read(
        reading: &ReadTransaction<'_>,
        survey: &'s Survey,
        settings: &Settings,
    ) -> Result<Self, QueryError> {
        let mut blocked = BTreeMap::new();
        for (day, cells) in &survey.blocked {
            for BlockedCell {
                portfolio,
                reason: why,
            } in cells
            {
                blocked.insert(Cell::new(*day, *portfolio), why);
            }
        }
        let mut symbols = BTreeMap::new();
        if !blocked.is_empty() {
            let securities = reading.securities()?;
            symbols.extend(securities.into_iter().map(|one| (one.id, one.symbol)));
        }
        let mut failures: BTreeMap<Cell, Vec<Failure>> = BTreeMap::new();
        for failure in reading.failures()? {
            failures.entry(failure.cell).or_default().push(failure);
        }
        Ok(Self {
            invalidations: &survey.invalidations,
            blocked,
            symbols,
            failures,
            quarantine_after: settings.quarantine_after,
        })
    }

    /// Why `cell` is decided so.
    pub(super) fn reason(&self, cell: Cell, decision: Decision) -> CellReason {
        match decision {
            Decision::OutOfPlan => CellReason::OutOfPlan,
            Decision::Step { phases, reason } => CellReason::Step {
                kind: reason.kind().name(),
                phases,
                changed: self.changed(reason),
            },
            Decision::Skip(SkipReason::Blocked) => match self.blocked.get(&cell) {
                Some(why) => CellReason::Blocked {
                    missing_input: self.missing_input(why),
                },
                None => CellReason::Skip {
                    kind: SkipReason::Blocked.name(),
                },
            },
            Decision::Skip(SkipReason::Quarantined) => CellReason::Quarantined {
                failures: self.failures(cell).map(FailureView::from_failure).collect(),
            },
            Decision::Skip(reason) => CellReason::Skip {
                kind: reason.name(),
            },
        }
    }

    /// The failures of a cell that stand, by phase.
    pub(super) fn failures(&self, cell: Cell) -> impl Iterator<Item = &Failure> {
        self.failures.get(&cell).into_iter().flatten()
    }

    /// Whether a failure has come so often that its phase is left alone.
    pub(super) fn is_quarantined(&self, failure: &Failure) -> bool {
        failure.times >= self.quarantine_after
    }

    fn changed(&self, reason: StepReason) -> Option<String> {
        let id = reason.invalidation()?;
        let open = self.invalidations.iter().find(|open| open.id == id)?;
        Some(open.reason.clone())
    }

    fn missing_input(&self, why: &BlockReason) -> MissingInput {
        match why {
            BlockReason::MissingRate { pair } => MissingInput::Rate { pair: pair.clone() },
            BlockReason::MissingPrices {
                covered_share,
                missing,
            } => MissingInput::Prices {
                covered_share: *covered_share,
                missing: (missing.iter())
                    .map(|id| self.symbols.get(id).cloned())
                    .map(|symbol| symbol.unwrap_or_else(|| "unknown".to_owned()))
                    .collect(),
            },
        }
    }
}

/// How many symbols a short reason names.
const MAX_SYMBOLS: usize = 3;

impl fmt::Display for MissingInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { pair } => write!(f, "no rate {pair}"),
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
    /// The reason in a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step {
                kind,
                changed: Some(changed),
                ..
            } => write!(f, "{kind}: {changed}"),
            Self::Step { kind, phases, .. } if *kind == "partial" => write!(f, "{kind}: {phases}"),
            Self::Step { kind, .. } | Self::Skip { kind } => f.write_str(kind),
            Self::Blocked {
                missing_input: wait,
            } => write!(f, "blocked: {wait}"),
            Self::Quarantined { failures } => match failures.first() {
                Some(first) => write!(
                    f,
                    "quarantined: {} failed {} times, {}",
                    first.phase, first.times, first.reason
                ),
                None => f.write_str("quarantined"),
            },
            Self::OutOfPlan => f.write_str("out of plan"),
        }
    }
}
