//! Files that were taken in.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::store::columns::Micros;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// A file that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRecord {
    /// When.
    pub at: DateTime<Utc>,
    /// What it held: `prices`, `transactions` and so on.
    pub kind: String,
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// Rows that were new.
    pub added: u64,
    /// Rows that were known already.
    pub unchanged: u64,
    /// Rows that changed what was known.
    pub corrected: u64,
}

impl ReadTransaction<'_> {
    /// Whether a file with these bytes was taken in as this kind.
    pub fn has_import(&self, digest: &str, kind: &str) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM imported_file WHERE digest = ?1 AND kind = ?2)")?
            .query_row([digest, kind], |row| row.get(0))?)
    }
}

impl WriteTransaction<'_> {
    /// Writes down that a file was taken in.
    pub fn record_import(&self, intake: &ImportRecord) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO imported_file (at, kind, file, digest, added, unchanged, corrected)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                Micros(intake.at),
                intake.kind,
                intake.file,
                intake.digest,
                intake.added as i64,
                intake.unchanged as i64,
                intake.corrected as i64
            ],
        )?;
        Ok(())
    }
}
