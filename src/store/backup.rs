//! A consistent copy of the database while a run goes on.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::{Reading, StoreError};

impl Reading<'_> {
    /// Copies the state that this transaction sees into a new file, and syncs it. The
    /// copy gets its name only when it is whole; a file that is there already is left alone.
    pub fn copy_to(&self, target: &Path) -> Result<u64, StoreError> {
        if target.exists() {
            return Err(StoreError::Present(target.to_owned()));
        }
        let unfinished = target.with_added_extension("unfinished");
        let file_error = |source| StoreError::File {
            path: unfinished.clone(),
            source,
        };
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_error(error));
            }
            _ => {}
        }
        let mut copied = Connection::open(&unfinished)?;
        // All pages in one step, under one snapshot: a writer is neither waited for nor stopped.
        Backup::new(self.connection, &mut copied)?.step(-1)?;
        copied.close().map_err(|(_, error)| error)?;
        let copy = std::fs::File::open(&unfinished).map_err(file_error)?;
        copy.sync_all().map_err(file_error)?;
        let bytes = copy.metadata().map_err(file_error)?.len();
        std::fs::rename(&unfinished, target).map_err(file_error)?;
        Ok(bytes)
    }
}
