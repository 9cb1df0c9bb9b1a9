//! What a monitoring system draws and watches.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::runs::record;
use super::{Order, QueryError, Status, StatusOptions, status};
use crate::domain::{Cell, Scope};
use crate::engine::{Settings, StageTimes};
use crate::environment::Environment;
use crate::store::{ActiveAlertRow, OutboxMessageRow, RunRow, RunState, Store};

/// Among how many runs the last one that was complete is looked for.
const LAST_RUNS: u32 = 1_000;

/// What a monitoring system draws and watches.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// How far everybody is, by id.
    pub status: Status,
    /// Cells of which a phase failed and was not done since; those left alone too.
    pub failed_cells: u64,
    /// When the last complete run of each scope ended, among the last thousand runs.
    pub last_complete: BTreeMap<String, DateTime<Utc>>,
    /// The last run that ended, if one did.
    pub last_ended: Option<EndedRun>,
    /// What is wrong, as far as it was told.
    pub active_alerts: Vec<ActiveAlertRow>,
    /// What is still to be told.
    pub pending_messages: Vec<OutboxMessageRow>,
}

/// A run that ended.
#[derive(Debug, Clone)]
pub struct EndedRun {
    /// Its row.
    pub run: RunRow,
    /// Where its time went, where that was kept.
    pub stages: Option<StageTimes>,
}

/// What a monitoring system draws and watches, by the environment's clock.
pub fn metrics(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
) -> Result<Metrics, QueryError> {
    let everybody = StatusOptions {
        sessions: 1,
        portfolios: usize::MAX,
        skip: 0,
        order: Order::Id,
    };
    let status = status(store, settings, environment, &Scope::AllActive, everybody)?;
    store.read(|reading| {
        let runs = reading.runs(LAST_RUNS)?;
        let failures = reading.failures()?;
        let cells: std::collections::BTreeSet<Cell> =
            failures.iter().map(|failure| failure.cell).collect();
        Ok(Metrics {
            status,
            failed_cells: cells.len() as u64,
            last_complete: last_complete(&runs),
            last_ended: last_ended(runs)?,
            active_alerts: reading.active_alerts()?,
            pending_messages: reading.outbox_messages()?,
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
