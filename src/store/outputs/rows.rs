//! Finds stored outputs, valid or not: only the ledger tells which are valid.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::domain::{Cell, Day, DayRange, IdSet, Phase, PortfolioId};
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

/// Returns the table of the outputs of a phase; the phase `prices` has none.
fn table_of(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Prices => None,
        Phase::Securities => Some("security_statistics"),
        Phase::Snapshot => Some("snapshot"),
        Phase::Positions => Some("position"),
        Phase::Exposures => Some("exposure"),
        Phase::Risk => Some("risk"),
    }
}

subject!(outputs: ReadOutputs, WriteOutputs, "the stored outputs, valid or not");

impl ReadOutputs<'_> {
    /// Returns the ids that have output of a phase on a day, valid or not.
    pub(crate) fn ids_with_output(&self, day: Day, phase: Phase) -> Result<IdSet, StoreError> {
        let Some(table) = table_of(phase) else {
            return Ok(IdSet::new());
        };
        let mut days = self.ids_by_day(table, DayRange::single(day))?;
        Ok(days.remove(&day).unwrap_or_default())
    }

    /// Returns those of `ids` that have no output of a phase on a day; none for a phase that stores
    /// no outputs.
    pub(crate) fn ids_without_output(
        &self,
        day: Day,
        phase: Phase,
        ids: &IdSet,
    ) -> Result<IdSet, StoreError> {
        let Some(table) = table_of(phase) else {
            return Ok(IdSet::new());
        };
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE cell = ?1)");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut lacking = IdSet::new();
        for id in ids {
            let key = Cell::new(day, PortfolioId(id)).key();
            let has_output: bool = statement.query_row(params![key], |row| row.get(0))?;
            if !has_output {
                lacking.insert(id);
            }
        }
        Ok(lacking)
    }

    /// Returns the days with anything in the ledger or with output of any phase.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn stored_days(&self) -> Result<BTreeSet<Day>, StoreError> {
        // Rows outside of all days are found on their own.
        let sql = "SELECT DISTINCT day FROM ledger WHERE day BETWEEN ?1 AND ?2";
        let mut days: BTreeSet<Day> =
            select(self.connection, sql, params![Day::MIN, Day::MAX], |row| {
                Ok(row.get(0)?)
            })?;
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
        // Skips from day to day by the key: one seek for each day instead of a scan of all cells.
        let mut after = i64::MIN;
        loop {
            let next: Option<i64> = statement.query_row(params![after], |row| row.get(0))?;
            let Some(key) = next else {
                return Ok(());
            };
            after = match Cell::from_key(key) {
                Some(cell) => {
                    days.insert(cell.day);
                    Cell::new(cell.day, PortfolioId(u32::MAX)).key()
                }
                None => key,
            };
        }
    }
}
