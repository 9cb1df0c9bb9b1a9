//! Stores the terms of corporate actions before they were corrected or deleted.

use rusqlite::params;

use crate::domain::{ActionRecord, Attribution, SecurityId};
use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

subject!(action_changes: ReadActionChanges, WriteActionChanges, "the history of corporate actions");

impl ReadActionChanges<'_> {
    /// Returns the changes of the actions of one security, the oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn of_security(&self, security: SecurityId) -> Result<Vec<ActionRecord>, StoreError> {
        let sql = "SELECT security, day, kind, at, was, became, by, reason FROM action_change
                   WHERE security = ?1 ORDER BY id";
        select(self.connection, sql, [security], |row| {
            let kind: String = row.get(2)?;
            let became: Option<String> = row.get(5)?;
            let deleted = || -> Result<Attribution, StoreError> {
                Ok(Attribution {
                    by: row.get(6)?,
                    reason: row.get(7)?,
                })
            };
            Ok(ActionRecord {
                security: row.get(0)?,
                day: row.get(1)?,
                kind: kind.parse().map_err(StoreError::damaged)?,
                at: row.get::<_, Micros>(3)?.0,
                was: row.get(4)?,
                became: match became {
                    Some(became) => Ok(became),
                    None => Err(deleted()?),
                },
            })
        })
    }
}

impl WriteActionChanges<'_> {
    /// Appends a change to the history.
    pub(crate) fn record(&self, change: &ActionRecord) -> Result<(), StoreError> {
        let deleted = change.became.as_ref().err();
        self.connection
            .prepare_cached(
                "INSERT INTO action_change (at, security, day, kind, was, became, by, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                Micros(change.at),
                change.security,
                change.day,
                change.kind.name(),
                change.was,
                change.became.as_ref().ok(),
                deleted.map(|deleted| &deleted.by),
                deleted.map(|deleted| &deleted.reason)
            ])?;
        Ok(())
    }
}
