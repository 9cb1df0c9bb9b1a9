//! Findings of a play: unmet expectations and violated invariants, as values that are compared by
//! their fields and worded only when they are shown.

use std::collections::BTreeSet;
use std::mem::discriminant;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use thiserror::Error;

use super::promise::Promise;
use super::step_number::StepNumber;
use crate::domain::{Cell, Day, Money, Phase, PhaseSet, Quality};
use crate::engine::Certificate;
use crate::plan::{ScopeWatermark, StepKind};
use crate::query::Claim;
use crate::scenario::names::format_names;
use crate::scenario::script::{Amount, CellStatus, ExpectedQuality, Point, ReasonKind, RunEnd};
use crate::store::Progress;

/// An unmet expectation or a violated invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The number of the step at which it was found; none for the end.
    pub step: Option<StepNumber>,
    /// The rule that is violated, with expected and found values.
    pub problem: Problem,
}

/// The rule that a finding violates.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// An expectation of the scenario is not met.
    #[error("{0}")]
    Expectation(Mismatch),
    /// A rule that holds for every scenario is violated.
    #[error("{0}")]
    Invariant(Violation),
    /// A job under test does not keep a promise.
    #[error("{promise}: {text}")]
    Promise {
        /// The promise that the job does not keep.
        promise: Promise,
        /// The facts that break it.
        text: String,
    },
}

/// An expectation of a scenario that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Other portfolios have the status on a day.
    #[error("{}", names_text(status.label(), *day, expected, found))]
    Cells {
        /// The status of the cells.
        status: CellStatus,
        /// The session of the cells.
        day: Day,
        /// The names that are expected.
        expected: BTreeSet<String>,
        /// The names that were found.
        found: BTreeSet<String>,
    },
    /// Another number of cells has the status.
    #[error("{} cells: expected {expected}, found {found}", status.label())]
    Count {
        /// The status of the cells.
        status: CellStatus,
        /// The number that is expected.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// The run ended before it had a plan, so its cells of this status are not known.
    #[error("{} cells: not known, because {}", status.label(), no_plan_text(*end))]
    WithoutPlan {
        /// The status of the cells.
        status: CellStatus,
        /// The end of the run; none if there was no run.
        end: Option<RunEnd>,
    },
    /// The plan of the run did or skipped other portfolios for the reason on a day.
    #[error("{}", names_text(reason.name(), *day, expected, found))]
    Reason {
        /// The reason of the plan.
        reason: ReasonKind,
        /// The session of the cells.
        day: Day,
        /// The names that are expected.
        expected: BTreeSet<String>,
        /// The names that were found.
        found: BTreeSet<String>,
    },
    /// The run ended before it had a plan, so its reasons are not known.
    #[error("reasons: not known, because {}", no_plan_text(*end))]
    ReasonsWithoutPlan {
        /// The end of the run; none if there was no run.
        end: Option<RunEnd>,
    },
    /// An amount of the books is another one.
    #[error(
        "{} of {portfolio} on {day}: expected {}, found {}",
        amount.name(),
        or_none(expected.as_ref()),
        or_none(found.as_ref())
    )]
    Amount {
        /// The amount.
        amount: Amount,
        /// The name of the portfolio.
        portfolio: String,
        /// The session of the cell.
        day: Day,
        /// The expected amount; none if no valid books are expected.
        expected: Option<Money>,
        /// The amount that was found, if there are valid books.
        found: Option<Money>,
    },
    /// The books have other numbers of holdings by kind of price.
    #[error(
        "quality of {portfolio} on {day}: expected {expected}, found {}",
        found.map_or("no valid books".to_owned(), quality_text)
    )]
    Quality {
        /// The name of the portfolio.
        portfolio: String,
        /// The session of the cell.
        day: Day,
        /// The expected numbers.
        expected: ExpectedQuality,
        /// The numbers that were found, if there are valid books.
        found: Option<Quality>,
    },
    /// Other phases of the cell are done.
    #[error(
        "phases of {portfolio} on {day}: expected {}, found {}",
        phases_text(*expected),
        phases_text(*found)
    )]
    Phases {
        /// The name of the portfolio.
        portfolio: String,
        /// The session of the cell.
        day: Day,
        /// The phases that are expected to be done.
        expected: PhaseSet,
        /// The phases that are done.
        found: PhaseSet,
    },
    /// The state of the database is not known.
    #[error("`{key}` is not known: {reason}")]
    UnknownState {
        /// The key of the expectation.
        key: &'static str,
        /// The reason why it is not known.
        reason: String,
    },
    /// The run ended in another way.
    #[error("run end: expected {expected}, found {}", found.map_or("no run", RunEnd::name))]
    End {
        /// The expected end.
        expected: RunEnd,
        /// The end that was found; none if there was no run.
        found: Option<RunEnd>,
    },
    /// The exit code is another one.
    #[error("exit code: expected {expected}, found {}", or_none(found.as_ref()))]
    Exit {
        /// The expected code.
        expected: u8,
        /// The code that was found; none without a run, or after a crash.
        found: Option<u8>,
    },
    /// A watermark is another one.
    #[error(
        "watermark{}: expected {}, found {}",
        portfolio.as_ref().map_or(String::new(), |name| format!(" of {name}")),
        or_none(expected.as_ref()),
        or_none(found.as_ref())
    )]
    Watermark {
        /// The portfolio; none for the watermark of all.
        portfolio: Option<String>,
        /// The expected day; none if no watermark is expected.
        expected: Option<Day>,
        /// The day that was found, if any.
        found: Option<Day>,
    },
    /// No error, warning or log message contains the text.
    #[error("expected the message `{0}`, found none with it")]
    Message(String),
    /// Another number of phases was invalidated.
    #[error("invalidated phases: expected {expected}, found {found}")]
    InvalidatedPhases {
        /// The number that is expected.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// A step with expectations did not happen, because its run did not reach the point.
    #[error("the run did not reach `{0}`, so the expectations there were not checked")]
    Unreached(Point),
}

