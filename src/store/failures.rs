//! Stores the failures of phases: a count for each cell and phase, deleted when the phase succeeds
//! or the user runs `retry`.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::columns::Micros;
use super::error::StoreError;
use super::runs::RunNumber;
use super::select::select;
use super::transaction::subject;
use crate::domain::{Cell, Day, DayRange, Phase, PortfolioId};

/// The consecutive failures of one phase of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Cell that the phase belongs to.
    pub cell: Cell,
    /// Phase whose failures are counted.
    pub phase: Phase,
    /// Number of failures since the last success.
    pub times: u32,
    /// Reason of the last failure, as text to show.
    pub reason: String,
    /// Time of the last failure.
    pub last_at: DateTime<Utc>,
}

pub(super) fn row_to_failure(row: &Row<'_>) -> Result<Failure, StoreError> {
    Ok(Failure {
        cell: Cell::new(row.get(0)?, row.get(1)?),
        phase: row.get(2)?,
        times: row.get(3)?,
        reason: row.get(4)?,
        last_at: row.get::<_, Micros>(5)?.0,
    })
}

subject!(failures: ReadFailures, WriteFailures, "the failures of phases");

impl ReadFailures<'_> {
    /// Returns all recorded failures, ordered by day, portfolio and phase.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<Failure>, StoreError> {
        let sql = "SELECT day, portfolio, phase, times, reason, last_at FROM failure ORDER BY day, portfolio, phase";
        select(self.connection, sql, [], row_to_failure)
    }
}

impl WriteFailures<'_> {
    /// Adds one to the failure count of a cell's phase, and replaces the reason, time and run of
    /// its last failure.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn record(
        &self,
        cell: Cell,
        phase: Phase,
        reason: &str,
        at: DateTime<Utc>,
        run: RunNumber,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO failure (day, portfolio, phase, times, reason, last_at, run)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)
                 ON CONFLICT (day, portfolio, phase) DO UPDATE
                 SET times = times + 1, reason = excluded.reason, last_at = excluded.last_at, run = excluded.run",
            )?
            .execute(params![cell.day, cell.portfolio, phase, reason, Micros(at), run])?;
        Ok(())
    }

    /// Deletes the failures of a cell's phase that succeeded.
    pub(crate) fn forget(&self, cell: Cell, phase: Phase) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM failure WHERE day = ?1 AND portfolio = ?2 AND phase = ?3")?
            .execute(params![cell.day, cell.portfolio, phase])?;
        Ok(())
    }

    /// Deletes the failures of a portfolio, or of all portfolios if `None`, on the days of a range.
    /// Returns the number of deleted counts, one for each cell and phase.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn forget_range(
        &self,
        portfolio: Option<PortfolioId>,
        range: DayRange,
    ) -> Result<usize, StoreError> {
        let (first, last): (Day, Day) = (range.first(), range.last());
        Ok(self.connection.execute(
            "DELETE FROM failure WHERE day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR portfolio = ?3)",
            params![first, last, portfolio],
        )?)
    }
}
