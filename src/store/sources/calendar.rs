//! The calendar in force: the one that the last run used, or that the database was made with.

use rusqlite::params;
use sha2::{Digest, Sha256};

use crate::domain::calendar::WrittenCalendar;
use crate::domain::{Calendar, Day, IdSet, SessionsPerYear};
use crate::store::columns::StoredSet;
use crate::store::error::StoreError;
use crate::store::select::select_first;
use crate::store::transaction::subject;

subject!(calendar: ReadCalendar, WriteCalendar, "the calendar in force");

/// The stored row.
struct Row {
    sessions: Vec<Day>,
    /// `None` if a version without definitions wrote the row.
    definition: Option<String>,
    sessions_per_year: SessionsPerYear,
}

impl ReadCalendar<'_> {
    /// Returns the sessions of the calendar in force, ascending; `None` before the first run.
    pub(crate) fn sessions(&self) -> Result<Option<Vec<Day>>, StoreError> {
        Ok(self.row()?.map(|row| row.sessions))
    }

    /// Returns the calendar in force; `None` before the first run, and if an older version wrote
    /// its sessions alone.
    pub(crate) fn in_force(&self) -> Result<Option<Calendar>, StoreError> {
        let definition = self.row()?.and_then(|row| row.definition);
        let calendar = |text: String| {
            let written: WrittenCalendar = toml::from_str(&text).map_err(StoreError::damaged)?;
            written.calendar().map_err(StoreError::damaged)
        };
        definition.map(calendar).transpose()
    }

    /// Returns the number of sessions of a year by which the figures on file are annualised; `None`
    /// before the first run.
    pub(crate) fn sessions_per_year(&self) -> Result<Option<SessionsPerYear>, StoreError> {
        Ok(self.row()?.map(|row| row.sessions_per_year))
    }

    /// Returns the calendar in force as the figures on file were computed by it: an older version
    /// annualised by another number of sessions than the calendar has today.
    pub(crate) fn of_figures(&self) -> Result<Option<Calendar>, StoreError> {
        let (calendar, per_year) = (self.in_force()?, self.sessions_per_year()?);
        let both = calendar.zip(per_year);
        Ok(both.map(|(calendar, per_year)| calendar.with_sessions_per_year(per_year)))
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

    /// Reads the row and checks its digest.
    fn row(&self) -> Result<Option<Row>, StoreError> {
        let sql = "SELECT sessions, count, definition, digest, sessions_per_year FROM calendar";
        select_first(self.connection, sql, [], |row| {
            let days = StoredSet::from_row(row, 0)?;
            let definition: Option<String> = row.get(2)?;
            let stored: Option<Vec<u8>> = row.get(3)?;
            let sessions = row.get_ref(0)?.as_blob().map_err(StoreError::damaged)?;
            let per_year: Option<u16> = row.get(4)?;
            let expected = definition
                .as_ref()
                .map(|text| digest(sessions, text, per_year));
            if stored != expected {
                return Err(StoreError::damaged("the digest of the calendar differs"));
            }
            // An older version annualised by 252 whatever the calendar.
            let sessions_per_year =
                per_year.map_or(Some(SessionsPerYear::EXCHANGE), SessionsPerYear::new);
            Ok(Row {
                sessions: sessions_from_set(days),
                definition,
                sessions_per_year: sessions_per_year
                    .ok_or_else(|| StoreError::damaged("a year has no sessions"))?,
            })
        })
    }
}

impl WriteCalendar<'_> {
    /// Puts a calendar in force.
    pub(crate) fn set(&self, calendar: &Calendar) -> Result<(), StoreError> {
        let (bytes, count) = StoredSet::to_bytes(&sessions_to_set(calendar));
        let definition = definition(calendar);
        let per_year = calendar.sessions_per_year().get();
        self.connection.execute(
            "INSERT OR REPLACE INTO calendar
                 (only, sessions, count, definition, digest, sessions_per_year)
             VALUES (1, ?1, ?2, ?3, ?4, ?5)",
            params![
                bytes,
                count,
                definition,
                digest(&bytes, &definition, Some(per_year)),
                per_year
            ],
        )?;
        Ok(())
    }
}

