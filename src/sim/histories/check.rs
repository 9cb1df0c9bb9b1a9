//! Plays generated histories with all invariants, and rebuilds their final databases.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Serialize;

use super::rebuild::{Comparison, compare_with_rebuilt};
use super::steps::generate_history;
use crate::parallel::map;
use crate::scenario::runner::{CheckLevel, play};
use crate::scenario::script::Scenario;
use crate::sim::finding::{Finding, ReplayToken};
use crate::sim::fuzz::parse_generated;
use crate::sim::run_under_test::{RunUnderTest, SimError, runs_under_test};
use crate::sim::violation::Violation;

/// The seeds of the histories to generate.
#[derive(Debug, Clone, Copy)]
pub struct HistoryOptions {
    /// The first of consecutive seeds.
    pub seed: u64,
    /// The number of seeds, one history each.
    pub seeds: u64,
    /// The number of histories played at a time.
    pub jobs: NonZeroUsize,
}

/// The result of many generated histories.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HistoryReport {
    /// The number of histories that were played.
    pub histories: usize,
    /// The number of their steps.
    pub steps: u64,
    /// The number of histories whose database was compared with a rebuilt one.
    pub compared: usize,
    /// The violations in the order of the seeds.
    pub findings: Vec<Finding>,
}

/// The result of one generated history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryResult {
    /// The number of its steps.
    pub steps: u64,
    /// Whether the database at the end was compared with a rebuilt one.
    pub is_compared: bool,
    /// The violations of invariants, and the differences from the rebuilt database.
    pub violations: Vec<Violation>,
}

impl HistoryReport {
    /// Adds the results of more histories.
    pub fn merge(&mut self, more: Self) {
        self.histories += more.histories;
        self.steps += more.steps;
        self.compared += more.compared;
        self.findings.extend(more.findings);
    }
}

/// Generates and checks histories, one a seed.
///
/// # Errors
///
/// A history can't be played at all.
pub fn histories(options: &HistoryOptions) -> Result<HistoryReport, SimError> {
    let seeds: Vec<u64> = (0..options.seeds)
        .map(|number| options.seed.wrapping_add(number))
        .collect();
    let results = map(options.jobs, &seeds, |seed| {
        check_history(&generate_history(*seed))
    });
    let mut report = HistoryReport::default();
    for (seed, result) in seeds.into_iter().zip(results) {
        let result = result.map_err(|error| SimError::History {
            seed,
            error: Box::new(error),
        })?;
        report.histories += 1;
        report.steps += result.steps;
        report.compared += usize::from(result.is_compared);
        let violations = result.violations.into_iter();
        report.findings.extend(violations.map(|violation| Finding {
            token: ReplayToken::history(seed),
            violation,
        }));
    }
    Ok(report)
}

/// Plays a history, checks every invariant after each step, and compares the books at its end with
/// those of a database built from the final sources.
///
/// # Errors
///
/// The text is not a scenario, or can't be played at all.
pub fn check_history(text: &str) -> Result<HistoryResult, SimError> {
    check_scenario(&parse_generated(text)?)
}

/// Does the work of [`check_history`] for a parsed scenario.
pub(in crate::sim) fn check_scenario(scenario: &Scenario) -> Result<HistoryResult, SimError> {
    let played = play(scenario, CheckLevel::Invariants)?;
    let mut violations = Violation::of_play(&played);
    let comparison = match last_run(scenario)? {
        Some(last) => compare_with_rebuilt(&last)?,
        None => Comparison::NotCompared,
    };
    let is_compared = !matches!(comparison, Comparison::NotCompared);
    if let Comparison::Different(difference) = comparison {
        violations.push(Violation::Rebuilt(difference));
    }
    Ok(HistoryResult {
        steps: scenario.steps.len() as u64,
        is_compared,
        violations,
    })
}

/// Returns the last run of a scenario; none if it has no run.
fn last_run(scenario: &Scenario) -> Result<Option<RunUnderTest>, SimError> {
    match runs_under_test(Path::new("history.toml"), scenario) {
        Ok(mut runs) => Ok(runs.pop()),
        Err(SimError::NoRun) => Ok(None),
        Err(error) => Err(error),
    }
}
