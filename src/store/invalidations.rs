//! Invalidations: cells taken out of the ledger, durably and with a reason. Their old outputs
//! stay readable until the replacement commits.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::columns::{Micros, StoredSet};
use super::{ReadTransaction, StoreError, WriteTransaction};
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet};
use crate::plan::{InvalidationCause, OpenInvalidation};

/// What an invalidation is to take out, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInvalidation {
    /// What kind of change it is.
    pub cause: InvalidationCause,
    /// The input that changed, in words for people.
    pub reason: String,
    /// What it speaks of. What is not done is not taken out.
    pub cells: BTreeMap<(Day, Phase), IdSet>,
}

/// What an invalidation took out of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellInvalidation {
    /// Its id.
    pub id: i64,
    /// When it was.
    pub at: DateTime<Utc>,
    /// What kind of change it was.
    pub cause: InvalidationCause,
    /// The input that changed, in words.
    pub reason: String,
    /// The phases of the cell that it took out.
    pub phases: PhaseSet,
}

fn parse_cause(name: &str) -> Result<InvalidationCause, StoreError> {
    InvalidationCause::from_name(name)
        .ok_or_else(|| StoreError::damaged(format!("`{name}` is no cause of an invalidation")))
}

impl ReadTransaction<'_> {
    /// The invalidations of which something is still to be done, by id.
    pub fn open_invalidations(&self) -> Result<Vec<OpenInvalidation>, StoreError> {
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
                cells: self.invalidated_cells(id)?,
            });
        }
        Ok(open)
    }

    fn invalidated_cells(&self, id: i64) -> Result<BTreeMap<(Day, Phase), IdSet>, StoreError> {
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

    /// Every invalidation that ever took phases of a cell out, by id.
    pub fn invalidations_of(&self, cell: Cell) -> Result<Vec<CellInvalidation>, StoreError> {
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

impl WriteTransaction<'_> {
    /// Takes cells out of the ledger and writes down why. What was taken out is given back;
    /// when nothing was, nothing is written.
    pub fn invalidate(
        &self,
        new: &NewInvalidation,
        at: DateTime<Utc>,
    ) -> Result<BTreeMap<(Day, Phase), IdSet>, StoreError> {
        self.invalidate_all([Ok(new)], at)
    }

    /// The same for many reasons, one after the other: what the first took out is not taken out
    /// by the second. Each row of the ledger is read and written at most once, however many
    /// reasons touch it. What was taken out by all of them is given back.
    pub fn invalidate_all<E: From<StoreError>>(
        &self,
        all: impl IntoIterator<Item = Result<impl Borrow<NewInvalidation>, E>>,
        at: DateTime<Utc>,
    ) -> Result<BTreeMap<(Day, Phase), IdSet>, E> {
        let mut ledger: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        let mut taken: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        for new in all {
            let new = new?;
            let new = new.borrow();
            let mut hits = BTreeMap::new();
            for (&(day, phase), subjects) in &new.cells {
                let done = match ledger.entry((day, phase)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unread) => unread.insert(self.done(day, phase)?),
                };
                let hit = &*done & subjects;
                if !hit.is_empty() {
                    *done -= &hit;
                    *taken.entry((day, phase)).or_default() |= &hit;
                    hits.insert((day, phase), hit);
                }
            }
            if !hits.is_empty() {
                self.record_invalidation(new, &hits, at)?;
            }
        }
        for (day, phase) in taken.keys() {
            self.set_done(*day, *phase, &ledger[&(*day, *phase)])?;
        }
        if !taken.is_empty() {
            self.increment_revision()?;
        }
        Ok(taken)
    }

    fn record_invalidation(
        &self,
        new: &NewInvalidation,
        taken: &BTreeMap<(Day, Phase), IdSet>,
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
        for ((day, phase), subjects) in taken {
            let (bytes, count) = StoredSet::to_bytes(subjects);
            statement.execute(params![id, day, phase, bytes, count])?;
        }
        Ok(())
    }

    /// Settles the invalidations of which everything is done again.
    pub fn close_completed_invalidations(&self) -> Result<(), StoreError> {
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
        let reason = |why: &str, who: &[u32]| NewInvalidation {
            cause: InvalidationCause::Price,
            reason: why.to_owned(),
            cells: [(at, who.iter().collect())].into(),
        };
        let reasons = [
            reason("first", &[1, 2]),
            reason("second", &[2]),
            reason("third", &[2, 3, 9]),
        ];
        let taken = writer.write(|writing| {
            writing.set_done(at.0, at.1, &IdSet::from([1, 2, 3, 4]))?;
            let reasons = reasons.iter().map(Ok::<_, StoreError>);
            writing.invalidate_all(reasons, DateTime::UNIX_EPOCH)
        });
        assert_eq!(taken.unwrap(), [(at, IdSet::from([1, 2, 3]))].into());
        let open = store.read(|reading| reading.open_invalidations()).unwrap();
        let open: Vec<_> = open
            .iter()
            .map(|one| (one.reason.as_str(), &one.cells[&at]))
            .collect();
        let (first, third) = (IdSet::from([1, 2]), IdSet::from([3]));
        assert_eq!(open, [("first", &first), ("third", &third)]);
        let done = store.read(|reading| reading.done(at.0, at.1)).unwrap();
        assert_eq!(done, IdSet::from([4]));
    }
}
