//! Opening a database file: which files we accept, and the pragmas each connection must have.
//!
//! Pragmas are per connection and may be refused in silence, so every answer is read back.
//! `synchronous = EXTRA` makes a commit survive a power cut in every journal mode; after an
//! error, `wal_checkpoint(TRUNCATE)` must succeed before new work, since a log whose sync once
//! failed can otherwise lose commits that were acknowledged later.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::migrations;
use super::{Location, StoreError, StoreFault};

/// `PLMS`: how a Plimsoll database is told from any other.
pub(super) const APPLICATION_ID: i64 = 0x504c_4d53;
/// The first SQLite without the WAL-reset fault.
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "3.51.3");
const PAGE_SIZE: i64 = 16_384;
/// KiB, negative as the pragma wants it: room for the pages of a transaction of 4,096 cells. With
/// eight times as much no night was quicker, and one of 20,000 portfolios held 60 MB more.
const CACHE: i64 = -8_192;
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// How often a switch or checkpoint that came back busy is tried again: with the waits in
/// between, for some ten seconds.
const BUSY_TRIES: u32 = 8;

/// Makes a new database; refuses a place that holds anything.
pub(super) fn create(place: &Location) -> Result<Connection, StoreError> {
    check_sqlite()?;
    place.reserve()?;
    let mut connection = place.connect(write_flags())?;
    connection.busy_timeout(BUSY_WAIT)?;
    set(&connection, "page_size", PAGE_SIZE)?;
    set(&connection, "application_id", APPLICATION_ID)?;
    prepare_writer(&connection, place)?;
    migrations::apply(&mut connection)?;
    Ok(connection)
}

/// Opens an existing database for writing, brings its schema up to date, and empties its log.
pub(super) fn open(place: &Location) -> Result<Connection, StoreError> {
    check_sqlite()?;
    let found = inspect(place)?;
    if place.is_read_only() {
        return Err(StoreError::ReadOnly {
            path: place.path().to_owned(),
            source: None,
        });
    }
    let mut connection = place.connect(write_flags())?;
    connection.busy_timeout(BUSY_WAIT)?;
    prepare_writer(&connection, place).map_err(|error| read_only(place, error))?;
    if found < migrations::newest() {
        migrations::apply(&mut connection)?;
    }
    if !place.has_fault(StoreFault::NoCheckpointOnOpen) {
        checkpoint(&connection, place).map_err(|error| read_only(place, error))?;
    }
    Ok(connection)
}

/// Refuses what can't be read as it is: what is none of ours, and what has another schema.
pub(super) fn check(place: &Location) -> Result<(), StoreError> {
    check_sqlite()?;
    let found = inspect(place)?;
    if found < migrations::newest() {
        return Err(StoreError::Older {
            path: place.path().to_owned(),
            found,
            known: migrations::newest(),
        });
    }
    Ok(())
}

/// What every reading connection must have.
pub(super) fn prepare_reader(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.pragma_update(None, "query_only", true)
}

/// How readers open a database.
pub(super) fn read_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn write_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn prepare_writer(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    switch_to_wal(connection, place)?;
    set(connection, "synchronous", synchronous(place))?;
    set(connection, "foreign_keys", 1)?;
    set(connection, "trusted_schema", 0)?;
    set(connection, "cache_size", CACHE)?;
    Ok(())
}

/// How long is waited after so many tries.
const fn busy_wait(tries: u32) -> Duration {
    Duration::from_millis(20 << tries)
}

/// `EXTRA`; anything else is a slip.
fn synchronous(place: &Location) -> i64 {
    match place.fault() {
        Some(StoreFault::SynchronousOff) => 0,
        Some(StoreFault::SynchronousNormal | StoreFault::RollbackJournal) => 1,
        Some(StoreFault::PragmasIgnored) => 2,
        _ => 3,
    }
}

/// The log ahead of the file; anything else is a slip.
fn journal_mode(place: &Location) -> &'static str {
    match place.fault() {
        Some(StoreFault::JournalInMemory) => "memory",
        Some(StoreFault::JournalOff) => "off",
        Some(StoreFault::RollbackJournal | StoreFault::PragmasIgnored) => "delete",
        _ => "wal",
    }
}

