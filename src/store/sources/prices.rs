//! Closes, raw as they were traded, and what they were before a correction.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use crate::domain::{CloseChange, Day, DayRange, Price, SecurityId, Subjects};
use crate::store::columns::Micros;
use crate::store::{Reading, StoreError, Writing};

impl Reading<'_> {
    /// Hands each close on the days of `range` to `each`, by day and then security.
    pub fn each_close(
        &self,
        range: DayRange,
        mut each: impl FnMut(SecurityId, Day, Price),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT security, day, close FROM price WHERE day BETWEEN ?1 AND ?2 ORDER BY day, security",
        )?;
        let mut rows = statement.query(params![range.first(), range.last()])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?, row.get(1)?, row.get(2)?);
        }
        Ok(())
    }

    /// Hands each close of one security on `days` to `each`: one look-up a day, for a caller
    /// that needs few securities of many.
    pub fn each_close_of(
        &self,
        security: SecurityId,
        days: &[Day],
        mut each: impl FnMut(SecurityId, Day, Price),
    ) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT close FROM price WHERE day = ?1 AND security = ?2")?;
        for day in days {
            let close = statement
                .query_row(params![day, security], |row| row.get(0))
                .optional()?;
            if let Some(close) = close {
                each(security, *day, close);
            }
        }
        Ok(())
    }

    /// The close of one security on one day.
    pub fn close(&self, security: SecurityId, day: Day) -> Result<Option<Price>, StoreError> {
        let mut found = None;
        self.each_close_of(security, &[day], |_, _, price| found = Some(price))?;
        Ok(found)
    }

    /// The securities with a close on a day.
    pub fn priced(&self, day: Day) -> Result<Subjects, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT security FROM price WHERE day = ?1 ORDER BY security")?;
        let ids = statement.query_map([day], |row| row.get::<_, u32>(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// The first and the last day with any close.
    pub fn priced_range(&self) -> Result<Option<DayRange>, StoreError> {
        let ends: (Option<Day>, Option<Day>) = self.connection.query_row(
            "SELECT (SELECT min(day) FROM price), (SELECT max(day) FROM price)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(match ends {
            (Some(first), Some(last)) => DayRange::new(first, last).ok(),
            _ => None,
        })
    }
}

impl Writing<'_> {
    /// Sets closes; what was there before is kept as a correction.
    pub fn set_closes(&self, changes: &[CloseChange], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut set = self.connection.prepare_cached(
            "INSERT INTO price (day, security, close) VALUES (?1, ?2, ?3)
             ON CONFLICT (day, security) DO UPDATE SET close = excluded.close",
        )?;
        let mut keep = self.connection.prepare_cached(
            "INSERT INTO price_correction (at, day, security, was, became) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for change in changes {
            set.execute(params![change.day, change.security, change.price])?;
            if let Some(was) = change.was {
                keep.execute(params![
                    Micros(at),
                    change.day,
                    change.security,
                    was,
                    change.price
                ])?;
            }
        }
        Ok(())
    }
}
