//! Records imported files by the digest of their content, so that the inbox skips a file that was
//! imported before.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::transaction::subject;

/// One import of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRecord {
    /// Time of the import.
    pub at: DateTime<Utc>,
    /// Kind of the rows: `prices`, `transactions` and so on.
    pub kind: String,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// Number of rows that were new.
    pub added: u64,
    /// Number of rows equal to stored ones.
    pub unchanged: u64,
    /// Number of rows that replaced stored ones.
    pub corrected: u64,
}

subject!(imports: ReadImports, WriteImports, "the records of imported files");

impl ReadImports<'_> {
    /// Returns whether a file with this digest was imported as this kind.
    pub(crate) fn contains(&self, digest: &str, kind: &str) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM imported_file WHERE digest = ?1 AND kind = ?2)",
            )?
            .query_row([digest, kind], |row| row.get(0))?)
    }
}

impl WriteImports<'_> {
    /// Records the import of a file.
    pub(crate) fn record(&self, import: &ImportRecord) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO imported_file (at, kind, file, digest, added, unchanged, corrected)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                Micros(import.at),
                import.kind,
                import.file,
                import.digest,
                import.added as i64,
                import.unchanged as i64,
                import.corrected as i64
            ],
        )?;
        Ok(())
    }
}
