//! The run that is at work, whichever process it is in.

use serde::Serialize;

use super::status::{LeaseView, lease};
use super::{LeaseState, QueryError};
use crate::environment::Environment;
use crate::store::{RunRow, RunState, Store};

/// A run at work.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LiveRun {
    /// Its row, with progress as of its last commit.
    #[serde(flatten)]
    pub row: RunRow,
    /// How much of what is planned was tried, 0 to 100; 0 where nothing is planned yet.
    pub percent: f64,
    /// The lease it holds.
    pub lease: LeaseView,
}

/// The run at work, if one is. One that was left running by a process that is gone is none.
pub fn live_run(store: &Store, environment: &Environment) -> Result<Option<LiveRun>, QueryError> {
    store.read(|reading| {
        let held = lease(reading, environment)?;
        let Some(lease) = held.filter(|lease| lease.state == LeaseState::Live) else {
            return Ok(None);
        };
        let running = reading.runs_in_state(RunState::Running)?;
        let row = running.into_iter().find(|row| row.key == lease.run);
        Ok(row.map(|row| LiveRun {
            percent: percent(&row),
            row,
            lease,
        }))
    })
}

fn percent(row: &RunRow) -> f64 {
    let progress = &row.progress;
    match progress.planned {
        0 => 0.0,
        planned => (progress.done + progress.failed) as f64 * 100.0 / planned as f64,
    }
}
