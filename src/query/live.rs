//! Finds the active run, in this process or another one, and the lease that is stored.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::QueryError;
use crate::domain::RunId;
use crate::environment::Environment;
use crate::store::{ReadTransaction, RunRow, RunState, Store};

/// An active run with its progress and lease.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LiveRun {
    /// The row of the run, with the progress of its last commit.
    #[serde(flatten)]
    pub row: RunRow,
    /// Share of the planned cells that are done or failed, 0 to 100; 0 until a plan is made.
    pub percent: f64,
    /// The lease that the run holds.
    pub lease: LeaseView,
}

/// Returns the active run. A run that is stored as running is not active if its lease has expired
/// or its process is gone.
///
/// # Errors
///
/// Where the store cannot be read.
pub fn live_run(store: &Store, environment: &Environment) -> Result<Option<LiveRun>, QueryError> {
    store.read(|reading| {
        let lease = lease(reading, environment)?;
        let Some(lease) = lease.filter(|lease| lease.state == LeaseState::Live) else {
            return Ok(None);
        };
        let running = reading.runs().in_state(RunState::Running)?;
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

/// The stored lease and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeaseView {
    /// The run that holds the lease.
    pub run: RunId,
    /// Description of the process, such as `process 4711 on host books`.
    pub owner: String,
    /// The time of the last renewal.
    pub renewed: DateTime<Utc>,
    /// The time at which the lease expires.
    pub expires: DateTime<Utc>,
    /// The state at the time of the query.
    pub state: LeaseState,
}

/// The state of a lease. A live one excludes other runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseState {
    /// The run is active.
    Live,
    /// The lease has expired, or its process is gone. The next run takes it over.
    LeftBehind,
}

/// Returns the stored lease, if there is one.
pub(super) fn lease(
    reading: &ReadTransaction<'_>,
    environment: &Environment,
) -> Result<Option<LeaseView>, QueryError> {
    Ok(reading.lease().holder()?.map(|holder| LeaseView {
        run: holder.run,
        owner: holder.to_string(),
        renewed: holder.renewed,
        expires: holder.expires,
        state: if holder.is_live(environment) {
            LeaseState::Live
        } else {
            LeaseState::LeftBehind
        },
    }))
}
