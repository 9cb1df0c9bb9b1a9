//! Puts a log beside a database that it does not belong to, as copying a backup over a database
//! after a crash does.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use plimsoll::store::{Store, StoreError};

/// A folder with a database of one commit, the log that a crash after another one left, and a copy
/// of the file from between them.
struct Crashed {
    _folder: tempfile::TempDir,
    database: PathBuf,
    log: PathBuf,
    backup: PathBuf,
}

fn change(store: &Store) {
    let mut writer = store.writer().unwrap();
    writer
        .write(|writing| writing.increment_revision())
        .unwrap();
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

impl Crashed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let working = folder.path().join("working.db");
        let store = Store::create(working.as_path()).unwrap();
        change(&store);
        let backup = folder.path().join("backup.db");
        store
            .read(|reading| reading.copy_to(backup.as_path()))
            .unwrap();
        let plain_copy = folder.path().join("plain.db");
        drop(store);
        fs::copy(&working, &plain_copy).unwrap();
        let store = Store::open(working.as_path()).unwrap();
        change(&store);
        drop(store);
        // What a crash leaves is copied while the writer is open.
        let store = Store::open(working.as_path()).unwrap();
        let mut writer = store.writer().unwrap();
        for _ in 0..2 {
            writer
                .write(|writing| writing.increment_revision())
                .unwrap();
        }
        let database = folder.path().join("books.db");
        let log = log_of(&database);
        fs::copy(&working, &database).unwrap();
        fs::copy(log_of(&working), &log).unwrap();
        Self {
            _folder: folder,
            database,
            log,
            backup,
        }
    }
}

#[test]
fn a_log_left_by_a_crash_is_replayed() {
    let crashed = Crashed::new();
    assert!(fs::metadata(&crashed.log).unwrap().len() > 0);
    Store::open(crashed.database.as_path()).unwrap();
}

/// A power cut can keep the header of a frame and lose its content: then it has what lay there
/// before, such as a commit of an earlier use of the log.
#[test]
fn a_frame_that_was_not_written_as_a_whole_does_not_count() {
    let crashed = Crashed::new();
    let mut log = fs::read(&crashed.log).unwrap();
    let copy = crashed.backup.with_file_name("copy.db");
    fs::copy(&crashed.database, &copy).unwrap();
    let connection = rusqlite::Connection::open(copy).unwrap();
    let sql = "SELECT rootpage, state FROM sqlite_schema, file_state WHERE name = 'file_state'";
    let row = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
    let (page, state): (u32, Vec<u8>) = row.unwrap();
    let page_size = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let mut frames = log[32..].chunks_exact(24 + page_size);
    let last = frames.rfind(|frame| frame[..4] == page.to_be_bytes());
    let mut lost = last.unwrap().to_vec();
    let identity = |part: &[u8]| *part == state[..16];
    let at = lost.windows(16).position(identity).unwrap();
    lost[at..at + 24].fill(7);
    log.extend(lost);
    fs::write(&crashed.log, log).unwrap();
    Store::open(crashed.database.as_path()).unwrap();
}

#[test]
fn a_log_beside_another_copy_is_refused() {
    let crashed = Crashed::new();
    let plain = crashed.backup.with_file_name("plain.db");
    for copy in [&crashed.backup, &plain] {
        let log = fs::read(&crashed.log).unwrap();
        fs::copy(copy, &crashed.database).unwrap();
        fs::write(&crashed.log, log).unwrap();
        let opened = Store::open(crashed.database.as_path());
        assert!(
            matches!(opened, Err(StoreError::ForeignLog { .. })),
            "{copy:?}: {opened:?}"
        );
    }
}

/// Makes a link to a file, in a folder of its own, and returns its path.
#[cfg(unix)]
fn link_to(file: &Path) -> PathBuf {
    let folder = file.with_file_name("links");
    fs::create_dir(&folder).unwrap();
    let link = folder.join("current.db");
    std::os::unix::fs::symlink(file, &link).unwrap();
    link
}

