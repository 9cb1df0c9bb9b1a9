//! The calendars that securities and portfolios name, as they are in force: with the sessions by
//! which the ledger was filled.

use rusqlite::params;

use super::calendar::{definition, digest, sessions_from_set, sessions_to_set};
use super::portfolios::ReadPortfolios;
use crate::domain::calendar::{BuiltIn, Definition, WrittenCalendar};
use crate::domain::{
    Calendar, Day, PortfolioCalendar, PortfolioCalendars, SecurityCalendars, SessionsPerYear,
};
use crate::store::columns::StoredSet;
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

subject!(security_calendars: ReadSecurityCalendars, WriteSecurityCalendars, "the calendars of securities and portfolios");

/// The columns of a stored calendar.
struct Row {
    name: String,
    sessions: Vec<Day>,
    definition: String,
}

impl ReadSecurityCalendars<'_> {
    /// Returns the calendars by which the ledger was filled.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a row differs from its digest.
    pub fn in_force(&self) -> Result<SecurityCalendars, StoreError> {
        let rows = self.rows()?.into_iter();
        Ok(rows.map(|row| (row.name, row.sessions)).collect())
    }

    /// Returns the calendars that the next run puts in force, under the same names.
    ///
    /// The name of `configured`, the calendar of the database, is that calendar. The name of a
    /// built-in calendar is the one of this version, whose sessions may be corrected. Any other
    /// name is the stored definition.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a row is damaged.
    pub fn current(&self, configured: &Calendar) -> Result<SecurityCalendars, StoreError> {
        let rows = self.rows()?.into_iter();
        let current = rows.map(|row| {
            let sessions = row.current(configured)?.all_sessions().to_vec();
            Ok((row.name, sessions))
        });
        current
            .collect::<Result<Vec<_>, StoreError>>()
            .map(SecurityCalendars::from_iter)
    }

    /// Returns the calendars of portfolios by which the ledger was filled.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a row is damaged.
    pub fn of_portfolios_in_force(&self) -> Result<PortfolioCalendars, StoreError> {
        self.of_portfolios_with(|row| {
            let sessions_per_year = row.calendar()?.sessions_per_year();
            Ok((row.sessions, sessions_per_year))
        })
    }

    /// Returns the calendars of portfolios that the next run puts in force; see [`Self::current`].
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a row is damaged.
    pub fn of_portfolios(&self, configured: &Calendar) -> Result<PortfolioCalendars, StoreError> {
        self.of_portfolios_with(|row| {
            let calendar = row.current(configured)?;
            Ok((
                calendar.all_sessions().to_vec(),
                calendar.sessions_per_year(),
            ))
        })
    }

    /// Returns the sessions of the calendar in force under a name, and the number of sessions of a
    /// year.
    pub(crate) fn named_in_force(
        &self,
        name: &str,
    ) -> Result<Option<(Vec<Day>, SessionsPerYear)>, StoreError> {
        let found = self.rows()?.into_iter().find(|row| row.name == name);
        let read = |row: Row| {
            let sessions_per_year = row.calendar()?.sessions_per_year();
            Ok((row.sessions, sessions_per_year))
        };
        found.map(read).transpose()
    }

    fn of_portfolios_with(
        &self,
        read: impl Fn(Row) -> Result<(Vec<Day>, SessionsPerYear), StoreError>,
    ) -> Result<PortfolioCalendars, StoreError> {
        let connection = self.connection;
        let mut named = ReadPortfolios { connection }.by_calendar()?;
        // Most databases end here: no portfolio has a calendar.
        if named.is_empty() {
            return Ok(PortfolioCalendars::default());
        }
        let mut calendars = Vec::with_capacity(named.len());
        for row in self.rows()? {
            let Some(portfolios) = named.remove(&row.name) else {
                continue;
            };
            let name = row.name.clone();
            let (sessions, sessions_per_year) = read(row)?;
            calendars.push(PortfolioCalendar {
                name,
                portfolios,
                sessions,
                sessions_per_year,
            });
        }
        match named.keys().next() {
            None => Ok(PortfolioCalendars::from_iter(calendars)),
            Some(name) => Err(StoreError::damaged(format!(
                "the calendar `{name}` of a portfolio is not stored"
            ))),
        }
    }

    /// Returns the calendar of this name: one that the program knows, or a stored one.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a row is damaged.
    pub(crate) fn find(
        &self,
        name: &str,
        configured: &Calendar,
    ) -> Result<Option<Calendar>, StoreError> {
        if let Some(calendar) = SecurityCalendars::find(name, configured) {
            return Ok(Some(calendar));
        }
        let stored = self.rows()?.into_iter().find(|row| row.name == name);
        stored.map(|row| row.calendar()).transpose()
    }

    /// Returns the calendars of the user's own, ascending by name, each as it was defined: those
    /// whose name is not that of a built-in one.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a row is damaged.
    pub fn own(&self) -> Result<Vec<Definition>, StoreError> {
        let rows = self.rows()?.into_iter();
        let own = rows.filter(|row| BuiltIn::from_name(&row.name).is_none());
        own.map(|row| {
            let definition = row.written()?.into_definition();
            definition.ok_or_else(|| StoreError::damaged("a calendar has another name"))
        })
        .collect()
    }

    /// Reads the rows, ascending by name, and checks their digests.
    fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let sql = "SELECT name, sessions, count, definition, digest FROM security_calendar
             ORDER BY name";
        select(self.connection, sql, [], |row| {
            let days = StoredSet::from_row(row, 1)?;
            let definition: String = row.get(3)?;
            let stored: Vec<u8> = row.get(4)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(StoreError::damaged)?;
            if stored != digest(bytes, &definition, None) {
                return Err(StoreError::damaged(
                    "the digest of the calendar of a security or portfolio differs",
                ));
            }
            Ok(Row {
                name: row.get(0)?,
                sessions: sessions_from_set(days),
                definition,
            })
        })
    }
}

