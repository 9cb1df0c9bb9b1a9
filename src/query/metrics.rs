//! Collects the values for a monitoring system.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::concerns::{Concern, ConcernFact, ConcernInputs};
use super::error::QueryError;
use super::runs::record;
use super::status::{Order, Status, StatusOptions, status_in};
use crate::domain::Scope;
use crate::engine::{Settings, StageTimes};
use crate::environment::Environment;
use crate::store::{ActiveAlertRow, OutboxMessageRow, RunRow, RunState, Store};

/// Number of newest runs that are searched for the last complete run of each scope.
const LAST_RUNS: u32 = 1_000;

/// The values for a monitoring system, all of one state of the database.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The status of all portfolios, by id.
    pub status: Status,
    /// Number of cells of active portfolios with a phase that failed and was not done since,
    /// quarantined ones included.
    pub failed_cells: u64,
    /// End of the last complete run of each scope, among the last thousand runs.
    pub last_complete: BTreeMap<String, DateTime<Utc>>,
    /// The run that ended last, if there is one.
    pub last_ended: Option<EndedRun>,
    /// The alerts that are raised and not cleared.
    pub active_alerts: Vec<ActiveAlertRow>,
    /// The notifications that are not yet delivered.
    pub pending_messages: Vec<OutboxMessageRow>,
}

/// A run that ended, with its times.
#[derive(Debug, Clone)]
pub struct EndedRun {
    /// The stored row of the run.
    pub run: RunRow,
    /// Time by stage; absent where the run left no record.
    pub stages: Option<StageTimes>,
}

/// Collects the values at the time of the environment's clock.
///
/// # Errors
///
/// Where the store or the record of the last run cannot be read, or no plan can be made.
pub fn metrics(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    inputs: &ConcernInputs,
) -> Result<Metrics, QueryError> {
    let options = StatusOptions {
        sessions: 1,
        portfolios: usize::MAX,
        skip: 0,
        order: Order::Id,
    };
    store.read(|reading| {
        let status = status_in(
            reading,
            settings,
            environment,
            &Scope::AllActive,
            options,
            inputs,
        )?;
        let runs = reading.runs().latest(LAST_RUNS)?;
        let cells_of = |concern: &Concern| match concern.fact {
            ConcernFact::Failing { cells } => cells,
            _ => 0,
        };
        let failed_cells = status.concerns.iter().map(cells_of).sum();
        Ok(Metrics {
            status,
            failed_cells,
            last_complete: last_complete(&runs),
            last_ended: last_ended(runs)?,
            active_alerts: reading.alerts().active()?,
            pending_messages: reading.outbox().messages()?,
        })
    })
}

fn last_complete(runs: &[RunRow]) -> BTreeMap<String, DateTime<Utc>> {
    let mut last = BTreeMap::new();
    for run in runs.iter().filter(|run| run.state == RunState::Complete) {
        if let Some(ended) = run.ended {
            last.entry(run.scope.clone()).or_insert(ended);
        }
    }
    last
}

fn last_ended(runs: Vec<RunRow>) -> Result<Option<EndedRun>, QueryError> {
    let mut ended = runs
        .into_iter()
        .filter(|run| run.state != RunState::Running);
    let Some(run) = ended.next() else {
        return Ok(None);
    };
    let stages = record(&run)?.map(|record| record.milliseconds);
    Ok(Some(EndedRun { run, stages }))
}
