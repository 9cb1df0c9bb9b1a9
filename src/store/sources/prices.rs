//! Stores closes as traded, not adjusted for splits, and the closes that corrections replaced.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::domain::{Attribution, CloseChange, Day, DayRange, IdSet, Price, SecurityId};
use crate::store::columns::{JsonList, Micros};
use crate::store::error::StoreError;
use crate::store::select::{select, select_first};
use crate::store::transaction::subject;

/// A close that was replaced or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacedClose {
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// Day of the close.
    pub day: Day,
    /// The close before the change.
    pub was: Price,
    /// The close after it, or the person and reason of a deletion.
    pub became: Result<Price, Attribution>,
}

subject!(closes: ReadCloses, WriteCloses, "the closes");

impl ReadCloses<'_> {
    /// Calls `each` with each close on the days of `range`, ordered by day and then security.
    pub(crate) fn for_each(
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

    /// Calls `each` with each close of `securities` on `days`, in no particular order. Use it to
    /// read few of many securities, and [`Self::for_each`] to read all.
    pub(crate) fn for_each_of(
        &self,
        securities: impl IntoIterator<Item = SecurityId>,
        days: impl IntoIterator<Item = Day>,
        mut each: impl FnMut(SecurityId, Day, Price),
    ) -> Result<(), StoreError> {
        // One statement with two lists, because a statement for each security and day takes four
        // times as long.
        let mut statement = self.connection.prepare_cached(
            "SELECT security, day, close FROM price
             WHERE day IN (SELECT value FROM json_each(?1))
               AND security IN (SELECT value FROM json_each(?2))",
        )?;
        let days = JsonList::from_numbers(days.into_iter().map(Day::number));
        let securities = JsonList::from_numbers(securities.into_iter().map(|security| security.0));
        let mut rows = statement.query(params![days, securities])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?, row.get(1)?, row.get(2)?);
        }
        Ok(())
    }

    /// Returns the close of one security on one day.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn get(&self, security: SecurityId, day: Day) -> Result<Option<Price>, StoreError> {
        let sql = "SELECT close FROM price WHERE day = ?1 AND security = ?2";
        let key = params![day, security];
        select_first(self.connection, sql, key, |row| Ok(row.get(0)?))
    }

    /// Returns the closes of one security in a range, by day.
    pub(crate) fn of_security(
        &self,
        security: SecurityId,
        range: DayRange,
    ) -> Result<Vec<(Day, Price)>, StoreError> {
        let sql = "SELECT day, close FROM price
                   WHERE day BETWEEN ?1 AND ?2 AND security = ?3 ORDER BY day";
        let values = params![range.first(), range.last(), security];
        select(self.connection, sql, values, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// Returns the replaced and deleted closes of one security, the oldest change first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn replaced(&self, security: SecurityId) -> Result<Vec<ReplacedClose>, StoreError> {
        let sql =
            "SELECT at, day, was, became FROM price_correction WHERE security = ?1 ORDER BY id";
        let mut changes: Vec<ReplacedClose> = select(self.connection, sql, [security], |row| {
            Ok(ReplacedClose {
                at: row.get::<_, Micros>(0)?.0,
                day: row.get(1)?,
                was: row.get(2)?,
                became: Ok(row.get(3)?),
            })
        })?;
        let sql =
            "SELECT at, day, was, by, reason FROM price_deletion WHERE security = ?1 ORDER BY id";
        let deleted: Vec<ReplacedClose> = select(self.connection, sql, [security], |row| {
            let was: String = row.get(2)?;
            Ok(ReplacedClose {
                at: row.get::<_, Micros>(0)?.0,
                day: row.get(1)?,
                was: was.parse().map_err(StoreError::damaged)?,
                became: Err(Attribution {
                    by: row.get(3)?,
                    reason: row.get(4)?,
                }),
            })
        })?;
        changes.extend(deleted);
        // Stable: changes of one instant keep their order.
        changes.sort_by_key(|change| change.at);
        Ok(changes)
    }

    /// Returns the ids of the securities with a close on a day.
    pub(crate) fn priced_securities(&self, day: Day) -> Result<IdSet, StoreError> {
        let sql = "SELECT security FROM price WHERE day = ?1 ORDER BY security";
        select(self.connection, sql, [day], |row| Ok(row.get::<_, u32>(0)?))
    }

    /// Returns the range from the first to the last day with a close; `None` without any close.
    pub(crate) fn priced_range(&self) -> Result<Option<DayRange>, StoreError> {
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

impl WriteCloses<'_> {
    /// Deletes closes of one security, and records each with the reason.
    pub(crate) fn delete(
        &self,
        security: SecurityId,
        closes: &[(Day, Price)],
        attribution: &Attribution,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut delete = self
            .connection
            .prepare_cached("DELETE FROM price WHERE day = ?1 AND security = ?2")?;
        let mut record = self.connection.prepare_cached(
            "INSERT INTO price_deletion (at, day, security, was, by, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let Attribution { by, reason } = attribution;
        for (day, close) in closes {
            delete.execute(params![day, security])?;
            record.execute(params![
                Micros(at),
                day,
                security,
                close.to_string(),
                by,
                reason
            ])?;
        }
        Ok(())
    }

    /// Inserts or replaces closes, and records each replaced one as a correction made at `at`.
    pub(crate) fn set(&self, changes: &[CloseChange], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut upsert = self.connection.prepare_cached(
            "INSERT INTO price (day, security, close) VALUES (?1, ?2, ?3)
             ON CONFLICT (day, security) DO UPDATE SET close = excluded.close",
        )?;
        let mut record = self.connection.prepare_cached(
            "INSERT INTO price_correction (at, day, security, was, became) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for change in changes {
            upsert.execute(params![change.day, change.security, change.price])?;
            if let Some(previous) = change.previous {
                record.execute(params![
                    Micros(at),
                    change.day,
                    change.security,
                    previous,
                    change.price
                ])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ReadTransaction;
    use crate::store::sources::fixture::{closes, day, store_with_closes};

    #[test]
    fn for_each_close_of_agrees_with_for_each_close() {
        let (_folder, store) = store_with_closes(&closes());
        let securities = [9, 2, 62, 5, 40, 7, 777].map(SecurityId);
        let days = [27, 6, 0, 400, 12].map(day);
        let read = |reading: &ReadTransaction<'_>| {
            let (mut few, mut expected) = (Vec::new(), Vec::new());
            reading
                .closes()
                .for_each_of(securities, days, |security, day, price| {
                    few.push((day, security, price));
                })?;
            reading
                .closes()
                .for_each(DayRange::ALL, |security, day, price| {
                    if securities.contains(&security) && days.contains(&day) {
                        expected.push((day, security, price));
                    }
                })?;
            few.sort();
            assert_eq!(few, expected);
            assert!(few.len() > 5, "{few:?}");
            for (day, security) in days.iter().flat_map(|day| securities.map(|id| (*day, id))) {
                let close = few
                    .iter()
                    .find(|close| (close.0, close.1) == (day, security));
                assert_eq!(
                    reading.closes().get(security, day)?,
                    close.map(|close| close.2)
                );
            }
            Ok::<_, StoreError>(())
        };
        store.read(read).unwrap();
    }
}