impl Row {
    /// Returns the calendar that the next run puts in force under the name.
    fn current(&self, configured: &Calendar) -> Result<Calendar, StoreError> {
        match SecurityCalendars::find(&self.name, configured) {
            Some(calendar) => Ok(calendar),
            None => self.calendar(),
        }
    }

    /// Builds the calendar of the stored definition.
    fn calendar(&self) -> Result<Calendar, StoreError> {
        self.written()?.calendar().map_err(StoreError::damaged)
    }

    fn written(&self) -> Result<WrittenCalendar, StoreError> {
        toml::from_str(&self.definition).map_err(StoreError::damaged)
    }
}

impl WriteSecurityCalendars<'_> {
    /// Stores the calendar of a name that a security or portfolio has, unless the name has one.
    pub(crate) fn add(&self, name: &str, configured: &Calendar) -> Result<(), StoreError> {
        if self.in_force()?.named(name).is_some() {
            return Ok(());
        }
        match self.find(name, configured)? {
            Some(calendar) => self.set(name, &calendar),
            // Files and worlds are checked before.
            None => Err(StoreError::damaged(
                "a security or portfolio has an unknown calendar",
            )),
        }
    }

    /// Puts a calendar in force under a name.
    pub(crate) fn set(&self, name: &str, calendar: &Calendar) -> Result<(), StoreError> {
        self.store(name, calendar, &definition(calendar))
    }

    /// Puts a calendar of the user's own in force under its name, and keeps its definition with
    /// titles, names of days and rules.
    ///
    /// # Errors
    ///
    /// The definition is invalid, or the database cannot be written.
    pub(crate) fn set_own(&self, own: &Definition) -> Result<(), StoreError> {
        let calendar = own.calendar().map_err(StoreError::damaged)?;
        let text = toml::to_string(&WrittenCalendar::from(own.clone()));
        self.store(own.name(), &calendar, &text.map_err(StoreError::damaged)?)
    }

    /// Puts the calendar of [`ReadSecurityCalendars::current`] in force under the name of a stored
    /// one.
    pub(crate) fn set_current(&self, name: &str, configured: &Calendar) -> Result<(), StoreError> {
        if let Some(calendar) = SecurityCalendars::find(name, configured) {
            return self.set(name, &calendar);
        }
        match self.rows()?.into_iter().find(|row| row.name == name) {
            Some(row) => self.store(name, &row.calendar()?, &row.definition),
            None => Ok(()),
        }
    }

    /// Removes the calendar of a name that no security and no portfolio has.
    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM security_calendar WHERE name = ?1";
        self.connection.execute(sql, [name])?;
        Ok(())
    }

    fn store(&self, name: &str, calendar: &Calendar, text: &str) -> Result<(), StoreError> {
        let (bytes, count) = StoredSet::to_bytes(&sessions_to_set(calendar));
        self.connection.execute(
            "INSERT OR REPLACE INTO security_calendar (name, sessions, count, definition, digest)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![name, bytes, count, text, digest(&bytes, text, None)],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::Store;

    #[test]
    fn a_stored_calendar_is_found_by_name_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        let store = Store::create(path.as_path()).unwrap();
        let own = Calendar::from_toml(
            "name = \"tokyo\"\nzone = \"Asia/Tokyo\"\nbased-on = \"weekdays\"\n\
             close = \"15:30\"\nyears = { first = 2025, last = 2026 }",
        )
        .unwrap();
        let mut writer = store.writer().unwrap();
        let added: Result<(), StoreError> = writer.write(|writing| {
            let calendars = writing.security_calendars();
            calendars.add("tokyo", &own)?;
            calendars.add("weekdays", &own)
        });
        added.unwrap();
        let read = || {
            store.read(|reading| {
                let calendars = reading.security_calendars();
                let found = calendars.find("tokyo", &Calendar::new_york())?;
                Ok::<_, StoreError>((found, calendars.in_force()?))
            })
        };
        let (found, in_force) = read().unwrap();
        assert_eq!(found, Some(own));
        assert_eq!(in_force.names().collect::<Vec<_>>(), ["tokyo", "weekdays"]);
        let connection = Connection::open(&path).unwrap();
        let change = "UPDATE security_calendar SET count = count - 1 WHERE name = 'tokyo'";
        connection.execute(change, []).unwrap();
        assert!(read().is_err());
    }
}
