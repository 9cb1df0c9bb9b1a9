//! Puts a copy of a database in the place of another one, which is kept beside it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::connection;
use super::error::StoreError;
use super::location::Location;
use super::transaction::ReadTransaction;

/// Extension of a copy that has not got its name yet.
const RESTORING: &str = "restoring";

/// A database that was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Size of the database in bytes.
    pub bytes: u64,
    /// Path of the database that was replaced, if there was one.
    pub kept: Option<PathBuf>,
}

impl ReadTransaction<'_> {
    /// Copies the state that this transaction sees to `place`, and replaces the database there in
    /// one step. That one keeps its content under a new name, with its log if it has one. A crash
    /// leaves the old database or the new one.
    ///
    /// # Errors
    ///
    /// Another process has the database open, or a file cannot be written, renamed or synced.
    pub fn restore_to(
        &self,
        place: impl Into<Location>,
        now: DateTime<Utc>,
    ) -> Result<Restored, StoreError> {
        // A link stays, and its target is replaced.
        let place = place.into().resolved();
        let copy = place.sibling(place.path().with_added_extension(RESTORING));
        // An earlier restoration that was interrupted may have left its copy.
        copy.remove_if_present()?;
        let bytes = self.copy_to(copy.clone())?;
        let kept = match place.exists() {
            false => None,
            true => {
                ensure_unused(&place)?;
                let kept = keep(&place, now)?;
                // Before the old name is given away: a power cut must not lose both.
                place.sync_folder()?;
                Some(kept)
            }
        };
        place.remove_companions()?;
        copy.move_durably(place.path())?;
        Ok(Restored { bytes, kept })
    }
}

/// Fails if another connection has the database open. Moves its log into it.
fn ensure_unused(place: &Location) -> Result<(), StoreError> {
    // The content of a damaged database, or its log, is kept as it is. It cannot be opened, so
    // nothing can use it. Another version of the program may use what this one does not know.
    match connection::check(place) {
        Ok(()) | Err(StoreError::Older { .. } | StoreError::Newer { .. }) => {}
        Err(error) if error.is_busy() => return Err(StoreError::InUse(place.path().to_owned())),
        Err(_) => return Ok(()),
    }
    let old = place.connect(connection::write_flags())?;
    let in_use = |error: rusqlite::Error| match StoreError::from(error) {
        error if error.is_busy() => StoreError::InUse(place.path().to_owned()),
        error => error,
    };
    // In this mode, the first read takes a lock that no other connection can share.
    old.pragma_update(None, "locking_mode", "exclusive")?;
    old.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(in_use)?;
    old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(in_use)?;
    old.close().map_err(|(_, error)| error.into())
}

/// Gives the old database a second name, and its log the name that belongs to it.
fn keep(place: &Location, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let time = now.format("%Y%m%dT%H%M%S%6fZ");
    let kept = place.path().with_added_extension(format!("before-{time}"));
    place.link(&kept)?;
    let log = place.log();
    if log.exists() {
        log.move_durably(place.sibling(&kept).log().path())?;
    }
    Ok(kept)
}
