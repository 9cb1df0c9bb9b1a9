//! Defines the run record, the stored form of an outcome: JSON in the run's row, which `runs show`
//! reads back.

use serde::{Deserialize, Serialize};

use super::certificate::Certificate;
use super::outcome::Outcome;
use crate::domain::{Day, Phase};

/// Failures kept with a run, to bound its row. All of them are counted, and current failures are
/// stored by cell as well.
const MAX_FAILURES: usize = 200;

/// The report of a run, as stored in its row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Text of the error that ended the run, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Texts of the run's warnings, in order.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Counts of every expected cell; absent if an error ended the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Wall time of each stage, in milliseconds.
    #[serde(default)]
    pub milliseconds: StageTimes,
    /// Number of cells done, by session.
    #[serde(default)]
    pub done: Vec<(Day, u64)>,
    /// The first failed phases, at most 200, in plan order.
    #[serde(default)]
    pub failures: Vec<RecordedFailure>,
}

/// Wall time of each stage, in milliseconds. Stages overlap, so the sum may exceed the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTimes {
    /// Time from start to end.
    #[serde(rename = "whole")]
    pub total: u64,
    /// Time of surveys and planning.
    pub planning: u64,
    /// Time of reading the sources.
    pub loading: u64,
    /// Time of security statistics, phase 2.
    pub securities: u64,
    /// Time of snapshots and positions, phases 3 and 4.
    pub books: u64,
    /// Time of weights and concentration, phase 5.
    pub exposures: u64,
    /// Time of the cells' risk, phase 6.
    pub risk: u64,
    /// Time of the writer in transactions, which overlaps the computing.
    pub committing: u64,
}

impl StageTimes {
    /// Returns every stage but the total with its name, in milliseconds.
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

/// A failed phase of a cell, as stored with its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFailure {
    /// Dense id of the portfolio.
    pub portfolio: u32,
    /// Session of the cell.
    pub day: Day,
    /// Phase of the cell that failed.
    pub phase: Phase,
    /// Text of the error that failed it.
    pub reason: String,
}

/// Serializes an outcome for the run's row.
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
