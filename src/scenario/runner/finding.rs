//! Findings of a play: unmet expectations and violated invariants, as values that are compared by
//! their fields and worded only when they are shown.

use std::collections::BTreeSet;
use std::fmt;
use std::mem::discriminant;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::step_number::StepNumber;
use crate::domain::{Cell, Day, Phase, PhaseSet};
use crate::engine::Certificate;
use crate::plan::{ScopeWatermark, StepKind};
use crate::query::Claim;
use crate::scenario::name_list::format_names;
use crate::scenario::script::{CellStatus, Point, RunEnd};
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// An expectation of the scenario is not met.
    Expectation(Mismatch),
    /// A rule that holds for every scenario is violated.
    Invariant(Violation),
}

/// An expectation of a scenario that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Other portfolios have the status on a day.
    Cells {
        /// The status of the cells.
        status: CellStatus,
        /// The session.
        day: Day,
        /// The expected names.
        expected: BTreeSet<String>,
        /// The names that were found.
        found: BTreeSet<String>,
    },
    /// Another number of cells has the status.
    Count {
        /// The status of the cells.
        status: CellStatus,
        /// The expected number.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// The run ended before it had a plan, so its cells of this status are not known.
    WithoutPlan {
        /// The status of the cells.
        status: CellStatus,
        /// The end of the run; none if there was no run.
        end: Option<RunEnd>,
    },
    /// The state of the database is not known.
    UnknownState {
        /// The key of the expectation.
        key: &'static str,
        /// The reason.
        reason: String,
    },
    /// The run ended in another way.
    End {
        /// The expected end.
        expected: RunEnd,
        /// The end that was found; none if there was no run.
        found: Option<RunEnd>,
    },
    /// The exit code is another one.
    Exit {
        /// The expected code.
        expected: u8,
        /// The code that was found; none without a run, or after a crash.
        found: Option<u8>,
    },
    /// A watermark is another one.
    Watermark {
        /// The portfolio; none for the watermark of all.
        portfolio: Option<String>,
        /// The expected day; none if no watermark is expected.
        expected: Option<Day>,
        /// The day that was found, if any.
        found: Option<Day>,
    },
    /// No error, warning or log message contains the text.
    Message(String),
    /// Another number of phases was invalidated.
    InvalidatedPhases {
        /// The expected number.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// A step with expectations did not happen, because its run did not reach the point.
    Unreached(Point),
}

/// A violated invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A claim of `verify` is broken.
    Claim(BrokenClaim),
    /// The certificate of the run does not add up.
    Certificate(Certificate),
    /// The progress of the run exceeds its plan.
    Progress(Progress),
    /// The progress counts other cells as done than are done.
    DoneCount {
        /// The number that the progress has.
        counted: u64,
        /// The number of cells that are done.
        done: u64,
    },
    /// The run lowered its watermark.
    WatermarkMovedDown {
        /// The watermark before the run.
        before: ScopeWatermark,
        /// The watermark after it.
        after: ScopeWatermark,
    },
    /// The certificate has another number of expected cells than a count one by one.
    ExpectedCells {
        /// The number by counting.
        counted: u64,
        /// The number of the certificate.
        certified: u64,
    },
    /// The reason of a step does not fit the ledger that it was planned on.
    PlannedAs {
        /// The cell of the step.
        cell: Cell,
        /// The reason of the step.
        kind: StepKind,
        /// The phases that were done.
        done: PhaseSet,
    },
    /// A phase that was done is planned again.
    PlannedAgain {
        /// The cell of the step.
        cell: Cell,
        /// The planned phases.
        phases: PhaseSet,
        /// The phases that were done.
        done: PhaseSet,
    },
    /// A phase out of scope was done.
    OutOfScope(Phase, Cell),
    /// A phase of a deleted portfolio was done.
    Deleted(Phase, Cell),
    /// A phase was done that was not planned.
    NotPlanned(Phase, Cell),
    /// A complete run left cells open.
    OpenAfterComplete {
        /// The first session with open cells.
        day: Day,
        /// The names of their portfolios.
        names: Vec<String>,
    },
    /// A run that did no work changed the ledger.
    LedgerChanged(RunEnd),
}

/// A claim of `verify` that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
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
            Problem::Expectation(_) => None,
        }
    }
}

