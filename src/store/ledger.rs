//! The ledger: for each phase and session, the set of ids that are proven done.
//!
//! The ids are those of portfolios, except in the phase `securities`, which has those of
//! securities. The ledger must change in the transaction of the output that it describes.

use rusqlite::params;

use super::columns::StoredSet;
use super::error::StoreError;
use super::select::select_first;
use super::transaction::subject;
use crate::domain::{Coverage, Day, DayRange, IdSet, Phase, PhaseSet};

subject!(ledger: ReadLedger, WriteLedger, "the ledger");

impl ReadLedger<'_> {
    /// Returns the sets of `phases` on the days of `range`.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn coverage(&self, range: DayRange, phases: PhaseSet) -> Result<Coverage, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT day, phase, ids, count FROM ledger WHERE day BETWEEN ?1 AND ?2 ORDER BY day, phase",
        )?;
        let mut rows = statement.query(params![range.first(), range.last()])?;
        let mut coverage = Coverage::new();
        while let Some(row) = rows.next()? {
            let phase: Phase = row.get(1)?;
            if phases.contains(phase) {
                coverage.set(row.get(0)?, phase, StoredSet::from_row(row, 2)?);
            }
        }
        Ok(coverage)
    }

    /// Returns the ids done of one phase on one day; empty if there is no row.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn done(&self, day: Day, phase: Phase) -> Result<IdSet, StoreError> {
        let sql = "SELECT ids, count FROM ledger WHERE day = ?1 AND phase = ?2";
        let found = select_first(self.connection, sql, params![day, phase], |row| {
            StoredSet::from_row(row, 0)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Returns the last day that has anything done.
    pub(crate) fn last_day(&self) -> Result<Option<Day>, StoreError> {
        Ok(self
            .connection
            .query_row("SELECT max(day) FROM ledger", [], |row| row.get(0))?)
    }
}

impl WriteLedger<'_> {
    /// Replaces the set of one phase on one day.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn set_done(&self, day: Day, phase: Phase, done: &IdSet) -> Result<(), StoreError> {
        // No row rather than an empty set, so that equal ledgers have equal rows.
        if done.is_empty() {
            self.connection
                .prepare_cached("DELETE FROM ledger WHERE day = ?1 AND phase = ?2")?
                .execute(params![day, phase])?;
            return Ok(());
        }
        let (bytes, count) = StoredSet::to_bytes(done);
        self.connection
            .prepare_cached(
                "INSERT INTO ledger (day, phase, ids, count) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (day, phase) DO UPDATE SET ids = excluded.ids, count = excluded.count",
            )?
            .execute(params![day, phase, bytes, count])?;
        Ok(())
    }

    /// Adds ids to the set of one phase on one day.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn mark_done(&self, day: Day, phase: Phase, ids: &IdSet) -> Result<(), StoreError> {
        self.set_done(day, phase, &(self.done(day, phase)? | ids))
    }
}
