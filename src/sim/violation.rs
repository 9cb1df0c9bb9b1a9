//! Violations that simulations find, as values that are compared by their fields and worded only
//! when they are shown.

use std::mem::discriminant;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::crash_image::CrashImage;
use super::histories::RebuildDifference;
use crate::domain::{Day, Phase, PortfolioId};
use crate::scenario::runner::{self, BrokenClaim, PlayResult, StepNumber};
use crate::scenario::script::RunEnd;
use crate::store::Difference;

/// A rule that a disturbed run or the disk that it left violates.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// A claim of `verify` is broken.
    #[error("{0}")]
    Claim(BrokenClaim),
    /// The next process cannot open the database; with the error.
    #[error("failed to reopen the database: {0}")]
    CannotReopen(String),
    /// The program panics.
    #[error("the program panics")]
    Panic,
    /// The run ended complete, but its books are not those of the undisturbed run.
    #[error("the run ended complete, but differs: {0}")]
    CompleteDiffers(Difference),
    /// Ledger entries were acknowledged and are gone.
    #[error("{phase} of {portfolios} on {day} was acknowledged, but is lost")]
    AcknowledgedLost {
        /// The phase of the entries.
        phase: Phase,
        /// The number of portfolios.
        portfolios: u64,
        /// The session.
        day: Day,
    },
    /// Ledger entries are stored that the run took for lost.
    #[error("{phase} of {portfolios} on {day} is stored, but the run took it for lost")]
    StoredTakenForLost {
        /// The phase of the entries that are stored.
        phase: Phase,
        /// The number of portfolios with such an entry.
        portfolios: u64,
        /// The session of the entries.
        day: Day,
    },
    /// The log was written to after a sync or a commit had failed: what follows can be lost later.
    #[error("the log was written to after a sync or a commit had failed, without being emptied")]
    DoubtfulLogUsed,
    /// A batch was reported as committed before it was written.
    #[error("a batch was reported as committed, but is not written")]
    AcknowledgedTooEarly,
    /// The disk is in no state that the run went through; with the difference from the newest one.
    #[error("the disk is in no state that the run went through{}", after_colon(.0.as_ref()))]
    UnknownState(Option<Difference>),
    /// The disk is in a state before an acknowledged one; with the difference from that.
    #[error("an acknowledged state is lost{}", after_colon(.0.as_ref()))]
    StateLost(Option<Difference>),
    /// The disk is in a state that was not being committed yet.
    #[error("a state that was not yet being committed is found")]
    StateTooEarly,
    /// The run made again ends in another way than the undisturbed one.
    #[error(
        "made again, the run ends {found}{} instead of {expected}",
        error.as_ref().map_or(String::new(), |error| format!(" ({error})"))
    )]
    RerunEnd {
        /// The end that was found.
        found: RunEnd,
        /// The end of the undisturbed run.
        expected: RunEnd,
        /// The error of the run made again, if it had one.
        error: Option<String>,
    },
    /// The run made again leaves other books than the undisturbed one.
    #[error("made again, the run leaves other books: {0}")]
    RerunBooks(Difference),
    /// After the run was made again and the power failed, the books are others.
    #[error("{0}")]
    Books(Difference),
    /// A violation after the run was made again and the power failed.
    #[error("made again, and the power fails: {0}")]
    RerunThenPowerCut(Box<Violation>),
    /// A run stays marked as running; with its key.
    #[error("run {0} stays marked as running")]
    StaysRunning(String),
    /// A run still holds the lease; with its id.
    #[error("run {0} still holds the lease")]
    StillHoldsLease(String),
    /// A run after a complete one still does cells.
    #[error("a run after a complete one still does cells")]
    WorkAfterComplete,
    /// A run with nothing to do writes.
    #[error("a run with nothing to do writes: {0}")]
    IdleRunWrites(Difference),
    /// The next run does not complete the cells that were forced.
    #[error("the next run does not complete the forced cells: {0}")]
    ForcedCellsLost(Difference),
    /// Two runs at once ended in ways that do not go together.
    #[error("the two end {} and {} ({errors})", ends[0], ends[1])]
    PairEnds {
        /// The ends of the two.
        ends: [RunEnd; 2],
        /// Their errors in one text.
        errors: String,
    },
    /// The run after two at once ends in another way than the undisturbed one.
    #[error("the run after them ends {found} instead of {expected} ({error})")]
    EndAfterPair {
        /// The end that was found.
        found: RunEnd,
        /// The end of the undisturbed run.
        expected: RunEnd,
        /// The error of that run; empty if it had none.
        error: String,
    },
    /// Two runs at once leave other books than the undisturbed one.
    #[error("they leave other books: {0}")]
    PairBooks(Difference),
    /// Two runs at once committed another number of cells than the undisturbed one.
    #[error("{found} cells were committed instead of {expected}")]
    PairCells {
        /// The number that was found.
        found: u64,
        /// The number of the undisturbed run.
        expected: u64,
    },
    /// An invariant of scenarios is violated in a generated one.
    #[error(
        "{violation} (step {})",
        step.as_ref().map_or("the end".to_owned(), StepNumber::to_string)
    )]
    Invariant {
        /// The violation.
        violation: runner::Violation,
        /// The number of the step; none for the end.
        step: Option<StepNumber>,
    },
    /// A complete run left a cell open that the reference model requires.
    #[error("the run is complete, but not done is: portfolio {} on {}", .0.0, .1)]
    NotDone(PortfolioId, Day),
    /// The watermark is not that of the reference model.
    #[error(
        "the watermark differs from the reference model: {} instead of {}",
        day_text(*found),
        day_text(*expected)
    )]
    Watermark {
        /// The watermark that was found.
        found: Option<Day>,
        /// The watermark of the model.
        expected: Option<Day>,
    },
    /// A phase was done before the inception of its portfolio.
    #[error("done before inception: {} of portfolio {} on {}", .0, .1.0, .2)]
    BeforeInception(Phase, PortfolioId, Day),
    /// The run did a cell that holds securities, on a session without any close.
    #[error("done without a close of any security: portfolio {} on {}", .0.0, .1)]
    DoneWithoutCloses(PortfolioId, Day),
    /// The books of a history are not those that its final sources give.
    #[error(transparent)]
    Rebuilt(RebuildDifference),
    /// A violation after a crash at a drawn point.
    #[error("{violation} (crash after {point} operations, {image})")]
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
    /// Returns the violated invariants of a play.
    pub(super) fn of_play(played: &PlayResult) -> Vec<Self> {
        let violated = played.findings().filter_map(|(_, finding)| {
            Some(Self::Invariant {
                violation: finding.violation()?.clone(),
                step: finding.step.clone(),
            })
        });
        violated.collect()
    }

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
            (Self::Rebuilt(one), Self::Rebuilt(other)) => discriminant(one) == discriminant(other),
            _ => discriminant(self) == discriminant(other),
        }
    }

    /// Returns the violated rule in words; of a claim without the findings.
    pub(super) fn rule(&self) -> String {
        match self {
            Self::Claim(broken) => broken.rule(),
            Self::RerunThenPowerCut(violation) | Self::AtCrash { violation, .. } => {
                violation.rule()
            }
            Self::Invariant { violation, .. } => violation.rule(),
            other => other.to_string(),
        }
    }
}

fn after_colon(difference: Option<&Difference>) -> String {
    difference.map_or(String::new(), |difference| format!(": {difference}"))
}

fn day_text(day: Option<Day>) -> String {
    day.map_or("none".to_owned(), |day| day.to_string())
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
