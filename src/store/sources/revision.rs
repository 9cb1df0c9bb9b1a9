//! The count of changes to the sources.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};

use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// How often the sources were changed. Two equal revisions mean the same sources and the same
/// ledger but for what runs committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(i64);

impl FromSql for Revision {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

impl ReadTransaction<'_> {
    /// The revision of the sources.
    pub fn revision(&self) -> Result<Revision, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT sources FROM revision")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Refuses when the sources are not those of `read` any more.
    pub fn check_revision(&self, read: Revision) -> Result<(), StoreError> {
        if self.revision()? == read {
            Ok(())
        } else {
            Err(StoreError::SourcesChanged)
        }
    }
}

impl WriteTransaction<'_> {
    /// Counts one change of the sources, or of the ledger by anybody but a run.
    pub fn increment_revision(&self) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE revision SET sources = sources + 1", [])?;
        Ok(())
    }
}
