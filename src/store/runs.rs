//! The history of runs: one row each, whose progress changes in the transaction of each batch.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::columns::{Micros, integer};
use super::error::StoreError;
use super::select::{select, select_first};
use super::transaction::subject;
use crate::domain::{Day, RunId};

/// Row id of a run; ascending in the order of starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunNumber(pub i64);

integer! {
    RunNumber: |run: RunNumber| run.0, |number| Some(RunNumber(number));
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Started and not closed.
    Running,
    /// Ended with every expected cell of the scope and range done.
    Complete,
    /// Ended, and some expected cells failed or are blocked or deferred.
    Incomplete,
    /// Stopped on request after a commit.
    Cancelled,
    /// Closed by a later run, after its process ended or its lease expired.
    Abandoned,
    /// Ended by an error.
    Failed,
}

impl RunState {
    const ALL: [Self; 6] = [
        Self::Running,
        Self::Complete,
        Self::Incomplete,
        Self::Cancelled,
        Self::Abandoned,
        Self::Failed,
    ];

    /// Returns the name that is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RunState {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| StoreError::damaged(format!("invalid run state `{text}`")))
    }
}

/// Counts of a run: cells, except for `skipped`. `done + failed` never exceeds `planned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// Cells with a step in the plan, plus those done under earlier plans of the run, and those
    /// that failed under one and are not tried again.
    pub planned: u64,
    /// Cells whose steps are committed.
    pub done: u64,
    /// Cells of which at least one phase failed.
    pub failed: u64,
    /// Cells that wait for inputs.
    pub blocked: u64,
    /// Sessions of the range, up to the target, on which the plan has no step.
    pub skipped: u64,
}

/// The values of a run that are known at its start.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Public id of the run.
    pub key: RunId,
    /// Start on the clock of the environment.
    pub started: DateTime<Utc>,
    /// Name of the policy that selects the work.
    pub policy: String,
    /// Scope as shown to people.
    pub scope: String,
    /// Last day that the run fills.
    pub target: Day,
    /// Id of the plan that is executed; empty before the run has planned.
    pub plan: String,
    /// Counts at the start: zeros, except for a past run of a world.
    pub progress: Progress,
}

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    /// Row id; not part of the JSON.
    #[serde(skip)]
    pub number: RunNumber,
    /// Public id of the run.
    pub key: RunId,
    /// Current state of the run.
    pub state: RunState,
    /// Start on the clock of the environment.
    pub started: DateTime<Utc>,
    /// End, or the time at which a later run found it dead; none while it runs.
    pub ended: Option<DateTime<Utc>>,
    /// Name of the policy that selects the work.
    pub policy: String,
    /// Scope as shown to people.
    pub scope: String,
    /// Last day that the run fills.
    pub target: Day,
    /// Id of the plan that is executed; empty before the run has planned.
    pub plan: String,
    /// Counts as of the last committed batch.
    pub progress: Progress,
    /// Report as JSON, stored when the run is closed; empty if there is none.
    #[serde(skip)]
    pub report: String,
}

impl RunRow {
    /// Returns the time from start to end; `None` before the end, or if the clock went backwards.
    pub fn elapsed(&self) -> Option<Duration> {
        (self.ended? - self.started).to_std().ok()
    }
}

pub(super) const COLUMNS: &str = "id, key, state, started, ended, policy, scope, target, plan, planned, done, failed, blocked, skipped, report";

pub(super) fn row_to_run(row: &Row<'_>) -> Result<RunRow, StoreError> {
    let count = |at| -> Result<u64, StoreError> {
        let number: i64 = row.get(at)?;
        u64::try_from(number).map_err(StoreError::damaged)
    };
    Ok(RunRow {
        number: row.get(0)?,
        key: row.get(1)?,
        state: row.get::<_, String>(2)?.parse()?,
        started: row.get::<_, Micros>(3)?.0,
        ended: row.get::<_, Option<Micros>>(4)?.map(|at| at.0),
        policy: row.get(5)?,
        scope: row.get(6)?,
        target: row.get(7)?,
        plan: row.get(8)?,
        progress: Progress {
            planned: count(9)?,
            done: count(10)?,
            failed: count(11)?,
            blocked: count(12)?,
            skipped: count(13)?,
        },
        report: row.get(14)?,
    })
}

subject!(runs: ReadRuns, WriteRuns, "the history of runs");

