//! Recognises a write-ahead log that does not belong to its database, before SQLite replays it.
//!
//! A crash leaves a log. If a copy of the database then replaces the file, SQLite would replay the
//! log over the copy, and the books would be of neither state. So each commit counts up a
//! generation, in a row that also holds an identity: a log belongs to a database of the same
//! identity whose generation is the one before its first commit, or one of its own. A copy gets
//! another identity. A row that never got an identity, or that a power cut tore in a checkpoint,
//! says nothing: the log has it whole.

use std::io;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, params};

use super::error::StoreError;
use super::left_frames::{LeftLog, LogVersion};
use super::location::Location;
use super::row_hash::hash_row;
use super::select::select_first;

/// Readings of a log that another process keeps changing, before it is taken as that process's own.
const TRIES: u32 = 3;
const STATE_BYTES: usize = 24;
const MISSING: &str = "the identity of the database is missing (table `file_state`)";

/// The identity of a database, and the number of its commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    identity: [u8; 16],
    generation: u64,
}

impl FileState {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (identity, generation) = bytes.get(..STATE_BYTES)?.split_at(16);
        Some(Self {
            identity: identity.try_into().ok()?,
            generation: u64::from_be_bytes(generation.try_into().ok()?),
        })
    }

    fn to_bytes(self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        bytes[..16].copy_from_slice(&self.identity);
        bytes[16..].copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }

    /// Returns whether the database has got its identity. Earlier versions drew it after the
    /// migration that brought the table, in a transaction of its own.
    fn is_drawn(self) -> bool {
        self.identity != [0; 16]
    }

    /// Decodes the only row of the table's page.
    fn from_page(page: &[u8]) -> Option<Self> {
        const LEAF: u8 = 13;
        // SQLite's codes of a NULL, which stands for the row's key, and of a blob of 24 bytes.
        const KEY: u8 = 0;
        const BLOB: u8 = 12 + 2 * STATE_BYTES as u8;
        if *page.first()? != LEAF {
            return None;
        }
        let cell = usize::from(u16::from_be_bytes(page.get(8..10)?.try_into().ok()?));
        let cell = page.get(cell..)?;
        // The length of the row, in bytes whose highest bit tells that another one follows.
        let length = cell.iter().position(|byte| *byte < 0x80)? + 1;
        let record = cell.get(length + 1..)?;
        // Length of the record's header, codes of the columns.
        let [header, KEY, BLOB, ..] = *record else {
            return None;
        };
        Self::from_bytes(record.get(usize::from(header)..)?)
    }
}

/// Returns the identity of the database that a connection reads; `None` if its row is damaged.
pub(super) fn identity(connection: &Connection) -> Option<[u8; 16]> {
    Some(state(connection).ok()??.identity)
}

fn state(connection: &Connection) -> Result<Option<FileState>, StoreError> {
    let sql = "SELECT state FROM file_state";
    let stored = select_first(connection, sql, [], |row| {
        row.get::<_, Vec<u8>>(0).map_err(Into::into)
    })?;
    Ok(stored.as_deref().and_then(FileState::from_bytes))
}

/// Returns identity and generation as text; `None` if their row is damaged.
pub(super) fn state_text(connection: &Connection) -> Result<Option<String>, StoreError> {
    let text = |state: FileState| {
        let identity = u128::from_be_bytes(state.identity);
        format!("{identity:032x} {}", state.generation)
    };
    Ok(state(connection)?.map(text))
}

/// Returns the schema version for which the digests of the rows were computed; `None` without the
/// row of the table.
pub(super) fn digested(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT digested FROM file_state";
    select_first(connection, sql, [], |row| row.get(0).map_err(Into::into))
}

/// Returns whether the row of the table is as the last commit left it.
pub(super) fn is_sealed(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT state, digested, seal FROM file_state";
    let sealed = select_first(connection, sql, [], |row| {
        let seal: i64 = row.get(2)?;
        Ok(seal == seal_of(row.get_ref(0)?, row.get(1)?))
    })?;
    Ok(sealed.unwrap_or(false))
}