/// A violated invariant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// A claim of `verify` is broken.
    #[error("{0}")]
    Claim(BrokenClaim),
    /// The certificate of the run does not add up.
    #[error("the certificate does not add up: {0:?}")]
    Certificate(Certificate),
    /// The progress of the run exceeds its plan.
    #[error("progress exceeds the plan: {0:?}")]
    Progress(Progress),
    /// The progress counts other cells as done than are done.
    #[error("{counted} cells were counted as done, but {done} are done")]
    DoneCount {
        /// The number that the progress has.
        counted: u64,
        /// The number of cells that are done.
        done: u64,
    },
    /// The run lowered its watermark.
    #[error("the run moved the watermark down from {before} to {after}")]
    WatermarkMovedDown {
        /// The watermark before the run.
        before: ScopeWatermark,
        /// The watermark after it.
        after: ScopeWatermark,
    },
    /// The certificate has another number of expected cells than a count one by one.
    #[error("{counted} cells are expected, but the certificate counts {certified}")]
    ExpectedCells {
        /// The number by counting.
        counted: u64,
        /// The number of the certificate.
        certified: u64,
    },
    /// The reason of a step does not fit the ledger that it was planned on.
    #[error("{cell} is planned as {kind}, but these phases are done: {done}")]
    PlannedAs {
        /// The cell of the step.
        cell: Cell,
        /// The reason of the step.
        kind: StepKind,
        /// The phases that were done.
        done: PhaseSet,
    },
    /// A phase that was done is planned again.
    #[error("{cell} is planned for {phases}, but these phases are done: {done}")]
    PlannedAgain {
        /// The cell of the step.
        cell: Cell,
        /// The planned phases.
        phases: PhaseSet,
        /// The phases that were done.
        done: PhaseSet,
    },
    /// A phase out of scope was done.
    #[error("{0} of {1} was done, but is out of scope")]
    OutOfScope(Phase, Cell),
    /// A phase of a deleted portfolio was done.
    #[error("{0} of {1} was done, but its portfolio is deleted")]
    Deleted(Phase, Cell),
    /// A phase was done that was not planned.
    #[error("{0} of {1} was done, but not planned")]
    NotPlanned(Phase, Cell),
    /// A complete run left cells open.
    #[error("the run was complete, but on {day} these are open: {}", names.join(", "))]
    OpenAfterComplete {
        /// The first session with open cells.
        day: Day,
        /// The names of their portfolios.
        names: Vec<String>,
    },
    /// A run that did no work changed the ledger.
    #[error("the run ended {0}, but the ledger changed")]
    LedgerChanged(RunEnd),
}

