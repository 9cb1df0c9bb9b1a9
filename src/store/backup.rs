//! A consistent copy of the database while a run goes on.

use rusqlite::backup::Backup;

use super::{Location, ReadTransaction, StoreError};

impl ReadTransaction<'_> {
    /// Copies the state that this transaction sees to a new place, and syncs it; how many bytes
    /// it has. The copy gets its name only when it is whole; what is there already is left alone.
    pub fn copy_to(&self, target: impl Into<Location>) -> Result<u64, StoreError> {
        target.into().create_atomically(|mut copy| {
            // All pages in one step, under one snapshot: a writer is neither waited for nor
            // stopped.
            Backup::new(self.connection, &mut copy)?.step(-1)?;
            copy.close().map_err(|(_, error)| error)?;
            Ok(())
        })
    }
}
