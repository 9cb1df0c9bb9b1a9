//! Empties the write-ahead log into the database.
//!
//! A log whose sync failed once must not be appended to, so a writer empties it as it opens and after
//! an error. One that another connection reads cannot be emptied: it stays if a mark says that each
//! commit in it was synced.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::error::StoreError;
use super::location::Location;
use super::log_holders::log_holders;
use super::log_mark;

/// A frame of the log: a page and its header of 24 bytes.
const FRAME_BYTES: i64 = 16_384 + 24;
/// Size of a log that cannot be emptied from which each writer warns: four times that at which SQLite
/// begins to empty it.
pub(super) const LARGE_LOG: i64 = 64 << 20;
/// Size from which a log must be emptied before the next commit.
const MAX_LOG: u64 = 4 << 30;
/// The wait for locks of other connections.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Retries of a journal switch or checkpoint that returns busy; some ten seconds with the waits in
/// between. Five retries without a wait were over before another connection's checkpoint ended.
pub(super) const BUSY_TRIES: u32 = 8;

/// The log after an attempt to empty it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogState {
    Empty,
    /// Another connection reads or writes, so the log has this number of frames; 0 if it is unknown.
    InUse {
        frames: i64,
    },
}

/// Empties the log before it is appended to: another process may have left one whose sync failed. A
/// log that another connection reads may stay if each commit in it was synced.
pub(super) fn prepare_log(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    match try_checkpoint(connection)? {
        LogState::Empty => log_mark::remove(place),
        LogState::InUse { frames } if log_mark::is_synced(connection, place, frames)? => {
            let bytes = frames.saturating_mul(FRAME_BYTES);
            if bytes > LARGE_LOG {
                tracing::warn!(
                    "the log of `{}` has {} MB and cannot be emptied: {} is reading or writing",
                    place.path().display(),
                    bytes / 1_000_000,
                    log_holders(place.log_locks())
                );
            }
            Ok(())
        }
        LogState::InUse { .. } => {
            checkpoint(connection, place)?;
            log_mark::remove(place)
        }
    }
}

/// Empties the log as a writer ends, or marks it as synced if another connection reads it. Call it
/// only after a writer none of whose commits returned an error.
pub(super) fn leave_log(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    match try_checkpoint(connection)? {
        LogState::Empty => log_mark::remove(place),
        LogState::InUse { frames } => log_mark::set(connection, place, frames),
    }
}

/// Fails if the log has grown beyond its bound and cannot be emptied.
pub(super) fn ensure_log_bounded(
    connection: &Connection,
    place: &Location,
) -> Result<(), StoreError> {
    match place.log().length() > MAX_LOG {
        true => checkpoint(connection, place),
        false => Ok(()),
    }
}

/// Returns the wait after so many tries: 40 ms after the first, doubled each time.
pub(super) const fn busy_wait(tries: u32) -> Duration {
    Duration::from_millis(20 << tries)
}

/// Moves the whole write-ahead log into the database and syncs it; must succeed before new work.
/// While another connection checkpoints, SQLite returns busy at once, whatever the timeout.
pub(super) fn checkpoint(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    for tries in 1..=BUSY_TRIES {
        if truncate_log(connection)? == LogState::Empty {
            return Ok(());
        }
        place.wait(busy_wait(tries));
    }
    Err(StoreError::CheckpointBusy {
        holders: log_holders(place.log_locks()),
    })
}

/// Tries once to empty the log, without a wait for other connections.
fn try_checkpoint(connection: &Connection) -> Result<LogState, StoreError> {
    connection.busy_timeout(Duration::ZERO)?;
    let state = truncate_log(connection);
    connection.busy_timeout(BUSY_WAIT)?;
    state
}

fn truncate_log(connection: &Connection) -> Result<LogState, StoreError> {
    let answer = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    match answer {
        // The first column is 1 if the log could not be emptied; that is no error to SQLite.
        Ok((0, _)) => Ok(LogState::Empty),
        Ok((_, frames)) => Ok(LogState::InUse { frames }),
        Err(error) if is_busy(&error) => Ok(LogState::InUse { frames: 0 }),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether another connection kept SQLite from something that a retry can do.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                // Lost a race of connections that start a transaction in WAL mode.
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
