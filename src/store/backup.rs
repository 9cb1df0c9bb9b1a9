//! Copies the database to another file while a run continues.

use rusqlite::backup::Backup;

use super::error::StoreError;
use super::location::Location;
use super::transaction::ReadTransaction;

impl ReadTransaction<'_> {
    /// Copies the state that this transaction sees to a new location, syncs the copy and returns
    /// its size in bytes. The copy gets its name only when it is complete.
    ///
    /// # Errors
    ///
    /// A file exists at `target`, or the copy cannot be written or synced.
    pub fn copy_to(&self, target: impl Into<Location>) -> Result<u64, StoreError> {
        target.into().create_atomically(|mut copy| {
            // All pages in one step, under the snapshot of this transaction: in WAL mode the copy
            // neither waits for a writer nor delays one.
            Backup::new(self.connection, &mut copy)?.step(-1)?;
            // A drop would hide an error of closing.
            copy.close().map_err(|(_, error)| error)?;
            Ok(())
        })
    }
}
