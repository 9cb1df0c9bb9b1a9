//! Opens database files: checks that the file is a Plimsoll database and sets the pragmas that
//! each connection needs.
//!
//! Pragmas belong to a connection and can be refused without an error, so each pragma of a writer
//! is read back. `synchronous = EXTRA` makes a commit survive a power cut, with the write-ahead log
//! (WAL) as with a rollback journal. After an error, `wal_checkpoint(TRUNCATE)` must succeed before
//! new work: a log whose sync failed once can lose commits that are acknowledged later. A log that
//! another connection reads stays if a mark says that each commit in it was synced.

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::checkpoint::{BUSY_TRIES, BUSY_WAIT, busy_wait, checkpoint, is_busy, prepare_log};
use super::error::StoreError;
use super::location::Location;
use super::{left_log, migrations, row_digests};

/// `PLMS` in ASCII, the application id in the header of every Plimsoll database.
pub(super) const APPLICATION_ID: i64 = 0x504c_4d53;
/// The first SQLite version without the WAL-reset bug, which loses data.
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "3.51.3");
const PAGE_SIZE: i64 = 16_384;
/// Value of the pragma `synchronous`. `FULL` is not enough with a rollback journal: a power cut can
/// bring a deleted journal back, which then undoes an acknowledged commit.
const EXTRA: i64 = 3;
/// 8 MiB, in KiB and negative as the pragma expects: enough for the pages of a transaction of 4,096
/// cells. Eight times as much made no run faster, and one of 20,000 portfolios used 60 MB more.
const CACHE: i64 = -8_192;
/// Value of the pragma `temp_store`: the triggers of a writing connection need no file.
const MEMORY: i64 = 2;
/// Creates a new database; fails if anything exists at the location. A crash leaves no database or
/// a whole one.
pub(super) fn create(place: &Location) -> Result<(), StoreError> {
    check_sqlite()?;
    let created = place.create_atomically(|mut connection| {
        connection.busy_timeout(BUSY_WAIT)?;
        // The page size must be set before the switch to WAL, which fixes it.
        set(&connection, "page_size", PAGE_SIZE)?;
        set(&connection, "application_id", APPLICATION_ID)?;
        prepare_writer(&connection, place)?;
        migrate(&mut connection, place)?;
        // The log has the temporary name, so nothing may be left in it.
        checkpoint(&connection, place)?;
        // A drop would hide an error of closing.
        connection.close().map_err(|(_, error)| error.into())
    });
    created.map(drop)
}

/// Opens an existing database for writing, migrates its schema and empties its log.
pub(super) fn open(place: &Location) -> Result<Connection, StoreError> {
    check_sqlite()?;
    let found = inspect(place)?;
    // SQLite would open a read-only file without an error and fail only at the first write.
    if place.is_read_only() {
        return Err(StoreError::ReadOnly {
            path: place.path().to_owned(),
            source: None,
        });
    }
    let mut connection = place.connect(write_flags())?;
    connection.busy_timeout(BUSY_WAIT)?;
    prepare_writer(&connection, place).map_err(|error| read_only(place, error))?;
    prepare_log(&connection, place).map_err(|error| read_only(place, error))?;
    if found < migrations::newest() {
        migrate(&mut connection, place)?;
    }
    repeat_digests(&mut connection, place)?;
    Ok(connection)
}

/// Brings the schema up to date, with the digests of all rows in the same transaction.
fn migrate(connection: &mut Connection, place: &Location) -> Result<(), StoreError> {
    let place = place.clone();
    migrations::apply(connection, move |transaction| {
        match needs_digests(transaction)? {
            true => digest_all(transaction, &place),
            false => Ok(()),
        }
    })
}

/// Computes the digests of all rows if they are not those of this version's schema: earlier versions
/// migrated in one transaction and computed them in another one.
fn repeat_digests(connection: &mut Connection, place: &Location) -> Result<(), StoreError> {
    if !needs_digests(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have computed them while this one waited.
    if needs_digests(&transaction)? {
        digest_all(&transaction, place)?;
    }
    Ok(transaction.commit()?)
}

/// Returns whether the digests are those of an older schema. A row that is damaged says nothing of
/// its version: new digests would accept whatever else is damaged.
fn needs_digests(connection: &Connection) -> Result<bool, StoreError> {
    let version = left_log::digested(connection)?;
    Ok(
        version.is_some_and(|version| version != migrations::newest())
            && (left_log::is_without_seal(connection)? || left_log::is_sealed(connection)?),
    )
}

/// Computes the digests. A database that never had any gets its identity.
fn digest_all(transaction: &Connection, place: &Location) -> Result<(), StoreError> {
    if left_log::digested(transaction)? == Some(0) {
        left_log::renew_identity(transaction, place)?;
    }
    left_log::set_digested(transaction, place, migrations::newest())?;
    left_log::count_commit(transaction)?;
    row_digests::compute_all(transaction)
}

/// Fails if the file cannot be read as it is: it is not a Plimsoll database, or its schema is not
/// this version's.
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

/// Sets the pragmas of a reading connection, which `query_only` keeps from writing.
pub(super) fn prepare_reader(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.pragma_update(None, "query_only", true)
}

/// Flags of a connection that only reads.
pub(super) fn read_flags() -> OpenFlags {
    // No mutex: a connection is only ever used by one thread at a time.
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Flags of a connection to an existing file that may write.
pub(super) fn write_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn prepare_writer(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    switch_to_wal(connection, place)?;
    set(connection, "synchronous", EXTRA)?;
    // SQLite's default is off, for each connection.
    set(connection, "foreign_keys", 1)?;
    // A schema that another program changed must not run functions with side effects.
    set(connection, "trusted_schema", 0)?;
    set(connection, "cache_size", CACHE)?;
    // A replaced row must fire the triggers of a deleted one, which collect changes of rows.
    set(connection, "recursive_triggers", 1)?;
    set(connection, "temp_store", MEMORY)?;
    Ok(())
}

/// Switches the journal mode. The switch can return busy at once, whatever the timeout, so it is
/// retried here.
fn switch_to_wal(connection: &Connection, place: &Location) -> Result<(), StoreError> {
    let wanted = "wal";
    let mut tries = 0;
    loop {
        let answer = connection
            .pragma_update_and_check(None, "journal_mode", wanted, |row| row.get::<_, String>(0));
        match answer {
            Ok(mode) if mode == wanted => return Ok(()),
            // SQLite reports a refused switch by the mode that stays in force, not by an error.
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

/// Checks that the file is a Plimsoll database and returns its schema version. The connection only
/// reads, so another program's file stays as it is.
fn inspect(place: &Location) -> Result<i64, StoreError> {
    if !place.exists() {
        return Err(StoreError::Absent(place.path().to_owned()));
    }
    let foreign = |source| StoreError::Foreign {
        path: place.path().to_owned(),
        source,
    };
    // Before the first read, which would replay the log.
    left_log::check(place)?;
    let connection = place.connect(read_flags())?;
    connection.busy_timeout(BUSY_WAIT)?;
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    // The first read of the file: errors of opening and of the format appear here.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plimsoll_databases_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = Location::from(folder.path().join("books.db"));
        assert!(matches!(open(&path), Err(StoreError::Absent(_))));
        create(&path).unwrap();
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
        create(&path).unwrap();
        let connection = open(&path).unwrap();
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
        let path = Location::from(folder.path().join("books.db"));
        create(&path).unwrap();
        let connection = open(&path).unwrap();
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
