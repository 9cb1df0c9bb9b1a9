//! The sessions in force: those of the calendar that the last run used.

use rusqlite::params;

use crate::domain::{Calendar, Day, IdSet};
use crate::store::columns::StoredSet;
use crate::store::error::StoreError;
use crate::store::select::select_first;
use crate::store::transaction::subject;

subject!(calendar: ReadCalendar, WriteCalendar, "the sessions in force");

impl ReadCalendar<'_> {
    /// Returns the sessions of the calendar that was last in force, ascending; `None` before the
    /// first run.
    pub(crate) fn sessions(&self) -> Result<Option<Vec<Day>>, StoreError> {
        let sql = "SELECT sessions, count FROM calendar";
        select_first(self.connection, sql, [], |row| {
            let days = StoredSet::from_row(row, 0)?.into_iter();
            Ok(days
                .map(|offset| Day::MIN.saturating_add(offset as i32))
                .collect())
        })
    }

    /// Returns the sessions in force, ascending: those by which the ledger was filled, and those
    /// of `configured` only before the first run.
    ///
    /// A change is looked up in these. The configured calendar may differ, in another folder or
    /// since an amendment; the next run puts it in force and invalidates the difference.
    pub(crate) fn sessions_in_force(&self, configured: &Calendar) -> Result<Vec<Day>, StoreError> {
        let known = self.sessions()?;
        Ok(known.unwrap_or_else(|| configured.all_sessions().to_vec()))
    }
}

impl WriteCalendar<'_> {
    /// Replaces the sessions in force.
    pub(crate) fn set_sessions(&self, sessions: &[Day]) -> Result<(), StoreError> {
        // Bitmaps hold unsigned numbers and days before 1970 are negative, so days are counted from
        // the first one that the program knows.
        let days: IdSet = sessions
            .iter()
            .map(|day| (day.number() - Day::MIN.number()) as u32)
            .collect();
        let (bytes, count) = StoredSet::to_bytes(&days);
        self.connection.execute(
            "INSERT OR REPLACE INTO calendar (only, sessions, count) VALUES (1, ?1, ?2)",
            params![bytes, count],
        )?;
        Ok(())
    }
}
