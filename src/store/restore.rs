//! Puts a copy of a database in the place of another one, which is kept beside it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};

use super::connection;
use super::error::StoreError;
use super::left_log::log_path;
use super::location::Location;
use super::transaction::ReadTransaction;
use crate::durable::{move_file, remove_companions, sync_folder_of};

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
    /// Copies the state that this transaction sees to `path`, and replaces the database there in
    /// one step. That one keeps its content under a new name, with its log if it has one. A crash
    /// leaves the old database or the new one.
    ///
    /// # Errors
    ///
    /// Another process has the database open, or a file cannot be written, renamed or synced.
    pub fn restore_to(&self, path: &Path, now: DateTime<Utc>) -> Result<Restored, StoreError> {
        let copy = path.with_added_extension(RESTORING);
        // An earlier restoration that was interrupted may have left its copy.
        remove_if_present(&copy)?;
        let bytes = self.copy_to(copy.as_path())?;
        let kept = match path.exists() {
            false => None,
            true => {
                ensure_unused(path)?;
                let kept = keep(path, now)?;
                // Before the old name is given away: a power cut must not lose both.
                at(path, sync_folder_of(path))?;
                Some(kept)
            }
        };
        at(path, remove_companions(path))?;
        at(path, move_file(&copy, path))?;
        Ok(Restored { bytes, kept })
    }
}

/// Fails if another connection has the database open. Moves its log into it.
fn ensure_unused(path: &Path) -> Result<(), StoreError> {
    let place = Location::from(path);
    // The content of a damaged database, or its log, is kept as it is. It cannot be opened, so
    // nothing can use it.
    match connection::check(&place) {
        Ok(()) | Err(StoreError::Older { .. }) => {}
        Err(_) => return Ok(()),
    }
    let old = place.connect(connection::write_flags())?;
    let in_use = |error: rusqlite::Error| match StoreError::from(error) {
        error if error.is_busy() => StoreError::InUse(path.to_owned()),
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
fn keep(path: &Path, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let kept = path.with_added_extension(format!("before-{}", now.format("%Y%m%dT%H%M%S%6fZ")));
    at(&kept, fs::hard_link(path, &kept))?;
    let log = log_path(path);
    if log.exists() {
        at(&log, move_file(&log, &log_path(&kept)))?;
    }
    Ok(kept)
}

fn remove_if_present(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => at(path, removed),
    }
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, StoreError> {
    result.map_err(|source| StoreError::File {
        path: path.to_owned(),
        source,
    })
}
