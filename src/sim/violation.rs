//! Violations that simulations find, as values that are compared by their fields and worded only
//! when they are shown.

use std::fmt;
use std::mem::discriminant;

use serde::{Serialize, Serializer};

use super::crash_image::CrashImage;
use crate::domain::{Day, Phase, PortfolioId};
use crate::scenario::runner::{self, BrokenClaim, StepNumber};
use crate::scenario::script::RunEnd;
use crate::store::Difference;

/// A rule that a disturbed run or the disk that it left violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A claim of `verify` is broken.
    Claim(BrokenClaim),
    /// The next process cannot open the database; with the error.
    CannotReopen(String),
    /// The program panics.
    Panic,
    /// The run ended complete, but its books are not those of the undisturbed run.
    CompleteDiffers(Difference),
    /// Ledger entries were acknowledged and are gone.
    AcknowledgedLost {
        /// The phase of the entries.
        phase: Phase,
        /// The number of portfolios.
        portfolios: u64,
        /// The session.
        day: Day,
    },
    /// A batch was reported as committed before it was written.
    AcknowledgedTooEarly,
    /// The disk is in no state that the run went through; with the difference from the newest one.
    UnknownState(Option<Difference>),
    /// The disk is in a state before an acknowledged one; with the difference from that.
    StateLost(Option<Difference>),
    /// The disk is in a state that was not being committed yet.
    StateTooEarly,
    /// The run made again ends in another way than the undisturbed one.
    RerunEnd {
        /// The end that was found.
        found: RunEnd,
        /// The end of the undisturbed run.
        expected: RunEnd,
        /// The error of the run made again, if it had one.
        error: Option<String>,
    },
    /// The run made again leaves other books than the undisturbed one.
    RerunBooks(Difference),
    /// After the run was made again and the power failed, the books are others.
    Books(Difference),
    /// A violation after the run was made again and the power failed.
    RerunThenPowerCut(Box<Violation>),
    /// A run stays marked as running; with its key.
    StaysRunning(String),
    /// A run still holds the lease; with its id.
    StillHoldsLease(String),
    /// A run after a complete one still does cells.
    WorkAfterComplete,
    /// A run with nothing to do writes.
    IdleRunWrites(Difference),
    /// The next run does not complete the cells that were forced.
    ForcedCellsLost(Difference),
    /// Two runs at once ended in ways that do not go together.
    PairEnds {
        /// The ends of the two.
        ends: [RunEnd; 2],
        /// Their errors in one text.
        errors: String,
    },
    /// The run after two at once ends in another way than the undisturbed one.
    EndAfterPair {
        /// The end that was found.
        found: RunEnd,
        /// The end of the undisturbed run.
        expected: RunEnd,
        /// The error of that run; empty if it had none.
        error: String,
    },
    /// Two runs at once leave other books than the undisturbed one.
    PairBooks(Difference),
    /// Two runs at once committed another number of cells than the undisturbed one.
    PairCells {
        /// The number that was found.
        found: u64,
        /// The number of the undisturbed run.
        expected: u64,
    },
    /// An invariant of scenarios is violated in a generated one.
    Invariant {
        /// The violation.
        violation: runner::Violation,
        /// The number of the step; none for the end.
        step: Option<StepNumber>,
    },
    /// A complete run left a cell open that the reference model requires.
    NotDone(PortfolioId, Day),
    /// The watermark is not that of the reference model.
    Watermark {
        /// The watermark that was found.
        found: Option<Day>,
        /// The watermark of the model.
        expected: Option<Day>,
    },
    /// A phase was done before the inception of its portfolio.
    BeforeInception(Phase, PortfolioId, Day),
    /// A violation after a crash at a drawn point.
    AtCrash {
        /// The violation.
        violation: Box<Violation>,
        /// The number of operations before the crash.
        point: usize,
        /// The part of the pending operations that survived.
        image: CrashImage,
    },
}

