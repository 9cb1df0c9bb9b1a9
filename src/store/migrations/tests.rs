//! Migrates databases of every earlier schema, with rows in every table.

mod amounts;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::DateTime;
use rusqlite::types::Value;

use super::*;
use crate::domain::{
    Cell, Day, DayRange, IdSet, InvalidationCause, NewInvalidation, Phase, PhaseSet, PortfolioId,
};
use crate::store::alerts::{ActiveAlertRow, OutboxMessageRow};
use crate::store::columns::StoredSet;
use crate::store::connection::APPLICATION_ID;
use crate::store::error::StoreError;
use crate::store::store::Store;
use crate::store::transaction::ReadTransaction;

/// Rows for each table of the first schema. `{set}` is the set of 1 and 2, as a blob literal.
const ROWS_OF_001: &str = "
    UPDATE revision SET sources = 7;
    INSERT INTO portfolio VALUES
        (1, '00000000-0000-4000-8000-000000000001', 'Alpha', 'USD', 20454, NULL, NULL),
        (2, '00000000-0000-4000-8000-000000000002', 'Beta', 'EUR', 20454, 20460, 5000000);
    INSERT INTO roster VALUES (1, 0, {set}, 2), (3, 20454, {set}, 2);
    INSERT INTO security VALUES (1, 'AAA', 'Triple A', 'equity', 'Energy', 'USD', 1, NULL);
    INSERT INTO price VALUES (20454, 1, 1050000000);
    INSERT INTO price_correction VALUES (1, 4000000, 20454, 1, 1040000000, 1050000000);
    INSERT INTO entry VALUES (1, 'T-1', 1, 20454, 'deposit', NULL, 0, NULL, 10000000, 0);
    INSERT INTO split VALUES (1, 20455, 2, 1);
    INSERT INTO intake VALUES (1, 3000000, 'prices', 'prices.csv', 'abc', 10, 20, 30);
    INSERT INTO risk_model VALUES (1, 2000000, '{}');
    INSERT INTO calendar VALUES (1, {set}, 2);
    INSERT INTO world VALUES (1, 'a world', 6000000);
    INSERT INTO ledger VALUES (20454, 3, {set}, 2);
    INSERT INTO invalidation VALUES
        (1, 1000000, 'price', 'a close changed', 'open'),
        (2, 2000000, 'request', 'by hand', 'settled');
    INSERT INTO invalidated VALUES (1, 20454, 6, {set}, 2), (2, 20454, 4, {set}, 2);
    INSERT INTO failure VALUES (20454, 1, 6, 3, 'no history', 9000000, 1);
    INSERT INTO snapshot VALUES
        (87849261072385, 1, 2, 3, 4, 5, 6, 0.25, 0, 7, 8, 9, 10, 11, 12);
    INSERT INTO position VALUES (87849261072385, 0, x'');
    INSERT INTO exposure VALUES (87849261072385, 0.5, NULL, 0.1, -0.0, x'0102');
    INSERT INTO risk VALUES
        (87849261072385, 1, 0.1, 0.2, 0.3, NULL, NULL, 0.4, 0.5, 0.6, 0.7, 0.8, x'03');
    INSERT INTO security_statistics VALUES
        (87849261072385, 1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, x'04');
    INSERT INTO run VALUES (1, '00000000-0000-4000-8000-000000000003', 'running', 8000000, NULL,
        'per-cell', 'all active', 20454, 'p-1', 5, 4, 1, 0, 0, 2, '');
    INSERT INTO lease VALUES (1, 1, 'secret', 'host/boot', 42, 77, 8000000, 9000000);";

const ROWS_OF_002: &str = "
    INSERT INTO token VALUES
        (1, 'handle', 'nightly', 'admin', zeroblob(32), 5000000, 9000000, NULL);";

const ROWS_OF_003: &str = "
    INSERT INTO trouble VALUES ('behind', 7000000, {set}, 2);
    INSERT INTO letter VALUES (1, 7000000, 'ops', '{\"letter\":\"news\"}', 3, 8000000);";

/// Steps 1 to 3 were released with these rows; later steps only have to carry them over.
const ROWS: [&str; 3] = [ROWS_OF_001, ROWS_OF_002, ROWS_OF_003];