/// The switch can come back busy at once, whatever the timeout.
fn switch_to_wal(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    let wanted = journal_mode(place);
    let mut tries = 0;
    loop {
        let answer = connection
            .pragma_update_and_check(None, "journal_mode", wanted, |row| row.get::<_, String>(0));
        match answer {
            Ok(mode) if mode == wanted => return Ok(()),
            Ok(answer) => {
                return Err(StoreError::Pragma {
                    pragma: "journal_mode",
                    wanted: wanted.to_owned(),
                    answer,
                });
            }
            Err(error) if is_busy(&error) && tries < BUSY_TRIES => {
                tries += 1;
                place.wait(busy_wait(tries));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Moves all of the write-ahead log into the database and syncs it; must succeed before work.
/// While somebody else does the same it comes back busy at once, whatever the timeout.
pub(super) fn checkpoint(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    for tries in 1..=BUSY_TRIES {
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0)
        });
        match busy {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if is_busy(&error) => {}
            Err(error) => return Err(error.into()),
        }
        place.wait(busy_wait(tries));
    }
    Err(StoreError::CheckpointBusy)
}

fn set(connection: &Connection, pragma: &'static str, wanted: i64) -> Result<(), StoreError> {
    connection.pragma_update(None, pragma, wanted)?;
    let answer: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    if answer != wanted {
        return Err(StoreError::Pragma {
            pragma,
            wanted: wanted.to_string(),
            answer: answer.to_string(),
        });
    }
    Ok(())
}

/// Reads what the file is before anything touches it, and gives its schema.
fn inspect(place: &Location) -> Result<i64, StoreError> {
    if !place.exists() {
        return Err(StoreError::Absent(place.path().to_owned()));
    }
    let foreign = |source| StoreError::Foreign {
        path: place.path().to_owned(),
        source,
    };
    let connection = place.connect(read_flags())?;
    connection.busy_timeout(BUSY_WAIT)?;
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let application = read("application_id").map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => foreign(Some(error)),
        Some(ErrorCode::CannotOpen) => place.unopenable(error),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::damaged(error),
        _ => error.into(),
    })?;
    if application != APPLICATION_ID {
        return Err(foreign(None));
    }
    let found = read("user_version")?;
    let known = migrations::newest();
    if found > known {
        return Err(StoreError::Newer {
            path: place.path().to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

fn read_only(place: &Location, error: StoreError) -> StoreError {
    match error {
        StoreError::Sqlite(source)
            if matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied)
            ) =>
        {
            StoreError::ReadOnly {
                path: place.path().to_owned(),
                source: Some(source),
            }
        }
        other => other,
    }
}

fn check_sqlite() -> Result<(), StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE.0 {
        return Err(StoreError::OldSqlite {
            found: rusqlite::version(),
            needed: OLDEST_SQLITE.1,
        });
    }
    Ok(())
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plimsoll_databases_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = Location::from(folder.path().join("books.db"));
        assert!(matches!(open(&path), Err(StoreError::Absent(_))));
        drop(create(&path).unwrap());
        assert!(matches!(create(&path), Err(StoreError::Present(_))));
        assert!(open(&path).is_ok() && check(&path).is_ok());

        let text = folder.path().join("notes.txt");
        std::fs::write(
            &text,
            "not a database, but long enough to be read as one".repeat(40),
        )
        .unwrap();
        assert!(matches!(
            open(&text.into()),
            Err(StoreError::Foreign { .. })
        ));
        let other = folder.path().join("other.db");
        Connection::open(&other)
            .unwrap()
            .execute_batch("CREATE TABLE t (a)")
            .unwrap();
        assert!(matches!(
            open(&other.into()),
            Err(StoreError::Foreign { source: None, .. })
        ));
        let empty = folder.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        assert!(matches!(
            open(&empty.into()),
            Err(StoreError::Foreign { .. })
        ));
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = Location::from(folder.path().join("books.db"));
        let connection = create(&path).unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        drop(connection);
        assert!(matches!(
            open(&path),
            Err(StoreError::Newer { found: 999, .. })
        ));
    }

    #[test]
    fn a_writer_has_its_pragmas() {
        let folder = tempfile::tempdir().unwrap();
        let connection = create(&folder.path().join("books.db").into()).unwrap();
        let read = |pragma| {
            connection
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(read("synchronous"), 3);
        assert_eq!(read("foreign_keys"), 1);
        assert_eq!(read("page_size"), PAGE_SIZE);
    }
}