impl Violation {
    /// Returns whether both violate the same rule, whatever the details.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Claim(one), Self::Claim(other)) => one.claim == other.claim,
            (Self::RerunThenPowerCut(one), Self::RerunThenPowerCut(other)) => one.is_like(other),
            (
                Self::Invariant { violation: one, .. },
                Self::Invariant {
                    violation: other, ..
                },
            ) => one.is_like(other),
            (
                Self::AtCrash { violation: one, .. },
                Self::AtCrash {
                    violation: other, ..
                },
            ) => one.is_like(other),
            _ => discriminant(self) == discriminant(other),
        }
    }

    /// Returns the rule without the details of a scenario, and the whole violation, in words.
    fn rule_and_text(&self) -> (String, String) {
        let alone = |rule: &str| (rule.to_owned(), rule.to_owned());
        let with = |rule: &str, details: &dyn fmt::Display| {
            (rule.to_owned(), format!("{rule}: {details}"))
        };
        let maybe = |rule: &str, difference: &Option<Difference>| match difference {
            Some(difference) => with(rule, difference),
            None => alone(rule),
        };
        let either = |rule: &str, text: String| (rule.to_owned(), text);
        let day_text = |day: &Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
        match self {
            Self::Claim(broken) => (format!("{broken:#}"), broken.to_string()),
            Self::CannotReopen(error) => with("failed to reopen the database", error),
            Self::Panic => alone("the program panics"),
            Self::CompleteDiffers(it) => with("the run ended complete, but differs", it),
            Self::AcknowledgedLost {
                phase,
                portfolios,
                day,
            } => either(
                "ledger entries were acknowledged, but are lost",
                format!("{phase} of {portfolios} on {day} was acknowledged, but is lost"),
            ),
            Self::AcknowledgedTooEarly => {
                alone("a batch was reported as committed, but is not written")
            }
            Self::UnknownState(it) => {
                maybe("the disk is in no state that the run went through", it)
            }
            Self::StateLost(it) => maybe("an acknowledged state is lost", it),
            Self::StateTooEarly => alone("a state that was not yet being committed is found"),
            Self::RerunEnd {
                found,
                expected,
                error,
            } => {
                let error = error.as_ref().map(|error| format!(" ({error})"));
                let error = error.unwrap_or_default();
                either(
                    "made again, the run ends otherwise",
                    format!("made again, the run ends {found}{error} instead of {expected}"),
                )
            }
            Self::RerunBooks(it) => with("made again, the run leaves other books", it),
            Self::Books(it) => either("the books differ", it.to_string()),
            Self::RerunThenPowerCut(violation) => {
                let (rule, text) = violation.rule_and_text();
                let prefix = "made again, and the power fails: ";
                (format!("{prefix}{rule}"), format!("{prefix}{text}"))
            }
            Self::StaysRunning(run) => either(
                "a run stays marked as running",
                format!("run {run} stays marked as running"),
            ),
            Self::StillHoldsLease(run) => either(
                "a run still holds the lease",
                format!("run {run} still holds the lease"),
            ),
            Self::WorkAfterComplete => alone("a run after a complete one still does cells"),
            Self::IdleRunWrites(it) => with("a run with nothing to do writes", it),
            Self::ForcedCellsLost(it) => {
                with("the next run does not complete the forced cells", it)
            }
            Self::PairEnds {
                ends: [first, second],
                errors,
            } => either(
                "the ends of the two do not go together",
                format!("the two end {first} and {second} ({errors})"),
            ),
            Self::EndAfterPair {
                found,
                expected,
                error,
            } => either(
                "the run after them ends otherwise",
                format!("the run after them ends {found} instead of {expected} ({error})"),
            ),
            Self::PairBooks(it) => with("they leave other books", it),
            Self::PairCells { found, expected } => either(
                "another number of cells was committed",
                format!("{found} cells were committed instead of {expected}"),
            ),
            Self::Invariant { violation, step } => {
                let step = step.as_ref();
                let step = step.map_or("the end".to_owned(), StepNumber::to_string);
                let text = format!("{violation} (step {step})");
                (format!("{violation:#}"), text)
            }
            Self::NotDone(portfolio, day) => with(
                "the run is complete, but not done is",
                &format_args!("portfolio {} on {day}", portfolio.0),
            ),
            Self::Watermark { found, expected } => with(
                "the watermark differs from the reference model",
                &format_args!("{} instead of {}", day_text(found), day_text(expected)),
            ),
            Self::BeforeInception(phase, portfolio, day) => with(
                "done before inception",
                &format_args!("{phase} of portfolio {} on {day}", portfolio.0),
            ),
            Self::AtCrash {
                violation,
                point,
                image,
            } => {
                let (rule, text) = violation.rule_and_text();
                let text = format!("{text} (crash after {point} operations, {image})");
                (rule, text)
            }
        }
    }
}

impl fmt::Display for Violation {
    /// Writes the violation; with `{:#}` only the rule, without the details of a scenario.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, text) = self.rule_and_text();
        f.write_str(if f.alternate() { &rule } else { &text })
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