/// Rows of the tables that a later step adds, by the step.
const LATER_ROWS: [(usize, &str); 9] = [
    (
        6,
        "INSERT INTO accepted_prices VALUES (1, 5000000, 20454, 20455, 'anna', 'closed', NULL)",
    ),
    (
        13,
        "
        INSERT INTO transaction_change
            VALUES (1, 5000000, 'T-1', 'voided', 'anna', 'typed twice', NULL);
        INSERT INTO price_deletion VALUES (1, 5000000, 20454, 1, '100', 'anna', 'a wrong feed');",
    ),
    (
        17,
        "INSERT INTO security_calendar VALUES ('XTSE', x'00', 0, 'a definition', x'01')",
    ),
    (
        18,
        "INSERT INTO corporate_action
            VALUES (1, 20455, 'return-of-capital', 0, NULL, NULL, NULL, 50000000, NULL)",
    ),
    (
        19,
        "INSERT INTO foreign_cash VALUES (1, 'EUR', 1, 1, 1, 0, 0, 0)",
    ),
    (21, "INSERT INTO former_symbol VALUES (1, 20455, 'OLD')"),
    (
        22,
        "INSERT INTO action_change
            VALUES (1, 5000000, 1, 20455, 'split', '2:1', NULL, 'anna', 'cancelled')",
    ),
    (
        26,
        "INSERT INTO former_attributes VALUES (1, 20455, 'equity', 'Energy', 100000000)",
    ),
    (
        29,
        "INSERT INTO price_request VALUES (1, 9000000, 2, 8000000, 'it ended with code 1');
        INSERT INTO price_refusal VALUES (1, 20455, 'AAA', 9000000, 1);",
    ),
];

/// Tables that step 4 renames.
const RENAMED: [(&str, &str); 4] = [
    ("intake", "imported_file"),
    ("letter", "outbox"),
    ("roster", "lifecycle_index"),
    ("trouble", "alert_state"),
];

type Rows = BTreeMap<String, Vec<Vec<Value>>>;

/// Applies all missing steps, without digests.
fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    super::apply(connection, |_| Ok(()))
}

/// A database of an earlier schema in a file, with rows in each of its tables.
fn database_of(version: usize) -> (tempfile::TempDir, PathBuf, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let mut connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    let migrations = Migrations::new(STEPS.iter().map(|sql| M::up(sql)).collect());
    // The rows have the names of before step 4.
    let of_rows = version.min(ROWS.len());
    migrations.to_version(&mut connection, of_rows).unwrap();
    let bytes = StoredSet::to_bytes(&set()).0;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    for rows in &ROWS[..of_rows] {
        let sql = rows.replace("{set}", &format!("x'{hex}'"));
        connection.execute_batch(&sql).unwrap();
    }
    migrations.to_version(&mut connection, version).unwrap();
    for (since, rows) in LATER_ROWS {
        if version >= since {
            connection.execute_batch(rows).unwrap();
        }
    }
    (folder, path, connection)
}

fn set() -> IdSet {
    IdSet::from([1, 2])
}

/// Each table's rows as SQLite stores them, under the table's newest name.
fn rows_by_table(connection: &Connection) -> Rows {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0));
    let mut tables = Rows::new();
    for name in names.unwrap() {
        let name = name.unwrap();
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {name}"))
            .unwrap();
        let width = statement.column_count();
        let mut found = statement.query([]).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = found.next().unwrap() {
            let values = (0..width).map(|column| row.get(column).unwrap());
            rows.push(values.collect());
        }
        let newest = RENAMED.iter().find(|(old, _)| *old == name);
        let name = newest.map_or(name.as_str(), |(_, new)| *new);
        tables.insert(name.to_owned(), rows);
    }
    tables
}

#[test]
fn every_step_applies_to_every_earlier_schema() {
    for from in 0..STEPS.len() {
        let (_folder, _, mut connection) = database_of(from);
        apply(&mut connection).unwrap();
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, newest());
        let integrity: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(integrity, "ok");
    }
}

#[test]
fn migrations_keep_every_row() {
    for from in 1..STEPS.len() {
        let (_folder, _, mut connection) = database_of(from);
        let before = rows_by_table(&connection);
        for (table, rows) in &before {
            assert!(!rows.is_empty(), "schema {from}: no row in `{table}`");
        }
        apply(&mut connection).unwrap();
        let after = rows_by_table(&connection);
        // The last step seals the state of the file, with digests of the rows as they are now.
        for (table, rows) in before
            .into_iter()
            .filter(|(table, _)| table != "file_state")
        {
            // Later steps add columns, which are null or have a default.
            let defaults = ["fifo", "expense"].map(|text| Value::Text(text.to_owned()));
            let is_kept = |(row, after): (&Vec<Value>, &Vec<Value>)| {
                let (kept, added) = after.split_at(row.len());
                kept == row
                    && (added.iter()).all(|value| *value == Value::Null || defaults.contains(value))
            };
            let after = &after[&table];
            assert!(
                rows.len() == after.len() && rows.iter().zip(after).all(is_kept),
                "schema {from}: `{table}`"
            );
        }
    }
}

#[test]
fn a_schema_migrated_by_another_process_meanwhile_is_accepted() {
    let (_folder, path, connection) = database_of(8);
    let (opened, other_opened) = std::sync::mpsc::channel();
    // The other process holds the write lock until this one has read the old version.
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let late = std::thread::spawn(move || {
        let mut connection = Connection::open(path).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(30))
            .unwrap();
        opened.send(()).unwrap();
        apply(&mut connection).map(|()| version(&connection).unwrap())
    });
    other_opened.recv().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    // One step stands for all that the other process applies.
    connection
        .execute_batch(include_str!("../schema/015_transfers.sql"))
        .unwrap();
    connection
        .pragma_update(None, "user_version", newest())
        .unwrap();
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(late.join().unwrap().unwrap(), newest());
}