/// A claim of `verify` that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {}", self.rule(), findings.join("; "))]
pub struct BrokenClaim {
    /// The claim.
    pub claim: Claim,
    /// The findings of `verify`.
    pub findings: Vec<String>,
}

impl Finding {
    /// Returns the violation if it is one of an invariant.
    pub const fn violation(&self) -> Option<&Violation> {
        match &self.problem {
            Problem::Invariant(violation) => Some(violation),
            Problem::Expectation(_) | Problem::Promise { .. } => None,
        }
    }
}

impl Problem {
    /// Returns the name of its kind, as JSON has it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Expectation(_) => "expectation",
            Self::Invariant(_) => "invariant",
            Self::Promise { .. } => "promise",
        }
    }
}

impl Violation {
    /// Returns whether both violate the same rule, whatever the details.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Claim(one), Self::Claim(other)) => one.claim == other.claim,
            _ => discriminant(self) == discriminant(other),
        }
    }

    /// Returns the violated rule in words; of a claim without the findings.
    pub fn rule(&self) -> String {
        match self {
            Self::Claim(broken) => broken.rule(),
            other => other.to_string(),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Finding", 3)?;
        fields.serialize_field("act", &self.step)?;
        fields.serialize_field("kind", self.problem.kind())?;
        fields.serialize_field("message", &self.problem.to_string())?;
        fields.end()
    }
}

impl BrokenClaim {
    /// Returns the claim in words, without the findings.
    pub fn rule(&self) -> String {
        format!("it does not hold that {}", self.claim.sentence())
    }
}

fn quality_text(quality: Quality) -> String {
    let expected = ExpectedQuality {
        fresh: Some(quality.fresh),
        stale: Some(quality.stale),
        cost: Some(quality.cost),
        none: Some(quality.none),
    };
    expected.to_string()
}

fn phases_text(phases: PhaseSet) -> String {
    match phases.is_empty() {
        true => "none".to_owned(),
        false => phases.to_string(),
    }
}

fn names_text(
    label: &str,
    day: Day,
    expected: &BTreeSet<String>,
    found: &BTreeSet<String>,
) -> String {
    let list = |names: &BTreeSet<String>| format_names(&names.iter().cloned().collect::<Vec<_>>());
    let mut text = format!(
        "{label} on {day}: expected {}, found {}",
        list(expected),
        list(found)
    );
    let (missing, unexpected) = (expected - found, found - expected);
    // A difference that repeats a whole list adds nothing to the line.
    if !missing.is_empty() && missing.len() < expected.len() {
        text += &format!("; missing {}", list(&missing));
    }
    if !unexpected.is_empty() && unexpected.len() < found.len() {
        text += &format!("; not expected {}", list(&unexpected));
    }
    text
}

fn no_plan_text(end: Option<RunEnd>) -> String {
    end.map_or_else(
        || "there was no run".to_owned(),
        |end| format!("the run ended {end} without a plan"),
    )
}

fn or_none<T: ToString>(value: Option<&T>) -> String {
    value.map_or("none".to_owned(), T::to_string)
}
