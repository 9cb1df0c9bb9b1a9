//! What came of a scenario, as plain values: transcripts, expectations and programs read these.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::inspect::EndState;
use super::run_result::RunResult;

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlayResult {
    /// Its claim.
    pub name: String,
    /// What it is about, in prose.
    pub description: String,
    /// What the clock said at its beginning.
    pub now: DateTime<Utc>,
    /// The calendar's name and its time zone.
    pub calendar: String,
    /// The portfolios that were there at the beginning.
    pub portfolios: Vec<String>,
    /// What came of it under each policy.
    pub policies: Vec<PolicyResult>,
}

/// What came of a scenario under one policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyResult {
    /// The policy's name.
    pub policy: String,
    /// What happened, in the order in which it did.
    #[serde(rename = "acts")]
    pub steps: Vec<PlayedStep>,
    /// How the books stand in the end.
    pub end: EndState,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlayedStep {
    /// Its number: `2`, or `2.1` for the first that happened while step 2 was at work.
    pub number: String,
    /// What it was, in words.
    #[serde(rename = "what")]
    pub description: String,
    /// What the clock said when it began; where it is the clock that moved, what it said then.
    pub at: DateTime<Utc>,
    /// What came of it.
    #[serde(rename = "came")]
    pub outcome: StepOutcome,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// A run.
    #[serde(rename = "ran")]
    Run(Box<RunResult>),
    /// It was done: what there is to say of it, and how many phases of cells left the ledger.
    Done {
        /// In words, a line each.
        #[serde(rename = "says")]
        messages: Vec<String>,
        /// How many phases of cells.
        #[serde(rename = "taken_out")]
        invalidated_phases: u64,
    },
    /// It was refused, and changed nothing.
    Refused {
        /// Why, in words.
        #[serde(rename = "why")]
        reason: String,
    },
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The step at which it showed; the end where there is none.
    #[serde(rename = "act")]
    pub step: Option<String>,
    /// What kind it is.
    pub kind: FindingKind,
    /// What is wrong, in words.
    #[serde(rename = "says")]
    pub message: String,
}

/// What kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The scenario expects something else.
    Expectation,
    /// Something does not hold that must hold always.
    Invariant,
}

impl PlayedStep {
    /// Whether it happened while a run was at work.
    pub fn is_during_run(&self) -> bool {
        self.number.contains('.')
    }
}

impl PolicyResult {
    /// The runs, in order.
    pub fn runs(&self) -> impl Iterator<Item = &RunResult> {
        self.steps.iter().filter_map(|act| match &act.outcome {
            StepOutcome::Run(ran) => Some(&**ran),
            StepOutcome::Done { .. } | StepOutcome::Refused { .. } => None,
        })
    }
}

impl PlayResult {
    /// All that is not as it should be, each with its policy.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        let policies = self.policies.iter();
        policies.flat_map(|one| {
            one.findings
                .iter()
                .map(|found| (one.policy.as_str(), found))
        })
    }
}