#[test]
fn old_schemas_end_with_the_tables_of_a_new_database() {
    let columns = |connection: &Connection| -> Vec<(String, String)> {
        let mut statement = connection
            .prepare(
                "SELECT m.type || ' ' || m.name, coalesce(group_concat(c.name), '')
                 FROM sqlite_schema AS m LEFT JOIN pragma_table_xinfo(m.name) AS c
                 GROUP BY m.type, m.name ORDER BY m.type, m.name",
            )
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    let (_folder, _, mut new) = database_of(0);
    apply(&mut new).unwrap();
    let newest = columns(&new);
    for (old, name) in RENAMED {
        assert!(
            !newest
                .iter()
                .any(|(found, _)| *found == format!("table {old}"))
        );
        assert!(
            newest
                .iter()
                .any(|(found, _)| *found == format!("table {name}"))
        );
    }
    for from in 1..STEPS.len() {
        let (_folder, _, mut connection) = database_of(from);
        apply(&mut connection).unwrap();
        assert_eq!(columns(&connection), newest);
    }
}

/// Reads the renamed tables and columns through the store, so it fails without step 4.
#[test]
fn a_database_of_schema_3_opens_and_reads_the_same_values() {
    let (_folder, path, connection) = database_of(3);
    drop(connection);
    let store = Store::open(&path).unwrap();
    store
        .read(|reading| {
            check_renamed(reading)?;
            assert_eq!(reading.integrity()?, Vec::<String>::new());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let mut writer = store.writer().unwrap();
    // Each renamed column is also written, and the open invalidation can be closed.
    let new = NewInvalidation {
        cause: InvalidationCause::Price,
        reason: "another close changed".to_owned(),
        cells: [((day(), Phase::Snapshot), set())].into(),
    };
    writer
        .write(|writing| {
            writing.invalidations().record(&new, &new.cells, at(10))?;
            writing.ledger().set_done(day(), Phase::Risk, &set())?;
            writing.invalidations().close(1)?;
            writing.outbox().postpone(1, at(11))?;
            assert!(writing.tokens().revoke("handle", at(12))?);
            writing.alerts().set_active(&[])
        })
        .unwrap();
    store
        .read(|reading| {
            let open = reading.invalidations().open()?;
            assert_eq!(open.len(), 1);
            assert_eq!(open[0].reason, "another close changed");
            assert_eq!(reading.outbox().messages()?[0].attempts, 4);
            assert!(reading.alerts().active()?.is_empty());
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn check_renamed(reading: &ReadTransaction<'_>) -> Result<(), StoreError> {
    let alert = ActiveAlertRow {
        kind: "behind".to_owned(),
        since: at(7),
        portfolios: set(),
        items: std::collections::BTreeSet::new(),
    };
    assert_eq!(reading.alerts().active()?, [alert]);
    let message = OutboxMessageRow {
        id: 1,
        created: at(7),
        channel: "ops".to_owned(),
        content: "{\"letter\":\"news\"}".to_owned(),
        attempts: 3,
        next_attempt: at(8),
    };
    assert_eq!(reading.outbox().messages()?, [message]);
    assert_eq!(*reading.portfolios().lifecycle_index()?.active(), set());
    assert!(reading.imports().contains("abc", "prices")?);
    assert_eq!(reading.ledger().done(day(), Phase::Snapshot)?, set());
    let coverage = reading
        .ledger()
        .coverage(DayRange::single(day()), PhaseSet::CELL_PHASES)?;
    assert_eq!(coverage.get(day(), Phase::Snapshot), Some(&set()));
    let open = reading.invalidations().open()?;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].reason, "a close changed");
    assert_eq!(open[0].cells, [((day(), Phase::Risk), set())].into());
    let past = reading
        .invalidations()
        .of_cell(Cell::new(day(), PortfolioId(1)))?;
    let reasons: Vec<_> = past.iter().map(|past| past.reason.as_str()).collect();
    assert_eq!(reasons, ["a close changed", "by hand"]);
    let tokens = reading.tokens().all()?;
    assert_eq!(
        (tokens[0].name.as_str(), tokens[0].created),
        ("nightly", at(5))
    );
    Ok(())
}

fn day() -> Day {
    Day::from_number(20_454).unwrap()
}

fn at(seconds: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

#[test]
fn every_view_can_be_read() {
    let mut connection = Connection::open_in_memory().unwrap();
    apply(&mut connection).unwrap();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(names.len() >= 8);
    for name in names {
        connection
            .prepare(&format!("SELECT * FROM {name}"))
            .unwrap();
    }
}