impl ReadRuns<'_> {
    /// Returns at most `limit` runs, newest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn latest(&self, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        self.before(RunNumber(i64::MAX), limit)
    }

    /// Returns the run with the latest start, which is not the newest run if a clock was wrong.
    pub(crate) fn latest_start(&self) -> Result<Option<(RunId, DateTime<Utc>)>, StoreError> {
        // SQLite takes the other columns from the row with the maximum. The row is empty without runs.
        let sql = "SELECT max(started), key FROM run";
        let latest = select_first(self.connection, sql, [], |row| {
            let started: Option<Micros> = row.get(0)?;
            let key: Option<RunId> = row.get(1)?;
            Ok(started.zip(key).map(|(started, key)| (key, started.0)))
        })?;
        Ok(latest.flatten())
    }

    /// Returns at most `limit` runs that were started before `run`, newest first.
    pub(crate) fn before(&self, run: RunNumber, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM run WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
        select(self.connection, &sql, params![run, limit], row_to_run)
    }

    /// Returns the runs in one state, newest first.
    pub(crate) fn in_state(&self, state: RunState) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM run WHERE state = ?1 ORDER BY id DESC");
        select(self.connection, &sql, [state.name()], row_to_run)
    }

    /// Returns the runs whose public id starts with `prefix`, newest first.
    pub(crate) fn with_id_prefix(&self, prefix: &str) -> Result<Vec<RunRow>, StoreError> {
        // Not `LIKE`, whose wildcards the prefix could contain.
        let sql = format!(
            "SELECT {COLUMNS} FROM run WHERE substr(key, 1, length(?1)) = ?1 ORDER BY id DESC"
        );
        select(self.connection, &sql, [prefix], row_to_run)
    }

    /// Returns the number of batches that a run has committed; 0 if there is no such run.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn batches(&self, run: RunNumber) -> Result<i64, StoreError> {
        Ok(self
            .connection
            .query_row("SELECT batches FROM run WHERE id = ?1", [run], |row| {
                row.get(0)
            })
            .optional()?
            .unwrap_or(0))
    }
}

impl WriteRuns<'_> {
    /// Inserts the row of a run that starts, in the state `running`.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn start(&self, start: &NewRun) -> Result<RunNumber, StoreError> {
        let progress = &start.progress;
        self.connection.execute(
            "INSERT INTO run (key, state, started, policy, scope, target, plan,
                              planned, done, failed, blocked, skipped, batches, report)
             VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, '')",
            params![
                start.key,
                Micros(start.started),
                start.policy,
                start.scope,
                start.target,
                start.plan,
                progress.planned as i64,
                progress.done as i64,
                progress.failed as i64,
                progress.blocked as i64,
                progress.skipped as i64,
            ],
        )?;
        Ok(RunNumber(self.connection.last_insert_rowid()))
    }

    /// Replaces the target, the plan id and the counts after a run has planned.
    pub(crate) fn record_plan(
        &self,
        run: RunNumber,
        target: Day,
        plan: &str,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE run SET target = ?2, plan = ?3, planned = ?4, done = ?5, failed = ?6, blocked = ?7,
                            skipped = ?8 WHERE id = ?1",
            params![
                run,
                target,
                plan,
                progress.planned as i64,
                progress.done as i64,
                progress.failed as i64,
                progress.blocked as i64,
                progress.skipped as i64
            ],
        )?;
        Ok(())
    }

    /// Stores the progress of a run and counts a batch. Call it in the transaction of that batch: a
    /// failed COMMIT is judged by this count.
    pub(crate) fn update_progress(
        &self,
        run: RunNumber,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE run SET planned = ?2, done = ?3, failed = ?4, blocked = ?5, skipped = ?6,
                                batches = batches + 1 WHERE id = ?1",
            )?
            .execute(params![
                run,
                progress.planned as i64,
                progress.done as i64,
                progress.failed as i64,
                progress.blocked as i64,
                progress.skipped as i64
            ])?;
        Ok(())
    }

    /// Stores the final state, the end and the report of a run.
    pub(crate) fn close(
        &self,
        run: RunNumber,
        state: RunState,
        ended: DateTime<Utc>,
        report: &str,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE run SET state = ?2, ended = ?3, report = ?4 WHERE id = ?1",
            params![run, state.name(), Micros(ended), report],
        )?;
        Ok(())
    }

    /// Closes each run that is marked running and does not hold the lease.
    pub(crate) fn abandon_without_lease(&self, found: DateTime<Utc>) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE run SET state = 'abandoned', ended = ?1
             WHERE state = 'running' AND id NOT IN (SELECT run FROM lease)",
            params![Micros(found)],
        )?;
        Ok(())
    }

    /// Closes a run whose process is gone or whose lease expired. The time of its end is unknown,
    /// so the time at which it was found dead is stored.
    pub(super) fn abandon(&self, run: RunNumber, found: DateTime<Utc>) -> Result<(), StoreError> {
        // A run that closed itself before its process ended keeps its state.
        self.connection.execute(
            "UPDATE run SET state = 'abandoned', ended = ?2 WHERE id = ?1 AND state = 'running'",
            params![run, Micros(found)],
        )?;
        Ok(())
    }
}
