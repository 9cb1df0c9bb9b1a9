//! Finds a write-ahead log that a reader keeps from being emptied.
//!
//! A writer empties the log as it ends. One that has content although nothing writes is held by an
//! open read transaction, or a killed writer left it, which the next one empties. A read cannot try to
//! empty the log, and holds it itself for a moment. So the locks of other processes decide or, where
//! the system does not list them, the mark of a writer that could not empty the log; and the reads of
//! this process that began before the last commit.

use std::collections::BTreeSet;

use serde::Serialize;

use super::checkpoint::LARGE_LOG;
use super::error::StoreError;
use super::location::Location;
use super::log_holders::holder_names;
use super::log_mark;
use super::transaction::ReadTransaction;

/// A write-ahead log that cannot be emptied while the database is read.
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
/// writes. `is_held_here` tells that an old read of this process holds it too.
pub(super) fn held_log(
    place: &Location,
    reading: &ReadTransaction<'_>,
    is_held_here: bool,
) -> Result<Option<HeldLog>, StoreError> {
    let bytes = place.log().length();
    if bytes == 0 {
        return Ok(None);
    }
    let this = std::process::id();
    let (is_held, others) = match place.log_locks() {
        Some(locks) => {
            let readers = locks.readers_beside(this);
            let is_held = is_held_here || !readers.is_empty();
            (is_held && locks.writers.is_empty(), readers)
        }
        None => {
            let is_held = is_held_here || log_mark::is_of_state(reading.connection, place)?;
            (is_held, BTreeSet::new())
        }
    };
    if !is_held {
        return Ok(None);
    }
    let mut holders = Vec::new();
    if is_held_here {
        holders.push(format!("an earlier request of this process ({this})"));
    }
    if !is_held_here || !others.is_empty() {
        holders.push(holder_names(&others));
    }
    let holders = holders.join("; ");
    Ok(Some(HeldLog { bytes, holders }))
}

#[cfg(test)]
mod tests {
    use crate::store::{Store, StoreError};

    #[test]
    fn an_old_read_of_this_process_holds_the_log_and_a_new_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let commit = || {
            let mut writer = store.writer().unwrap();
            writer
                .write(|writing| writing.increment_revision())
                .unwrap();
        };
        let held = store.read(|reading| {
            reading.revision()?;
            commit();
            let held = store.held_log()?;
            Ok::<_, StoreError>(held)
        });
        let holders = held.unwrap().map(|log| log.holders).unwrap_or_default();
        let process = std::process::id();
        let expected = format!("an earlier request of this process ({process})");
        assert_eq!(holders, expected);
        commit();
        let released = store.read(|reading| {
            reading.revision()?;
            store.held_log()
        });
        assert_eq!(released.unwrap(), None);
    }
}
