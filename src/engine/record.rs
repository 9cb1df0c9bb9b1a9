//! What is kept of an outcome in the run's row, as JSON that `runs show` reads back.

use serde::{Deserialize, Serialize};

use super::certificate::Certificate;
use super::outcome::Outcome;
use crate::domain::{Day, Phase};

/// How many failures are kept with a run; all of them are counted, and those that still stand
/// are kept by cell.
const MAX_FAILURES: usize = 200;

/// What is kept of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What ended the run, where an error did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What a person should know.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Every expected cell, accounted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Milliseconds by stage.
    #[serde(default)]
    pub milliseconds: StageTimes,
    /// Cells done by day.
    #[serde(default)]
    pub done: Vec<(Day, u64)>,
    /// The phases that failed.
    #[serde(default)]
    pub failures: Vec<RecordedFailure>,
}

/// Wall time by stage, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTimes {
    /// From start to end.
    #[serde(rename = "whole")]
    pub total: u64,
    /// Reading the facts and planning.
    pub planning: u64,
    /// Reading the sources.
    pub loading: u64,
    /// Phase 2.
    pub securities: u64,
    /// Phases 3 and 4.
    pub books: u64,
    /// Phase 5.
    pub exposures: u64,
    /// Phase 6.
    pub risk: u64,
    /// Committing, beside the computing.
    pub committing: u64,
}

impl StageTimes {
    /// The stages of the whole by name, in milliseconds.
    pub const fn by_name(&self) -> [(&'static str, u64); 7] {
        [
            ("planning", self.planning),
            ("loading", self.loading),
            ("securities", self.securities),
            ("books", self.books),
            ("exposures", self.exposures),
            ("risk", self.risk),
            ("committing", self.committing),
        ]
    }
}

/// A phase that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFailure {
    /// Whose, by id inside.
    pub portfolio: u32,
    /// On which day.
    pub day: Day,
    /// Which phase.
    pub phase: Phase,
    /// Why.
    pub reason: String,
}

/// The JSON to keep of an outcome.
pub(super) fn run_record_json(outcome: &Outcome) -> String {
    let times = &outcome.times;
    let milliseconds = |time: std::time::Duration| time.as_millis() as u64;
    let record = RunRecord {
        error: None,
        warnings: outcome.warnings.iter().map(ToString::to_string).collect(),
        certificate: Some(outcome.certificate),
        milliseconds: StageTimes {
            total: milliseconds(times.total),
            planning: milliseconds(times.planning),
            loading: milliseconds(times.loading),
            securities: milliseconds(times.phases.securities),
            books: milliseconds(times.phases.books),
            exposures: milliseconds(times.phases.exposures),
            risk: milliseconds(times.phases.risk),
            committing: milliseconds(times.committing),
        },
        done: outcome
            .done
            .iter()
            .map(|(day, set)| (*day, set.len()))
            .collect(),
        failures: (outcome.failures.iter().take(MAX_FAILURES))
            .map(|failure| RecordedFailure {
                portfolio: failure.cell.portfolio.0,
                day: failure.cell.day,
                phase: failure.phase,
                reason: failure.reason.clone(),
            })
            .collect(),
    };
    serde_json::to_string(&record).expect("a record is plain data")
}
