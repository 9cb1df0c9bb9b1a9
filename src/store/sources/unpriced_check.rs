//! The days whose sessions a run must judge again, because a change may have made them unpriced.

use rusqlite::params;

use crate::domain::Day;
use crate::store::error::StoreError;
use crate::store::select::select_first;
use crate::store::transaction::{ReadTransaction, WriteTransaction};

/// The sessions to judge again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnpricedCheck {
    /// The first day that a change since the last run concerns; `None` without one.
    pub from: Option<Day>,
    /// The share above which the last run counted a session as unpriced; `None` before the first.
    pub share: Option<f64>,
}

impl ReadTransaction<'_> {
    /// Returns the sessions to judge again.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn unpriced_check(&self) -> Result<UnpricedCheck, StoreError> {
        let sql = "SELECT unpriced_from, unpriced_above FROM revision";
        let found = select_first(self.connection, sql, [], |row| {
            Ok(UnpricedCheck {
                from: row.get(0)?,
                share: row.get(1)?,
            })
        })?;
        found.ok_or_else(|| StoreError::damaged("the row of the table `revision` is missing"))
    }
}

impl WriteTransaction<'_> {
    /// Notes that the sessions from a day on can have become unpriced. Call it in the transaction of
    /// the change.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn check_unpriced_from(&self, day: Day) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE revision SET unpriced_from = min(ifnull(unpriced_from, ?1), ?1)",
            [day],
        )?;
        Ok(())
    }

    /// Notes that all sessions were judged with this share.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn set_unpriced_checked(&self, share: f64) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE revision SET unpriced_from = NULL, unpriced_above = ?1
             WHERE unpriced_from IS NOT NULL OR unpriced_above IS NOT ?1",
            params![share],
        )?;
        Ok(())
    }
}
