//! The revision: a counter of changes to the sources, and to the ledger by anything but a run.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};

use crate::store::error::StoreError;
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
        let mut statement = self
            .connection
            .prepare_cached("SELECT sources FROM revision")?;
        Ok(statement.query_row([], |row| row.get(0))?)
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
}
