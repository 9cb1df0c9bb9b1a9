//! Runs: one row each, with progress that is true at every commit.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::columns::Micros;
use super::{ReadTransaction, StoreError, WriteTransaction};
use crate::domain::{Day, RunId};

/// A run inside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunNumber(pub i64);

impl ToSql for RunNumber {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0))
    }
}

impl FromSql for RunNumber {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// At work.
    Running,
    /// Ended with every planned cell done.
    Complete,
    /// Ended, and some cells failed, are blocked or quarantined.
    Incomplete,
    /// Stopped on request after a commit.
    Cancelled,
    /// Its process ended without closing it.
    Abandoned,
    /// Ended by an error of the store.
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

    /// Its name.
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
            .ok_or_else(|| StoreError::damaged(format!("`{text}` is no state of a run")))
    }
}

/// Counted cells. `done + failed` never exceeds `planned`; blocked and skipped are not planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// Cells with a step in the plan.
    pub planned: u64,
    /// Cells whose steps are committed.
    pub done: u64,
    /// Cells of which at least one phase failed.
    pub failed: u64,
    /// Cells that wait for inputs.
    pub blocked: u64,
    /// Days of the range on which nobody needed anything.
    pub skipped: u64,
}

/// What is known of a run when it starts.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id.
    pub key: RunId,
    /// When.
    pub started: DateTime<Utc>,
    /// The policy's name.
    pub policy: String,
    /// The scope, in words.
    pub scope: String,
    /// The last day to be filled.
    pub target: Day,
    /// The plan's id.
    pub plan: String,
    /// What is planned.
    pub progress: Progress,
}

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    /// Inside.
    #[serde(skip)]
    pub number: RunNumber,
    /// Outside.
    pub key: RunId,
    /// How it stands.
    pub state: RunState,
    /// When it started.
    pub started: DateTime<Utc>,
    /// When it ended, if it did.
    pub ended: Option<DateTime<Utc>>,
    /// The policy's name.
    pub policy: String,
    /// The scope, in words.
    pub scope: String,
    /// The last day to be filled.
    pub target: Day,
    /// The plan's id.
    pub plan: String,
    /// What is done of what was planned.
    pub progress: Progress,
    /// The report, as JSON; empty while the run is at work.
    #[serde(skip)]
    pub report: String,
}

const COLUMNS: &str = "id, key, state, started, ended, policy, scope, target, plan, planned, done, failed, blocked, skipped, report";

fn row_to_run(row: &Row<'_>) -> Result<RunRow, StoreError> {
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

impl ReadTransaction<'_> {
    /// The newest runs first, at most `limit`.
    pub fn runs(&self, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        self.runs_before(RunNumber(i64::MAX), limit)
    }

    /// The runs that were started before `run`, newest first, at most `limit`.
    pub fn runs_before(&self, run: RunNumber, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM run WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
        ))?;
        let mut rows = statement.query(params![run, limit])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(row_to_run(row)?);
        }
        Ok(runs)
    }

    /// The runs in one state, newest first.
    pub fn runs_in_state(&self, state: RunState) -> Result<Vec<RunRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM run WHERE state = ?1 ORDER BY id DESC"
        ))?;
        let mut rows = statement.query([state.name()])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(row_to_run(row)?);
        }
        Ok(runs)
    }

    /// The runs whose id starts with `prefix`, newest first.
    pub fn runs_with_id_prefix(&self, prefix: &str) -> Result<Vec<RunRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM run WHERE substr(key, 1, length(?1)) = ?1 ORDER BY id DESC"
        ))?;
        let mut rows = statement.query([prefix])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(row_to_run(row)?);
        }
        Ok(runs)
    }

    /// How many batches a run has committed.
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

impl WriteTransaction<'_> {
    /// Writes the row of a run that starts.
    pub fn start_run(&self, start: &NewRun) -> Result<RunNumber, StoreError> {
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

    /// Writes down what a run plans.
    pub fn record_plan(
        &self,
        run: RunNumber,
        target: Day,
        plan: &str,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE run SET target = ?2, plan = ?3, planned = ?4, blocked = ?5, skipped = ?6 WHERE id = ?1",
            params![
                run,
                target,
                plan,
                progress.planned as i64,
                progress.blocked as i64,
                progress.skipped as i64
            ],
        )?;
        Ok(())
    }

    /// Says how far a run is, in the transaction of the batch that it speaks of.
    pub fn update_progress(&self, run: RunNumber, progress: &Progress) -> Result<(), StoreError> {
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

    /// Closes a run.
    pub fn close_run(
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

    /// Closes a run whose process is gone. It ended when its lease was last renewed, or later:
    /// nobody knows, so what is written is when it was found.
    pub(super) fn abandon_run(
        &self,
        run: RunNumber,
        found: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE run SET state = 'abandoned', ended = ?2 WHERE id = ?1 AND state = 'running'",
            params![run, Micros(found)],
        )?;
        Ok(())
    }
}
