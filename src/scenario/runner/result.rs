//! The results of a scenario as plain values, which transcripts, expectations and JSON are made
//! from.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::finding::Finding;
use super::inspect::EndState;
use super::run_result::RunResult;
use super::step_number::StepNumber;
use crate::scenario::script::Scenario;

/// The result of a scenario under all of its policies.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlayResult {
    /// The name of the scenario, which states its claim.
    pub name: String,
    /// The description from the scenario file.
    pub description: String,
    /// The clock at the start of the scenario.
    pub now: DateTime<Utc>,
    /// The name of the calendar with its time zone in parentheses.
    pub calendar: String,
    /// The time zone of the calendar.
    #[serde(skip)]
    pub zone: Tz,
    /// The names of the portfolios at the start.
    pub portfolios: Vec<String>,
    /// The result under each policy, in the order of the scenario.
    pub policies: Vec<PolicyResult>,
}

/// The result of a scenario under one policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyResult {
    /// The name of the policy played.
    pub policy: String,
    /// The steps in the order in which they began.
    pub steps: Vec<PlayedStep>,
    /// The state of the database after the last step.
    pub end: EndState,
    /// The unmet expectations and violated invariants.
    pub findings: Vec<Finding>,
}

/// A step with its outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlayedStep {
    /// The number of the step.
    pub number: StepNumber,
    /// The step in a few words, as in `run of B`.
    pub description: String,
    /// The clock when the step began; for a step that moves the clock, when it ended.
    pub at: DateTime<Utc>,
    /// The run, change or refusal that the step led to.
    pub outcome: StepOutcome,
    /// The state of the database after the step, if an expectation of the step is about it.
    #[serde(skip)]
    pub state: Option<EndState>,
}

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// The step was a run, whatever its end.
    #[serde(rename = "ran")]
    Run(Box<RunResult>),
    /// The step was a plan, made or refused.
    Planned(Box<RunResult>),
    /// The step was a change to the database, the clock or the configuration, and was applied.
    Done {
        /// Messages for people, a line each.
        messages: Vec<String>,
        /// The phases of cells that left the ledger, counted.
        #[serde(rename = "taken_out")]
        invalidated_phases: u64,
    },
    /// The step was refused and changed nothing.
    Refused {
        /// The error text of the refusal.
        #[serde(rename = "why")]
        reason: String,
    },
}

impl PolicyResult {
    /// Returns the runs in order, nested ones included.
    pub fn runs(&self) -> impl Iterator<Item = &RunResult> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            StepOutcome::Run(run) => Some(&**run),
            StepOutcome::Planned(_) | StepOutcome::Done { .. } | StepOutcome::Refused { .. } => {
                None
            }
        })
    }
}

impl PlayResult {
    /// Returns the results of a scenario under its policies.
    pub fn of(scenario: &Scenario, policies: Vec<PolicyResult>) -> Self {
        let world = &scenario.world;
        let zone = world.calendar.zone();
        let portfolios = world.portfolios.iter();
        Self {
            name: scenario.name.clone(),
            description: world.description.clone(),
            now: world.now,
            calendar: format!("{} ({zone})", world.calendar.name()),
            zone,
            portfolios: portfolios.map(|of| of.portfolio.name.clone()).collect(),
            policies,
        }
    }

    /// Returns all findings, each with the name of its policy.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        let policies = self.policies.iter();
        policies.flat_map(|policy| {
            policy
                .findings
                .iter()
                .map(|finding| (policy.policy.as_str(), finding))
        })
    }
}