/// Returns whether the row was written by a version of Plimsoll that knew no seal.
pub(super) fn is_without_seal(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT seal FROM file_state";
    let seal = select_first(connection, sql, [], |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(seal == Some(0))
}

/// The hash of the columns that the digests of the tables do not cover.
fn seal_of(state: ValueRef<'_>, digested: i64) -> i64 {
    hash_row([state, ValueRef::Integer(digested)].into_iter()).cast_signed()
}

/// Counts up the generation. Every commit does, and stores it with its other changes.
pub(super) fn count_commit(connection: &Connection) -> Result<(), StoreError> {
    let Some(state) = state(connection)? else {
        return Err(StoreError::damaged(MISSING));
    };
    let next = FileState {
        generation: state.generation + 1,
        ..state
    };
    set_state(connection, next)
}

/// Gives a copy at `place` an identity of its own, so that no log of the original belongs to it.
pub(super) fn renew_identity(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    let state = FileState {
        identity: place.new_identity(connection)?,
        generation: 0,
    };
    set_state(connection, state)
}

/// Stores that the digests are those of a schema version, and seals the row as it is then.
pub(super) fn set_digested(
    connection: &Connection,
    place: &Location,
    version: i64,
) -> Result<(), StoreError> {
    if state(connection)?.is_none() {
        renew_identity(connection, place)?;
    }
    let Some(state) = state(connection)? else {
        return Err(StoreError::damaged(MISSING));
    };
    let bytes = state.to_bytes();
    let seal = seal_of(ValueRef::Blob(&bytes), version);
    connection.execute(
        "UPDATE file_state SET digested = ?1, seal = ?2",
        [version, seal],
    )?;
    Ok(())
}

/// Adds the row of the table, with a new identity, if it is missing.
pub(super) fn add_missing(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO file_state (only, state, digested, digests, seal)
               VALUES (1, zeroblob(24), 0, ?1, 0)";
    match connection.execute(sql, ["{}"])? {
        0 => Ok(()),
        _ => renew_identity(connection, place),
    }
}

/// Replaces the state. A row whose seal is broken keeps it so: a commit must not hide the damage.
fn set_state(connection: &Connection, state: FileState) -> Result<(), StoreError> {
    let bytes = state.to_bytes();
    if !is_sealed(connection)? {
        connection.execute("UPDATE file_state SET state = ?1", [bytes])?;
        return Ok(());
    }
    let digested = digested(connection)?.unwrap_or_default();
    connection
        .prepare_cached("UPDATE file_state SET state = ?1, seal = ?2")?
        .execute(params![bytes, seal_of(ValueRef::Blob(&bytes), digested)])?;
    Ok(())
}

/// Fails if a log lies beside the database that does not belong to it.
pub(super) fn check(place: &Location) -> Result<(), StoreError> {
    let log = place.log();
    let file_error = |source| log.file_error(source);
    if LeftLog::open(&log).is_ok_and(|log| log.is_none()) {
        return Ok(());
    }
    for _ in 0..TRIES {
        let Some((page, base)) = state_in_file(place)? else {
            return Ok(());
        };
        let Some((before, first, last)) = states_in_log(&log, page).map_err(file_error)? else {
            return Ok(());
        };
        // A process that writes meanwhile may have moved the log into the file.
        let now = LeftLog::open(&log).map_err(file_error)?;
        let unchanged = state_in_file(place)? == Some((page, base))
            && now.is_some_and(|log| *log.version() == before);
        if !unchanged {
            continue;
        }
        let is_one = first.identity == base.identity && last.identity == base.identity;
        let follows = first.generation <= base.generation + 1;
        if !(is_one && follows && base.generation <= last.generation) {
            return Err(StoreError::ForeignLog {
                path: place.path().to_owned(),
                log: log.path().to_owned(),
            });
        }
        return Ok(());
    }
    Ok(())
}

/// Reads the page number of the table and its row from the file itself, without the log.
///
/// `None` if the table says nothing: the database is of an older version, or a checkpoint was cut
/// off, perhaps within the row's page, which the log completes.
fn state_in_file(place: &Location) -> Result<Option<(u32, FileState)>, StoreError> {
    // Reading the file without SQLite would drop, on closing it, the locks of this process's other
    // connections.
    let sql =
        "SELECT rootpage, file_state.* FROM sqlite_schema, file_state WHERE name = 'file_state'";
    let read = place.connect_to_file_alone().and_then(|connection| {
        connection.query_row(sql, [], |row| {
            let state = row.get_ref("state")?;
            let is_torn = match row.get("seal") {
                // Before schema 24, and in a row of a version that knew no seal.
                Err(rusqlite::Error::InvalidColumnName(_)) | Ok(0) => false,
                seal => seal? != seal_of(state, row.get("digested")?),
            };
            let state = FileState::from_bytes(state.as_blob()?);
            let state = state.filter(|state| state.is_drawn() && !is_torn);
            Ok((row.get::<_, u32>("rootpage")?, state))
        })
    });
    match read {
        Ok((page, state)) => Ok(state.map(|state| (page, state))),
        Err(error) => match error.sqlite_error_code() {
            // Nothing was read: the log may be that of another state.
            Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory) => Err(error.into()),
            Some(ErrorCode::CannotOpen) => Err(place.unopenable(error)),
            _ => Ok(None),
        },
    }
}

/// Reads the version of the log, and the first and the last state in it; `None` if it has none.
fn states_in_log(
    log: &Location,
    page: u32,
) -> io::Result<Option<(LogVersion, FileState, FileState)>> {
    let Some(mut log) = LeftLog::open(log)? else {
        return Ok(None);
    };
    let (mut first, mut last) = (None, None);
    log.committed_pages(page, |content| {
        last = FileState::from_page(content).filter(|state| state.is_drawn());
        first = first.or(last);
    })?;
    let states = first.zip(last);
    Ok(states.map(|(first, last)| (log.into_version(), first, last)))
}