/// Returns the sessions as a set of numbers. Bitmaps hold unsigned numbers and days before 1970 are
/// negative, so days are counted from the first one that the program knows.
pub(super) fn sessions_to_set(calendar: &Calendar) -> IdSet {
    let sessions = calendar.all_sessions().iter();
    let numbers = sessions.map(|day| (day.number() - Day::MIN.number()) as u32);
    numbers.collect()
}

/// Returns the sessions that [`sessions_to_set`] stored.
pub(super) fn sessions_from_set(days: IdSet) -> Vec<Day> {
    let day = |offset| Day::MIN.saturating_add(offset as i32);
    days.into_iter().map(day).collect()
}

pub(super) fn definition(calendar: &Calendar) -> String {
    toml::to_string(&calendar.written()).expect("a calendar has only texts, dates and tables")
}

/// Returns the digest of sessions, definition and, unless an older version wrote the row, sessions
/// of a year. The sessions are stored beside the definition,
/// because a newer version may know other sessions of a built-in calendar.
pub(super) fn digest(sessions: &[u8], definition: &str, per_year: Option<u16>) -> Vec<u8> {
    let mut digest = Sha256::new()
        .chain_update(sessions)
        .chain_update(definition);
    if let Some(per_year) = per_year {
        digest.update(per_year.to_be_bytes());
    }
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::{ReadTransaction, Store};

    #[test]
    fn the_calendar_in_force_is_read_with_its_hours_and_a_damaged_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        let store = Store::create(path.as_path()).unwrap();
        let read = |reading: &ReadTransaction<'_>| reading.calendar().in_force();
        assert_eq!(store.read(read).unwrap(), None);
        let calendar = Calendar::from_toml(
            "name = \"tokyo\"\nzone = \"Asia/Tokyo\"\nbased-on = \"weekdays\"\n\
             close = \"15:30\"\nyears = { first = 2025, last = 2026 }\n\
             closed = [{ day = 2026-02-23 }]",
        );
        let calendar = calendar.unwrap();
        let mut writer = store.writer().unwrap();
        writer
            .write(|writing| writing.calendar().set(&calendar))
            .unwrap();
        let calendar_of_weekdays = calendar.clone();
        assert_eq!(store.read(read).unwrap(), Some(calendar));

        let connection = Connection::open(&path).unwrap();
        let change = |sql| connection.execute(sql, []).unwrap();
        change("UPDATE calendar SET definition = replace(definition, '15:30', '15:31')");
        assert!(store.read(read).is_err());
        // An older version wrote no sessions of a year.
        writer
            .write(|writing| writing.calendar().set(&Calendar::every_day()))
            .unwrap();
        let per_year = |reading: &ReadTransaction<'_>| reading.calendar().sessions_per_year();
        assert_eq!(
            store.read(per_year).unwrap(),
            Some(SessionsPerYear::EVERY_DAY)
        );
        let row = "SELECT sessions, definition FROM calendar";
        let older: Vec<u8> = connection
            .query_row(row, [], |row| {
                let (sessions, text): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
                Ok(digest(&sessions, &text, None))
            })
            .unwrap();
        let older_row = "UPDATE calendar SET sessions_per_year = NULL, digest = ?1";
        connection.execute(older_row, [older]).unwrap();
        assert_eq!(
            store.read(per_year).unwrap(),
            Some(SessionsPerYear::EXCHANGE)
        );
        writer
            .write(|writing| writing.calendar().set(&calendar_of_weekdays))
            .unwrap();
        // A row of an older version has sessions only.
        change("UPDATE calendar SET definition = NULL, digest = NULL");
        assert_eq!(store.read(read).unwrap(), None);
        let sessions = store.read(|reading| reading.calendar().sessions());
        assert_eq!(sessions.unwrap().map(|days| days.len()), Some(521));
    }
}
