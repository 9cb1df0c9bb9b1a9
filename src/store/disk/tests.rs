//! SQLite on the simulated disk: what its users count on, at the level of plain connections.

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{NameSync, Operation, SimulatedDisk};

const FILE: &str = "books.db";

/// How much a commit syncs.
#[derive(Debug, Clone, Copy)]
enum Synchronous {
    Off,
    Extra,
}

fn connect(disk: &SimulatedDisk) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    disk.connect(FILE, flags).unwrap()
}

/// A connection in a journal mode, to a database with a table of numbers.
fn numbers(disk: &SimulatedDisk, mode: &str, synchronous: Synchronous) -> Connection {
    let connection = connect(disk);
    let answer: String = connection
        .pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
        .unwrap();
    assert_eq!(answer, mode);
    let level = match synchronous {
        Synchronous::Off => "off",
        Synchronous::Extra => "extra",
    };
    connection
        .pragma_update(None, "synchronous", level)
        .unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS number (number, filling)")
        .unwrap();
    connection
}

fn insert(connection: &Connection, numbers: impl IntoIterator<Item = i64>) {
    for number in numbers {
        let filling = vec![number as u8; 3_000];
        connection
            .execute("INSERT INTO number VALUES (?1, ?2)", (number, filling))
            .unwrap();
    }
}

fn count(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM number", [], |row| row.get(0))
        .unwrap()
}

fn largest(disk: &SimulatedDisk) -> i64 {
    connect(disk)
        .query_row("SELECT max(number) FROM number", [], |row| row.get(0))
        .unwrap()
}

/// What a fresh process finds on a disk, after its recovery: how many numbers there are, if there
/// is a table of them. The database must be sound.
fn recovered(disk: &SimulatedDisk) -> Option<i64> {
    let connection = connect(disk);
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let there = connection.table_exists(None, "number").unwrap();
    there.then(|| count(&connection))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

#[test]
fn writes_persist_across_reopen() {
    for mode in ["delete", "wal", "truncate", "persist"] {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, mode, Synchronous::Extra);
        insert(&connection, 0..50);
        drop(connection);
        assert_eq!(recovered(&disk), Some(50), "{mode}");
        assert_eq!(recovered(&SimulatedDisk::new()), None);
    }
}

#[test]
fn a_reader_sees_what_was_while_a_writer_writes() {
    let disk = SimulatedDisk::new();
    let writer = numbers(&disk, "wal", Synchronous::Extra);
    insert(&writer, 0..3);
    let reader = connect(&disk);
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&reader), 3);
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    insert(&writer, 3..10);
    assert_eq!(count(&reader), 3);
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&reader), 3);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&reader), 10);
}

#[test]
fn one_writer_keeps_another_out() {
    for mode in ["wal", "delete"] {
        let disk = SimulatedDisk::new();
        let one = numbers(&disk, mode, Synchronous::Extra);
        let two = numbers(&disk, mode, Synchronous::Extra);
        one.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = two.execute_batch("BEGIN IMMEDIATE").unwrap_err();
        assert!(is_busy(&refused), "{mode}: {refused}");
        one.execute_batch("COMMIT").unwrap();
        two.execute_batch("BEGIN IMMEDIATE; COMMIT").unwrap();
    }
}

#[test]
fn with_a_journal_a_commit_waits_for_readers() {
    let disk = SimulatedDisk::new();
    let writer = numbers(&disk, "delete", Synchronous::Extra);
    insert(&writer, 0..3);
    let reader = numbers(&disk, "delete", Synchronous::Extra);
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&reader), 3);
    let refused = writer.execute("DELETE FROM number", []).unwrap_err();
    assert!(is_busy(&refused), "{refused}");
    reader.execute_batch("COMMIT").unwrap();
    writer.execute("DELETE FROM number", []).unwrap();
    assert_eq!(count(&reader), 0);
}

#[test]
fn a_checkpoint_empties_the_log() {
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    insert(&connection, 0..30);
    let log = "books.db-wal";
    assert!(disk.sync(log) > 0);
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!((busy, disk.sync(log)), (0, 0));
    assert_eq!(recovered(&disk.fork()), Some(30));
    drop(connection);
    assert!(!disk.has_file(log));
}

/// As on Unix, where a file that was opened to be read can't be locked by a writer.
#[test]
fn a_reader_that_leaves_last_does_not_empty_the_log() {
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    insert(&connection, 0..30);
    let killed = disk.fork();
    let reader = killed
        .connect("books.db", OpenFlags::SQLITE_OPEN_READ_ONLY)
        .unwrap();
    assert_eq!(count(&reader), 30);
    drop(reader);
    assert!(killed.sync("books.db-wal") > 0);
    assert_eq!(recovered(&killed), Some(30));
}

