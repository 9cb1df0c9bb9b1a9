//! Tests SQLite on the simulated disk with plain connections: durability, locks and recovery.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::faults::{Fault, FaultDuration, InjectedDiskFault};
use super::operation::{NameSync, Operation};
use super::simulated::SimulatedDisk;
use crate::store::{FileSystem, Location, Store, StoreError, Writer};

/// Value of the pragma `synchronous`.
#[derive(Debug, Clone, Copy)]
enum Synchronous {
    Off,
    Extra,
}

fn open(disk: &SimulatedDisk, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let name = disk.full_name(Path::new("books.db"));
    Connection::open_with_flags_and_vfs(name, flags, disk.vfs().unwrap())
}

fn connect(disk: &SimulatedDisk) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(disk, flags).unwrap()
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

/// Opens the disk as a new process does, which recovers it, and checks the database. Returns the
/// count of numbers, if their table exists.
fn recovered(disk: &SimulatedDisk) -> Option<i64> {
    let connection = connect(disk);
    let integrity: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
    let has_table = connection.table_exists(None, "number").unwrap();
    has_table.then(|| count(&connection))
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
fn a_reader_keeps_its_snapshot_while_a_writer_writes() {
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
        let first = numbers(&disk, mode, Synchronous::Extra);
        let second = numbers(&disk, mode, Synchronous::Extra);
        first.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = second.execute_batch("BEGIN IMMEDIATE").unwrap_err();
        assert!(is_busy(&refused), "{mode}: {refused}");
        first.execute_batch("COMMIT").unwrap();
        second.execute_batch("BEGIN IMMEDIATE; COMMIT").unwrap();
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
    let log = Path::new("books.db-wal");
    assert!(disk.version(log).unwrap().length > 0);
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!((busy, disk.version(log).unwrap().length), (0, 0));
    assert_eq!(recovered(&disk.fork()), Some(30));
    drop(connection);
    assert!(!disk.exists(log));
}

/// As on Unix, where a file that was opened read-only cannot get a writer's lock.
#[test]
fn a_reader_that_closes_last_does_not_empty_the_log() {
    let disk = SimulatedDisk::new();
    let connection = numbers(&disk, "wal", Synchronous::Extra);
    insert(&connection, 0..30);
    let killed = disk.fork();
    let reader = open(&killed, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(count(&reader), 30);
    drop(reader);
    assert!(killed.version(Path::new("books.db-wal")).unwrap().length > 0);
    assert_eq!(recovered(&killed), Some(30));
}

#[test]
fn a_kill_in_a_transaction_leaves_the_last_commit() {
    for mode in ["wal", "delete"] {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, mode, Synchronous::Extra);
        insert(&connection, 0..20);
        // A small cache makes SQLite write pages before the commit, which recovery must undo.
        connection.pragma_update(None, "cache_size", 2).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        disk.start_log();
        let change = "UPDATE number SET number = number + 100";
        connection.execute_batch(change).unwrap();
        insert(&connection, 200..240);
        let operations = disk.end_log();
        assert!(
            operations
                .iter()
                .any(|operation| matches!(operation, Operation::Write { .. })),
            "{mode}: {}",
            operations.len()
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
fn an_unsynced_deletion_restores_the_journal_after_a_power_cut() {
    let journal = "books.db-journal";
    for (level, comes_back) in [("full", true), ("extra", false)] {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, "delete", Synchronous::Extra);
        insert(&connection, 0..20);
        connection
            .pragma_update(None, "synchronous", level)
            .unwrap();
        insert(&connection, 20..21);
        assert!(!disk.exists(Path::new(journal)));
        let left = disk.after_power_cut();
        assert_eq!(left.exists(Path::new(journal)), comes_back);
        // The restored journal undoes an acknowledged commit, which is why the store uses EXTRA.
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
    let syncs = log.iter().filter_map(|operation| match operation {
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
    let fill = |total: i64| {
        let disk = SimulatedDisk::new();
        let connection = numbers(&disk, "wal", Synchronous::Extra);
        for number in 0..total {
            insert(&connection, [number]);
            assert_eq!(count(&connection), number + 1);
        }
        recovered(&disk.fork())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (50..54)
            .map(|total| (total, scope.spawn(move || fill(total))))
            .collect();
        for (total, thread) in threads {
            assert_eq!(thread.join().unwrap(), Some(total));
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
    let refused = open(&disk, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::CannotOpen));
    assert!(!disk.exists(Path::new("books.db")));
}

fn increment(writer: &mut Writer) {
    let changed = writer.write(|writing| writing.increment_revision());
    changed.unwrap_or_else(|error: StoreError| panic!("{error}"));
}

#[test]
fn a_log_beside_the_copy_of_another_state_is_refused() {
    let disk = SimulatedDisk::new();
    let store = Store::create(&disk).unwrap();
    let backup = Location::on(Arc::new(disk.clone()), "backup.db");
    store.read(|reading| reading.copy_to(backup)).unwrap();
    let mut writer = store.writer().unwrap();
    increment(&mut writer);
    let killed = disk.fork();
    assert!(Store::open(&killed).is_ok());
    let killed = disk.fork();
    let mut copy = Vec::new();
    let mut file = killed.open(Path::new("backup.db")).unwrap();
    file.read_to_end(&mut copy).unwrap();
    killed.replace(Path::new("books.db"), &copy).unwrap();
    killed.arm(None);
    let opened = Store::open(&killed).unwrap_err();
    assert!(matches!(opened, StoreError::ForeignLog { .. }), "{opened}");
    // Nor is it replayed if it could not be looked at.
    for at in 0..killed.disarm().0.len() {
        let disk = killed.fork();
        disk.arm(Some(InjectedDiskFault {
            at,
            fault: Fault::Io,
            duration: FaultDuration::Once,
        }));
        assert!(Store::open(&disk).is_err(), "call {at}");
    }
}

#[test]
fn a_log_that_a_reader_holds_is_found_by_its_mark() {
    let disk = SimulatedDisk::new();
    let store = Store::create(&disk).unwrap();
    assert_eq!(store.held_log().unwrap(), None);
    let other = Store::open(&disk).unwrap();
    let held = other.read(|reading| {
        reading.revision()?;
        increment(&mut store.writer().unwrap());
        store.held_log()
    });
    let held = held.unwrap().unwrap();
    assert!(
        held.bytes > 0 && held.holders == "another connection",
        "{held:?}"
    );
    increment(&mut store.writer().unwrap());
    assert_eq!(store.held_log().unwrap(), None);
}