impl Problem {
    /// Returns the name of its kind, as JSON has it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Expectation(_) => "expectation",
            Self::Invariant(_) => "invariant",
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expectation(mismatch) => mismatch.fmt(f),
            Self::Invariant(violation) => violation.fmt(f),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day_text = |day: &Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
        match self {
            Self::Cells {
                status,
                day,
                expected,
                found,
            } => {
                let list = |names: &BTreeSet<String>| {
                    format_names(&names.iter().cloned().collect::<Vec<_>>())
                };
                write!(
                    f,
                    "{} on {day}: expected {}",
                    status.label(),
                    list(expected)
                )?;
                write!(f, ", found {}", list(found))?;
                let missing: BTreeSet<String> = expected - found;
                let unexpected: BTreeSet<String> = found - expected;
                // A difference that repeats a whole list adds nothing to the line.
                if !missing.is_empty() && missing.len() < expected.len() {
                    write!(f, "; missing {}", list(&missing))?;
                }
                if !unexpected.is_empty() && unexpected.len() < found.len() {
                    write!(f, "; not expected {}", list(&unexpected))?;
                }
                Ok(())
            }
            Self::Count {
                status,
                expected,
                found,
            } => {
                let label = status.label();
                write!(f, "{label} cells: expected {expected}, found {found}")
            }
            Self::WithoutPlan { status, end } => {
                let end = end.map_or_else(
                    || "there was no run".to_owned(),
                    |end| format!("the run ended {end} without a plan"),
                );
                write!(f, "{} cells: not known, because {end}", status.label())
            }
            Self::UnknownState { key, reason } => write!(f, "`{key}` is not known: {reason}"),
            Self::End { expected, found } => {
                let found = found.map_or("no run", RunEnd::name);
                write!(f, "run end: expected {expected}, found {found}")
            }
            Self::Exit { expected, found } => {
                let found = found.map_or("none".to_owned(), |code| code.to_string());
                write!(f, "exit code: expected {expected}, found {found}")
            }
            Self::Watermark {
                portfolio,
                expected,
                found,
            } => {
                f.write_str("watermark")?;
                if let Some(name) = portfolio {
                    write!(f, " of {name}")?;
                }
                let (expected, found) = (day_text(expected), day_text(found));
                write!(f, ": expected {expected}, found {found}")
            }
            Self::Message(text) => {
                write!(f, "expected the message `{text}`, found none with it")
            }
            Self::InvalidatedPhases { expected, found } => {
                write!(f, "invalidated phases: expected {expected}, found {found}")
            }
            Self::Unreached(point) => write!(
                f,
                "the run did not reach `{point}`, so the expectations there were not checked"
            ),
        }
    }
}

impl fmt::Display for Violation {
    /// Writes the violation; with `{:#}` only the rule, without the details of a scenario.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brief = f.alternate();
        match self {
            Self::Claim(broken) => broken.fmt(f),
            Self::Certificate(_) if brief => f.write_str("the certificate does not add up"),
            Self::Certificate(certificate) => {
                write!(f, "the certificate does not add up: {certificate:?}")
            }
            Self::Progress(_) if brief => f.write_str("progress exceeds the plan"),
            Self::Progress(progress) => write!(f, "progress exceeds the plan: {progress:?}"),
            Self::DoneCount { .. } if brief => f.write_str("other cells are counted than done"),
            Self::DoneCount { counted, done } => {
                write!(
                    f,
                    "{counted} cells were counted as done, but {done} are done"
                )
            }
            Self::WatermarkMovedDown { .. } if brief => {
                f.write_str("the run moved the watermark down")
            }
            Self::WatermarkMovedDown { before, after } => {
                write!(
                    f,
                    "the run moved the watermark down from {before} to {after}"
                )
            }
            Self::ExpectedCells { .. } if brief => {
                f.write_str("the certificate counts other expected cells")
            }
            Self::ExpectedCells { counted, certified } => write!(
                f,
                "{counted} cells are expected, but the certificate counts {certified}"
            ),
            Self::PlannedAs { .. } if brief => f.write_str("a reason does not fit the ledger"),
            Self::PlannedAs { cell, kind, done } => write!(
                f,
                "{cell} is planned as {kind}, but these phases are done: {done}"
            ),
            Self::PlannedAgain { .. } if brief => f.write_str("done phases are planned"),
            Self::PlannedAgain { cell, phases, done } => write!(
                f,
                "{cell} is planned for {phases}, but these phases are done: {done}"
            ),
            Self::OutOfScope(..) if brief => f.write_str("a phase out of scope was done"),
            Self::OutOfScope(phase, cell) => {
                write!(f, "{phase} of {cell} was done, but is out of scope")
            }
            Self::Deleted(..) if brief => f.write_str("a phase of a deleted portfolio was done"),
            Self::Deleted(phase, cell) => {
                write!(
                    f,
                    "{phase} of {cell} was done, but its portfolio is deleted"
                )
            }
            Self::NotPlanned(..) if brief => f.write_str("a phase was done, but not planned"),
            Self::NotPlanned(phase, cell) => {
                write!(f, "{phase} of {cell} was done, but not planned")
            }
            Self::OpenAfterComplete { .. } if brief => {
                f.write_str("the run was complete, but cells are open")
            }
            Self::OpenAfterComplete { day, names } => {
                let names = names.join(", ");
                write!(
                    f,
                    "the run was complete, but on {day} these are open: {names}"
                )
            }
            Self::LedgerChanged(_) if brief => f.write_str("a run without work changed the ledger"),
            Self::LedgerChanged(end) => write!(f, "the run ended {end}, but the ledger changed"),
        }
    }
}

impl fmt::Display for BrokenClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it does not hold that {}", self.claim.sentence())?;
        if f.alternate() {
            return Ok(());
        }
        write!(f, ": {}", self.findings.join("; "))
    }
}