#[test]
fn a_kill_in_a_transaction_leaves_the_last_commit() {
    for mode in ["wal", "delete"] {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, mode, Synchronous::Extra);
        insert(&connection, 0..20);
        // A small cache writes pages before the commit: they have to be taken back.
        connection.pragma_update(None, "cache_size", 2).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        disk.start_log();
        let change = "UPDATE number SET number = number + 100";
        connection.execute_batch(change).unwrap();
        insert(&connection, 200..240);
        let wrote = disk.end_log();
        assert!(
            wrote
                .iter()
                .any(|done| matches!(done, Operation::Write { .. })),
            "{mode}: {}",
            wrote.len()
        );
        let left = disk.fork();
        connection.execute_batch("COMMIT").unwrap();
        assert_eq!((recovered(&left), largest(&left)), (Some(20), 19), "{mode}");
        assert_eq!(recovered(&disk.fork()), Some(60), "{mode}");
    }
}

#[test]
fn power_cut_keeps_only_synced_commits() {
    for mode in ["wal", "delete"] {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, mode, Synchronous::Extra);
        insert(&connection, 0..20);
        assert_eq!(recovered(&disk.after_power_cut()), Some(20), "{mode}");
        connection
            .pragma_update(None, "synchronous", "off")
            .unwrap();
        insert(&connection, 20..21);
        assert_eq!(recovered(&disk.fork()), Some(21), "{mode}");
        assert_eq!(recovered(&disk.after_power_cut()), Some(20), "{mode}");
    }
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Off);
    insert(&connection, 0..20);
    assert_eq!(recovered(&disk.after_power_cut()), None);
}

#[test]
fn a_deletion_that_was_not_synced_brings_a_journal_back() {
    let journal = "books.db-journal";
    for (level, comes_back) in [("full", true), ("extra", false)] {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, "delete", Synchronous::Extra);
        insert(&connection, 0..20);
        connection
            .pragma_update(None, "synchronous", level)
            .unwrap();
        insert(&connection, 20..21);
        assert!(!disk.has_file(journal));
        let left = disk.after_power_cut();
        assert_eq!(left.has_file(journal), comes_back);
        // The journal that came back undoes a commit that was acknowledged: why it is EXTRA.
        assert_eq!(recovered(&left), Some(21 - i64::from(comes_back)));
    }
}

#[test]
fn the_first_sync_of_a_new_log_syncs_the_folder() {
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    insert(&connection, 0..1);
    drop(connection);
    disk.start_log();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    insert(&connection, 1..3);
    let log = disk.end_log();
    let Some(Operation::Create { file: wal, name }) = log.first() else {
        panic!("{log:?}")
    };
    assert_eq!(name, "books.db-wal");
    let syncs = log.iter().filter_map(|done| match done {
        Operation::Sync {
            file,
            name_sync: names,
        } if file == wal => Some(*names),
        _ => None,
    });
    let syncs: Vec<_> = syncs.collect();
    assert_eq!(syncs[0], NameSync::Synced);
    assert!(syncs.len() > 1 && syncs[1..].iter().all(|names| *names == NameSync::Pending));
}

#[test]
fn disk_is_freed_with_its_last_connection() {
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    let kept = std::sync::Arc::downgrade(&disk.0);
    drop(disk);
    insert(&connection, 0..3);
    assert_eq!(count(&connection), 3);
    drop(connection);
    assert!(kept.upgrade().is_none());
}

#[test]
fn two_disks_do_not_disturb_each_other() {
    let fill = |numbers_of: i64| {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, "wal", Synchronous::Extra);
        for number in 0..numbers_of {
            insert(&connection, [number]);
            assert_eq!(count(&connection), number + 1);
        }
        recovered(&disk.fork())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (50..54)
            .map(|many| (many, scope.spawn(move || fill(many))))
            .collect();
        for (many, thread) in threads {
            assert_eq!(thread.join().unwrap(), Some(many));
        }
    });
}

#[test]
fn temporary_files_lie_on_no_disk() {
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    insert(&connection, 0..10);
    disk.start_log();
    connection
        .execute_batch(
            "PRAGMA temp_store = file; CREATE TEMP TABLE copy (number, filling);
             PRAGMA temp.cache_size = 1;
             INSERT INTO copy SELECT a.number, a.filling FROM number a, number b, number c;",
        )
        .unwrap();
    let copied: i64 = connection
        .query_row("SELECT count(*) FROM copy", [], |row| row.get(0))
        .unwrap();
    assert_eq!(copied, 1_000);
    assert_eq!(disk.end_log(), []);
}

#[test]
fn missing_database_is_not_created() {
    let disk = SimulatedDisk::new();
    let refused = disk
        .connect(FILE, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::CannotOpen));
    assert!(
        refused.to_string().ends_with("cannot open `books.db`"),
        "{refused}"
    );
    assert!(!disk.has_file(FILE));
}