/// SQLite keeps the log beside the file that the link names.
#[cfg(unix)]
#[test]
fn a_log_of_another_database_is_refused_through_a_link() {
    let crashed = Crashed::new();
    let link = link_to(&crashed.database);
    assert!(Store::open(link.as_path()).is_ok());
    fs::copy(&crashed.backup, &crashed.database).unwrap();
    let opened = Store::open(link.as_path());
    assert!(
        matches!(opened, Err(StoreError::ForeignLog { .. })),
        "{opened:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_restoration_through_a_link_replaces_the_file_that_it_names() {
    let crashed = Crashed::new();
    let link = link_to(&crashed.database);
    let backup = Store::open(crashed.backup.as_path()).unwrap();
    let restored = backup.read(|reading| reading.restore_to(&link, DateTime::UNIX_EPOCH));
    let kept = restored.unwrap().kept.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let revision = |path: &Path| {
        let store = Store::open(path).unwrap();
        store.read(|reading| reading.revision()).unwrap()
    };
    assert_eq!(revision(&crashed.database), revision(&crashed.backup));
    assert_ne!(revision(&kept), revision(&crashed.backup));
}

#[test]
fn a_restored_backup_replaces_database_and_log() {
    let crashed = Crashed::new();
    let log = fs::read(&crashed.log).unwrap();
    fs::copy(&crashed.backup, &crashed.database).unwrap();
    let backup = Store::open(crashed.backup.as_path()).unwrap();
    let revision = |store: &Store| store.read(|reading| reading.revision()).unwrap();
    let now = DateTime::UNIX_EPOCH;
    let restored = backup.read(|reading| reading.restore_to(&crashed.database, now));
    let kept = restored.unwrap().kept.unwrap();
    assert_eq!(fs::read(log_of(&kept)).unwrap(), log);
    let store = Store::open(crashed.database.as_path()).unwrap();
    assert_eq!(revision(&store), revision(&backup));
}

#[test]
fn a_database_in_use_is_not_replaced() {
    let crashed = Crashed::new();
    let backup = Store::open(crashed.backup.as_path()).unwrap();
    let store = Store::open(crashed.database.as_path()).unwrap();
    store.read(|reading| reading.revision()).unwrap();
    // The lock of another process: the locks of one process do not exclude each other.
    let connection = rusqlite::Connection::open(&crashed.database).unwrap();
    connection
        .execute_batch("BEGIN; SELECT * FROM revision")
        .unwrap();
    let restored =
        backup.read(|reading| reading.restore_to(&crashed.database, DateTime::UNIX_EPOCH));
    assert!(
        matches!(restored, Err(StoreError::InUse(_))),
        "{restored:?}"
    );
}

#[test]
fn a_newer_database_in_use_is_not_replaced() {
    let crashed = Crashed::new();
    let backup = Store::open(crashed.backup.as_path()).unwrap();
    let connection = rusqlite::Connection::open(&crashed.database).unwrap();
    connection
        .execute_batch("PRAGMA user_version = 9999; BEGIN; SELECT * FROM revision")
        .unwrap();
    let restore =
        || backup.read(|reading| reading.restore_to(&crashed.database, DateTime::UNIX_EPOCH));
    let refused = restore();
    assert!(matches!(refused, Err(StoreError::InUse(_))), "{refused:?}");
    drop(connection);
    assert!(restore().unwrap().kept.is_some());
}

#[test]
fn the_last_connection_removes_the_log() {
    let crashed = Crashed::new();
    let store = Store::open(crashed.database.as_path()).unwrap();
    change(&store);
    store.read(|reading| reading.revision()).unwrap();
    drop(store);
    // A thread of the pool may hold the connection for a moment longer.
    let is_removed = || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        !crashed.log.exists()
    };
    assert!((0..100).any(|_| is_removed()));
}
