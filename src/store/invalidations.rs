//! Invalidations: cells removed from the ledger, durably and with a reason. Their old outputs stay
//! readable until the replacement commits.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::columns::{Micros, StoredSet};
use super::transaction::subject;
use super::{StoreError, WriteTransaction};
use crate::domain::{Cell, Day, IdSet, InvalidationCause, OpenInvalidation, Phase, PhaseSet};

/// A request to remove cells from the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInvalidation {
    /// Kind of change that makes the cells invalid.
    pub cause: InvalidationCause,
    /// Changed input as shown to people.
    pub reason: String,
    /// Ids by day and phase. Those not in the ledger are ignored.
    pub cells: BTreeMap<(Day, Phase), IdSet>,
}

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

fn parse_cause(name: &str) -> Result<InvalidationCause, StoreError> {
    InvalidationCause::from_name(name)
        .ok_or_else(|| StoreError::damaged(format!("invalid cause `{name}` of an invalidation")))
}

subject!(invalidations: ReadInvalidations, WriteInvalidations, "the invalidations");

impl ReadInvalidations<'_> {
    /// Returns the open invalidations, by id. A run closes those whose cells are all done again.
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

    fn cells(&self, id: i64) -> Result<BTreeMap<(Day, Phase), IdSet>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT day, phase, ids, count FROM invalidated WHERE invalidation = ?1",
        )?;
        let mut rows = statement.query([id])?;
        let mut cells = BTreeMap::new();
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
    /// Removes cells from the ledger, records the reason and returns the removed ids. Nothing is
    /// written if no cell was in the ledger.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn invalidate(
        &self,
        new: &NewInvalidation,
        at: DateTime<Utc>,
    ) -> Result<BTreeMap<(Day, Phase), IdSet>, StoreError> {
        self.invalidate_all([Ok(new)], at)
    }

    /// Applies several invalidations in order and returns the ids that all of them removed. What an
    /// earlier one removed is not recorded for a later one. Each row of the ledger is read and
    /// written at most once, however many invalidations concern it.
    pub(crate) fn invalidate_all<E: From<StoreError>>(
        &self,
        invalidations: impl IntoIterator<Item = Result<impl Borrow<NewInvalidation>, E>>,
        at: DateTime<Utc>,
    ) -> Result<BTreeMap<(Day, Phase), IdSet>, E> {
        let transaction = WriteTransaction::on(self.connection);
        let mut ledger: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        let mut removed: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        // Rows are read once and written after the loop: each invalidation must see what the
        // earlier ones removed.
        for new in invalidations {
            let new = new?;
            let new = new.borrow();
            let mut found_by_cell = BTreeMap::new();
            for (&(day, phase), ids) in &new.cells {
                let done = match ledger.entry((day, phase)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unread) => unread.insert(transaction.ledger().done(day, phase)?),
                };
                let found = &*done & ids;
                if !found.is_empty() {
                    *done -= &found;
                    *removed.entry((day, phase)).or_default() |= &found;
                    found_by_cell.insert((day, phase), found);
                }
            }
            if !found_by_cell.is_empty() {
                self.record(new, &found_by_cell, at)?;
            }
        }
        for (day, phase) in removed.keys() {
            transaction
                .ledger()
                .set_done(*day, *phase, &ledger[&(*day, *phase)])?;
        }
        // A run that read the ledger before must not commit: its cells may be among the removed.
        if !removed.is_empty() {
            transaction.increment_revision()?;
        }
        Ok(removed)
    }

    fn record(
        &self,
        new: &NewInvalidation,
        removed: &BTreeMap<(Day, Phase), IdSet>,
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

    /// Closes the invalidations whose cells are all done again.
    pub(crate) fn close_completed(&self) -> Result<(), StoreError> {
        let ledger = WriteTransaction::on(self.connection).ledger();
        for open in self.open()? {
            let mut complete = true;
            for ((day, phase), ids) in &open.cells {
                if !ids.is_subset(&ledger.done(*day, *phase)?) {
                    complete = false;
                    break;
                }
            }
            if complete {
                self.connection.execute(
                    "UPDATE invalidation SET state = 'settled' WHERE id = ?1",
                    [open.id],
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn later_invalidations_skip_cells_already_invalidated() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let mut writer = store.writer().unwrap();
        let at = (Day::MIN, Phase::Risk);
        let invalidation = |reason: &str, ids: &[u32]| NewInvalidation {
            cause: InvalidationCause::Price,
            reason: reason.to_owned(),
            cells: [(at, ids.iter().collect())].into(),
        };
        let invalidations = [
            invalidation("first", &[1, 2]),
            invalidation("second", &[2]),
            invalidation("third", &[2, 3, 9]),
        ];
        let removed = writer.write(|writing| {
            writing
                .ledger()
                .set_done(at.0, at.1, &IdSet::from([1, 2, 3, 4]))?;
            let invalidations = invalidations.iter().map(Ok::<_, StoreError>);
            writing
                .invalidations()
                .invalidate_all(invalidations, DateTime::UNIX_EPOCH)
        });
        assert_eq!(removed.unwrap(), [(at, IdSet::from([1, 2, 3]))].into());
        let open = store
            .read(|reading| reading.invalidations().open())
            .unwrap();
        let open: Vec<_> = open
            .iter()
            .map(|open| (open.reason.as_str(), &open.cells[&at]))
            .collect();
        let (first, third) = (IdSet::from([1, 2]), IdSet::from([3]));
        assert_eq!(open, [("first", &first), ("third", &third)]);
        let done = store
            .read(|reading| reading.ledger().done(at.0, at.1))
            .unwrap();
        assert_eq!(done, IdSet::from([4]));
    }
}
