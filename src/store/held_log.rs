//! Finds a write-ahead log that another process keeps from being emptied.
//!
//! A writer empties the log as it ends. One that has content although nothing writes is held by an
//! open read transaction, or a killed writer left it, which the next one empties. A read cannot try to
//! empty the log, and holds it itself for a moment. So the locks of other processes decide or, where
//! the system does not list them, the mark of a writer that could not empty the log.

use std::collections::BTreeSet;
use std::fs;

use serde::Serialize;

use super::checkpoint::LARGE_LOG;
use super::error::StoreError;
use super::left_log::log_path;
use super::location::Location;
use super::log_holders::{LogLocks, holder_names};
use super::log_mark;
use super::transaction::ReadTransaction;

/// A write-ahead log that cannot be emptied while another process reads the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldLog {
    /// Size of the log.
    pub bytes: u64,
    /// The processes that read the database, as text.
    pub holders: String,
}

impl HeldLog {
    /// Returns whether the log is larger than one of a run that nothing holds back.
    pub fn is_large(&self) -> bool {
        self.bytes > LARGE_LOG.unsigned_abs()
    }
}

/// Returns the log of a database, if it has content, another process reads the database and none
/// writes.
pub(super) fn held_log(
    place: &Location,
    reading: &ReadTransaction<'_>,
) -> Result<Option<HeldLog>, StoreError> {
    // Simulated processes have no locks that the system lists.
    if place.file_system().is_some() {
        return Ok(None);
    }
    let bytes = fs::metadata(log_path(place.path())).map_or(0, |log| log.len());
    if bytes == 0 {
        return Ok(None);
    }
    let (is_held, holders) = match LogLocks::of(place.path()) {
        Some(locks) => {
            let readers = locks.readers_beside(std::process::id());
            let is_held = locks.writers.is_empty() && !readers.is_empty();
            (is_held, holder_names(&readers))
        }
        None => {
            let is_held = log_mark::is_of_state(reading.connection, place)?;
            (is_held, holder_names(&BTreeSet::new()))
        }
    };
    Ok(is_held.then_some(HeldLog { bytes, holders }))
}
