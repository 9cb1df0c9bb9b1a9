//! Which outputs are on file, whatever the ledger says of them.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::domain::{Cell, Day, DayRange, IdSet, Phase, PortfolioId};
use crate::store::{ReadTransaction, StoreError};

/// The table of a phase's outputs; the phase `prices` has none.
pub(super) fn table_of(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Prices => None,
        Phase::Securities => Some("security_statistics"),
        Phase::Snapshot => Some("snapshot"),
        Phase::Positions => Some("position"),
        Phase::Exposures => Some("exposure"),
        Phase::Risk => Some("risk"),
    }
}

impl ReadTransaction<'_> {
    /// The subjects that have output of a phase on a day, valid or not.
    pub fn ids_with_output(&self, day: Day, phase: Phase) -> Result<IdSet, StoreError> {
        let Some(table) = table_of(phase) else {
            return Ok(IdSet::new());
        };
        let mut days = self.ids_by_day(table, DayRange::single(day))?;
        Ok(days.remove(&day).unwrap_or_default())
    }

    /// The days with anything in the ledger, or with output of any phase. One seek for each day
    /// and table.
    pub fn stored_days(&self) -> Result<BTreeSet<Day>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT day FROM ledger")?;
        let ledger = statement.query_map([], |row| row.get(0))?;
        let mut days: BTreeSet<Day> = ledger.collect::<Result<_, _>>()?;
        for table in Phase::ALL.into_iter().filter_map(table_of) {
            self.add_stored_days(table, &mut days)?;
        }
        Ok(days)
    }

    fn add_stored_days(
        &self,
        table: &'static str,
        days: &mut BTreeSet<Day>,
    ) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT min(cell) FROM {table} WHERE cell > ?1"))?;
        let mut after = i64::MIN;
        loop {
            let next: Option<i64> = statement.query_row(params![after], |row| row.get(0))?;
            let Some(key) = next else {
                return Ok(());
            };
            let cell = Cell::from_key(key)
                .ok_or_else(|| StoreError::damaged(format!("`{key}` is the key of no cell")))?;
            days.insert(cell.day);
            after = Cell::new(cell.day, PortfolioId(u32::MAX)).key();
        }
    }
}
