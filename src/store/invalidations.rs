//! Invalidations: cells taken out of the ledger, durably and with a reason. Their old outputs
//! stay readable until the replacement commits.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::columns::{Micros, StoredSet};
use super::{Reading, StoreError, Writing};
use crate::domain::{Cell, Day, Phase, PhaseSet, Subjects};
use crate::plan::{Cause, OpenInvalidation};

/// What an invalidation is to take out, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInvalidation {
    /// What kind of change it is.
    pub cause: Cause,
    /// The input that changed, in words for people.
    pub why: String,
    /// What it speaks of. What is not done is not taken out.
    pub cells: BTreeMap<(Day, Phase), Subjects>,
}

/// What an invalidation took out of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastInvalidation {
    /// Its id.
    pub id: i64,
    /// When it was.
    pub at: DateTime<Utc>,
    /// What kind of change it was.
    pub cause: Cause,
    /// The input that changed, in words.
    pub why: String,
    /// The phases of the cell that it took out.
    pub phases: PhaseSet,
}

fn cause(name: &str) -> Result<Cause, StoreError> {
    Cause::from_name(name)
        .ok_or_else(|| StoreError::damaged(format!("`{name}` is no cause of an invalidation")))
}

impl Reading<'_> {
    /// The invalidations of which something is still to be done, by id.
    pub fn open_invalidations(&self) -> Result<Vec<OpenInvalidation>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, cause, why FROM invalidation WHERE state = 'open' ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut open = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            open.push(OpenInvalidation {
                id,
                cause: cause(&row.get::<_, String>(1)?)?,
                why: row.get(2)?,
                cells: self.invalidated_by(id)?,
            });
        }
        Ok(open)
    }

    fn invalidated_by(&self, id: i64) -> Result<BTreeMap<(Day, Phase), Subjects>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT day, phase, subjects, count FROM invalidated WHERE invalidation = ?1",
        )?;
        let mut rows = statement.query([id])?;
        let mut cells = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(2)?.as_blob().map_err(StoreError::damaged)?;
            cells.insert(
                (row.get(0)?, row.get(1)?),
                StoredSet::read(bytes, row.get(3)?)?,
            );
        }
        Ok(cells)
    }

    /// Every invalidation that ever took phases of a cell out, by id.
    pub fn invalidations_of(&self, cell: Cell) -> Result<Vec<PastInvalidation>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT i.id, i.at, i.cause, i.why, c.phase, c.subjects, c.count
             FROM invalidation AS i CROSS JOIN invalidated AS c ON c.invalidation = i.id
             WHERE c.day = ?1 AND c.phase >= 3 ORDER BY i.id, c.phase",
        )?;
        let mut rows = statement.query([cell.day])?;
        let mut past: Vec<PastInvalidation> = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(5)?.as_blob().map_err(StoreError::damaged)?;
            if !StoredSet::read(bytes, row.get(6)?)?.contains(cell.portfolio.0) {
                continue;
            }
            let (id, phase): (i64, Phase) = (row.get(0)?, row.get(4)?);
            match past.last_mut().filter(|last| last.id == id) {
                Some(last) => last.phases = last.phases.with(phase),
                None => past.push(PastInvalidation {
                    id,
                    at: row.get::<_, Micros>(1)?.0,
                    cause: cause(&row.get::<_, String>(2)?)?,
                    why: row.get(3)?,
                    phases: PhaseSet::of(phase),
                }),
            }
        }
        Ok(past)
    }
}

impl Writing<'_> {
    /// Takes cells out of the ledger and writes down why. What was taken out is given back;
    /// when nothing was, nothing is written.
    pub fn invalidate(
        &self,
        new: &NewInvalidation,
        at: DateTime<Utc>,
    ) -> Result<BTreeMap<(Day, Phase), Subjects>, StoreError> {
        let taken = self.take_out(&new.cells)?;
        if taken.is_empty() {
            return Ok(taken);
        }
        self.connection.execute(
            "INSERT INTO invalidation (at, cause, why, state) VALUES (?1, ?2, ?3, 'open')",
            params![Micros(at), new.cause.name(), new.why],
        )?;
        let id = self.connection.last_insert_rowid();
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO invalidated (invalidation, day, phase, subjects, count) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for ((day, phase), subjects) in &taken {
            let (bytes, count) = StoredSet::bytes(subjects);
            statement.execute(params![id, day, phase, bytes, count])?;
        }
        self.count_revision()?;
        Ok(taken)
    }

    /// Settles the invalidations of which everything is done again.
    pub fn settle_invalidations(&self) -> Result<(), StoreError> {
        for open in self.open_invalidations()? {
            let mut settled = true;
            for ((day, phase), subjects) in &open.cells {
                if !subjects.is_subset(&self.done(*day, *phase)?) {
                    settled = false;
                    break;
                }
            }
            if settled {
                self.connection.execute(
                    "UPDATE invalidation SET state = 'settled' WHERE id = ?1",
                    [open.id],
                )?;
            }
        }
        Ok(())
    }
}
