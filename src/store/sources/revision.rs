//! The revision: a counter of changes to the sources, and to the ledger by anything but a run.

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlResult, ValueRef};

use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::select::select_first;
use crate::store::transaction::{ReadTransaction, WriteTransaction};

/// Number of changes so far. Equal revisions mean equal sources, and an equal ledger except for the
/// batches of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(i64);

impl FromSql for Revision {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

impl ReadTransaction<'_> {
    /// Returns the current revision of the sources.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn revision(&self) -> Result<Revision, StoreError> {
        let sql = "SELECT sources FROM revision";
        let found = select_first(self.connection, sql, [], |row| Ok(row.get(0)?))?;
        found.ok_or_else(|| StoreError::damaged("the row of the table `revision` is missing"))
    }

    /// Fails with [`StoreError::SourcesChanged`] if the revision is not `read` any more.
    pub(crate) fn check_revision(&self, read: Revision) -> Result<(), StoreError> {
        if self.revision()? == read {
            Ok(())
        } else {
            Err(StoreError::SourcesChanged)
        }
    }
}

impl WriteTransaction<'_> {
    /// Counts one change of the sources, or of the ledger by anything but a run. Call it in the
    /// transaction of the change.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn increment_revision(&self) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE revision SET sources = sources + 1", [])?;
        Ok(())
    }

    /// Adds the row of the count if it is missing. The count is then one that no process has read,
    /// since the time in microseconds is far above any count.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn restore_revision(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT OR IGNORE INTO revision (only, sources) VALUES (1, ?1)",
            [Micros(now)],
        )?;
        Ok(())
    }
}
