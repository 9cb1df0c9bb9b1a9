//! Stores invalidations: the cells that were removed from the ledger, and the reason.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::columns::{Micros, StoredSet};
use super::error::StoreError;
use super::transaction::subject;
use crate::domain::{
    Cell, InvalidationCause, NewInvalidation, OpenInvalidation, Phase, PhaseCells, PhaseSet,
};

/// The phases of one cell that one invalidation removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellInvalidation {
    /// Row id of the invalidation.
    pub id: i64,
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// Kind of change that made the cell invalid.
    pub cause: InvalidationCause,
    /// Changed input as shown to people.
    pub reason: String,
    /// Removed phases of the cell.
    pub phases: PhaseSet,
}

pub(super) fn parse_cause(name: &str) -> Result<InvalidationCause, StoreError> {
    InvalidationCause::from_name(name)
        .ok_or_else(|| StoreError::damaged(format!("invalid cause `{name}` of an invalidation")))
}

subject!(invalidations: ReadInvalidations, WriteInvalidations, "the invalidations");

impl ReadInvalidations<'_> {
    /// Returns the open invalidations, by id.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn open(&self) -> Result<Vec<OpenInvalidation>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, cause, reason FROM invalidation WHERE state = 'open' ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut open = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            open.push(OpenInvalidation {
                id,
                cause: parse_cause(&row.get::<_, String>(1)?)?,
                reason: row.get(2)?,
                cells: self.cells(id)?,
            });
        }
        Ok(open)
    }

    fn cells(&self, id: i64) -> Result<PhaseCells, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT day, phase, ids, count FROM invalidated WHERE invalidation = ?1",
        )?;
        let mut rows = statement.query([id])?;
        let mut cells = PhaseCells::new();
        while let Some(row) = rows.next()? {
            cells.insert((row.get(0)?, row.get(1)?), StoredSet::from_row(row, 2)?);
        }
        Ok(cells)
    }

    /// Returns every invalidation of a cell, closed ones too, by id.
    pub(crate) fn of_cell(&self, cell: Cell) -> Result<Vec<CellInvalidation>, StoreError> {
        // CROSS JOIN keeps `invalidation` as the outer loop: `invalidated` grows with the cells and
        // is then searched by its key, never read from end to end.
        let mut statement = self.connection.prepare_cached(
            "SELECT i.id, i.at, i.cause, i.reason, c.phase, c.ids, c.count
             FROM invalidation AS i CROSS JOIN invalidated AS c ON c.invalidation = i.id
             WHERE c.day = ?1 AND c.phase >= 3 ORDER BY i.id, c.phase",
        )?;
        let mut rows = statement.query([cell.day])?;
        let mut past: Vec<CellInvalidation> = Vec::new();
        while let Some(row) = rows.next()? {
            if !StoredSet::from_row(row, 5)?.contains(cell.portfolio.0) {
                continue;
            }
            let (id, phase): (i64, Phase) = (row.get(0)?, row.get(4)?);
            match past.last_mut().filter(|last| last.id == id) {
                Some(last) => last.phases = last.phases.with(phase),
                None => past.push(CellInvalidation {
                    id,
                    at: row.get::<_, Micros>(1)?.0,
                    cause: parse_cause(&row.get::<_, String>(2)?)?,
                    reason: row.get(3)?,
                    phases: PhaseSet::from_phase(phase),
                }),
            }
        }
        Ok(past)
    }
}

impl WriteInvalidations<'_> {
    /// Records an invalidation with the cells that it `removed` from the ledger.
    pub(crate) fn record(
        &self,
        new: &NewInvalidation,
        removed: &PhaseCells,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO invalidation (at, cause, reason, state) VALUES (?1, ?2, ?3, 'open')",
            params![Micros(at), new.cause.name(), new.reason],
        )?;
        let id = self.connection.last_insert_rowid();
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO invalidated (invalidation, day, phase, ids, count) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for ((day, phase), ids) in removed {
            let (bytes, count) = StoredSet::to_bytes(ids);
            statement.execute(params![id, day, phase, bytes, count])?;
        }
        Ok(())
    }

    /// Closes an invalidation.
    pub(crate) fn close(&self, id: i64) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE invalidation SET state = 'settled' WHERE id = ?1",
            [id],
        )?;
        Ok(())
    }
}
