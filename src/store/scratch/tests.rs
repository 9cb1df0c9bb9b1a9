//! Scratch databases record what a job writes, and make its writes fail.

use std::path::Path;

use rusqlite::Connection;

use super::file::ScratchFile;
use super::{
    ScratchConnection, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteFaultKind,
    WriteKind,
};
use crate::store::StoreError;

fn watched() -> WatchedTable {
    WatchedTable {
        source: 3,
        table: "snap shots".to_owned(),
        portfolio: "p".to_owned(),
        day: "d".to_owned(),
    }
}

fn scratch(folder: &Path) -> (ScratchFile, Connection) {
    let path = folder.join("scratch.db");
    let script = "CREATE TABLE \"snap shots\" (p, d, nav, UNIQUE (p, d))";
    let mut made = ScratchFile::create(&path, script).unwrap();
    made.mark(&[watched()]).unwrap();
    let job = Connection::open(&path).unwrap();
    (made, job)
}

fn kinds(scratch: &mut ScratchFile) -> Vec<WriteKind> {
    let writes = scratch.writes().unwrap().into_iter();
    writes.map(|write| write.kind).collect()
}

#[test]
fn equal_rewrites_and_deletes_are_recorded_and_rolled_back_writes_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scratch, job) = scratch(folder.path());
    job.execute_batch(
        "INSERT INTO \"snap shots\" VALUES ('A', '2026-01-05', 1);
         UPDATE \"snap shots\" SET nav = nav;
         INSERT OR IGNORE INTO \"snap shots\" VALUES ('A', '2026-01-05', 2);
         BEGIN; INSERT INTO \"snap shots\" VALUES ('B', '2026-01-05', 1); ROLLBACK;
         DELETE FROM \"snap shots\"",
    )
    .unwrap();
    let expected = [WriteKind::Insert, WriteKind::Update, WriteKind::Delete];
    assert_eq!(kinds(&mut scratch), expected);
    let last = scratch.writes().unwrap().pop().unwrap();
    assert_eq!((last.source, last.portfolio.as_deref()), (3, Some("A")));
    let schema = scratch.schema().unwrap();
    job.execute_batch("CREATE INDEX i ON \"snap shots\" (d); ANALYZE")
        .unwrap();
    assert_eq!(scratch.schema().unwrap(), schema);
    for change in [
        "ALTER TABLE \"snap shots\" ADD COLUMN more",
        "CREATE TABLE other (a)",
        "DROP TRIGGER plimsoll_watch_3_update",
    ] {
        let before = scratch.schema().unwrap();
        job.execute_batch(change).unwrap();
        assert_ne!(scratch.schema().unwrap(), before, "{change}");
    }
}

#[test]
fn an_armed_write_fails_and_the_next_run_is_without_faults() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scratch, job) = scratch(folder.path());
    let insert = |name: &str| {
        job.execute(
            "INSERT INTO \"snap shots\" VALUES (?1, '2026-01-05', 1)",
            [name],
        )
    };
    scratch
        .prepare_run(Some(WriteFault {
            number: 2,
            kind: WriteFaultKind::Raise,
        }))
        .unwrap();
    insert("A").unwrap();
    let error = insert("B").unwrap_err();
    assert!(error.to_string().contains("injected by plimsoll"));
    assert_eq!(kinds(&mut scratch).len(), 1);
    scratch.prepare_run(None).unwrap();
    insert("B").unwrap();
    assert_eq!(kinds(&mut scratch), [WriteKind::Insert]);
}

#[test]
fn a_file_without_the_mark_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("production.db");
    let production = Connection::open(&path).unwrap();
    production.execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(matches!(
        ScratchFile::open(&path),
        Err(StoreError::NotScratch(_))
    ));
    assert!(ScratchFile::create(&path, "").is_err());
    assert!(ScratchFile::open(&folder.path().join("absent.db")).is_err());
}

#[test]
fn a_script_writes_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("ledger");
    let ledger = Connection::open(&other).unwrap();
    ledger.execute_batch("CREATE TABLE t (a)").unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, script) in [
        (
            "a",
            format!(
                "ATTACH '{}' AS o; INSERT INTO o.t VALUES (1)",
                other.display()
            ),
        ),
        (
            "b",
            format!(
                "ATTACH (SELECT '{}') AS o; INSERT INTO o.t VALUES (1)",
                other.display()
            ),
        ),
        ("c", format!("VACUUM INTO '{}'", path("copy").display())),
    ] {
        let made = ScratchFile::create(&path(name), &script);
        assert!(
            matches!(made, Err(StoreError::ForeignAttach(_))),
            "{made:?}"
        );
    }
    let rows = ledger.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
    assert_eq!(rows.unwrap(), 0);
    assert!(!path("copy").exists());
    ScratchFile::create(&path("d"), "ATTACH ':memory:' AS m; VACUUM").unwrap();
}

#[test]
fn rows_are_inserted_with_bound_values_and_expressions() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scratch, job) = scratch(folder.path());
    let value = |name: &str, value| (name.to_owned(), value);
    let row = ScratchRow {
        table: "snap shots".to_owned(),
        values: vec![
            value("p", ScratchValue::Text("A".to_owned())),
            value("d", ScratchValue::Text("2026-01-05".to_owned())),
            value("nav", ScratchValue::Expression("1 + 1".to_owned())),
        ],
    };
    scratch.insert(std::slice::from_ref(&row)).unwrap();
    let (_, refused) = scratch.insert(std::slice::from_ref(&row)).unwrap_err();
    assert_eq!(refused, Some(row));
    let nav: i64 = job
        .query_row("SELECT nav FROM \"snap shots\"", [], |row| row.get(0))
        .unwrap();
    assert_eq!(nav, 2);
    let key = ScratchValue::Text("A".to_owned());
    let null = ScratchValue::Null;
    let updated = scratch.update("snap shots", ("nav", &null), ("p", &key));
    updated.unwrap();
    let nav: Option<i64> = job
        .query_row("SELECT nav FROM \"snap shots\"", [], |row| row.get(0))
        .unwrap();
    assert_eq!(nav, None);
}
