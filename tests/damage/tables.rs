//! Damages each table in each way: a changed value, broken rows, a deleted row, an added row. The
//! verification finds it, and the command that it names fixes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use plimsoll::app::{Repair, record_verification, repair};
use plimsoll::query::{NextCommand, QueryError, Sample, Verification, verify};
use plimsoll::store::Store;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::harness::{Harness, harness, nightly};

const WORLD: &str = r#"
now = 2026-01-08T18:00:00-05:00
[portfolios]
A = { inception = 2026-01-06, cash = 1_000, holdings = { NIMB = 100 } }
B = { inception = 2026-01-07, style = "cash" }
"#;

/// Rows of bookkeeping as a longer life of the database leaves them.
const BOOKKEEPING: &str = "
    INSERT INTO failure SELECT 20460, id, 6, 1, 'no history', 9000000, 1 FROM portfolio LIMIT 1;
    INSERT INTO invalidation VALUES (1, 1000000, 'request', 'by hand', 'settled');
    INSERT INTO invalidated SELECT 1, day, phase, ids, count FROM ledger WHERE phase = 6;
    INSERT INTO alert_state VALUES ('late', 7000000, (SELECT ids FROM ledger LIMIT 1),
        (SELECT count FROM ledger LIMIT 1), NULL);
    INSERT INTO outbox VALUES (1, 7000000, 'ops', '{}', 3, 8000000, NULL);
    INSERT INTO lease SELECT 1, id, 'token', 'other/boot', 42, 77, 8000000, 9000000, 8000000 FROM run LIMIT 1;
    INSERT INTO token VALUES (1, 'handle', 'nightly', 'admin', zeroblob(32), 5000000, NULL, NULL);
    INSERT INTO price_request VALUES (1, 9000000, 2, 8000000, 'it ended with code 1');
    INSERT INTO price_refusal SELECT id, 20460, symbol, 9000000, 1 FROM security LIMIT 1;";

/// The tables of books, which a repair and a run must bring back.
const BOOKS: [&str; 7] = [
    "ledger",
    "snapshot",
    "foreign_cash",
    "position",
    "exposure",
    "risk",
    "security_statistics",
];

struct Column {
    table: String,
    name: String,
    is_key: bool,
}

/// An undamaged database, of which each damage gets a copy.
struct Intact {
    harness: Harness,
    folder: tempfile::TempDir,
    columns: Vec<Column>,
    books: Vec<String>,
    copies: usize,
    failures: Vec<String>,
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    connection
}

/// Returns the rows of the books as text, bit by bit.
fn books(path: &Path) -> Vec<String> {
    let connection = open(path);
    let mut texts = Vec::new();
    for table in BOOKS {
        let sql = format!("SELECT * FROM {table} ORDER BY 1, 2");
        let mut statement = connection.prepare(&sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|at| match row.get_ref(at).unwrap() {
                ValueRef::Real(number) => format!("{:016x}", number.to_bits()),
                other => format!("{other:?}"),
            });
            let values: Vec<_> = values.collect();
            texts.push(format!("{table}: {}", values.join(" ")));
        }
    }
    texts
}

impl Intact {
    fn new() -> Self {
        let harness = harness(WORLD);
        harness.run(&nightly());
        harness.execute_sql(BOOKKEEPING);
        let mut writer = harness.store.writer().unwrap();
        writer
            .write_and_accept_rows(|_| Ok::<_, plimsoll::store::StoreError>(()))
            .unwrap();
        drop(writer);
        let connection = open(&harness.path());
        let sql = "SELECT m.name, c.name, c.pk > 0 FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'";
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.query_map([], |row| {
            Ok(Column {
                table: row.get(0)?,
                name: row.get(1)?,
                is_key: row.get(2)?,
            })
        });
        let columns = columns.unwrap().map(Result::unwrap).collect();
        drop(statement);
        drop(connection);
        Self {
            folder: tempfile::tempdir().unwrap(),
            books: books(&harness.path()),
            harness,
            columns,
            copies: 0,
            failures: Vec::new(),
        }
    }

    /// Copies the database and damages the copy; `None` if SQLite refuses the change, or if it
    /// changes nothing.
    fn damaged(&mut self, sql: &str) -> Option<PathBuf> {
        self.copies += 1;
        let path = self.folder.path().join(format!("{}.db", self.copies));
        let copied = self.harness.store.read(|reading| reading.copy_to(&path));
        copied.unwrap();
        let changed = open(&path).execute(sql, []).unwrap_or(0);
        (changed > 0).then_some(path)
    }

    fn columns_of(&self, table: &str) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(move |column| column.table == table)
    }

    /// Returns the condition that selects the first row of a table.
    fn first_row(&self, table: &str) -> String {
        let keys: Vec<_> = self
            .columns_of(table)
            .filter(|column| column.is_key)
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let keys = keys.join(", ");
        format!("({keys}) = (SELECT {keys} FROM {table} ORDER BY {keys} LIMIT 1)")
    }

    fn verify(&self, store: &Store) -> Result<Verification, QueryError> {
        let (settings, now) = (&self.harness.settings, &self.harness.environment);
        verify(store, settings, now, Sample::All, &|_| {})
    }

    fn repair(&self, store: &Store) -> Result<Repair, QueryError> {
        let (settings, now) = (&self.harness.settings, &self.harness.environment);
        repair(store, settings, now, false, &|_| {})
    }

    /// Damages a copy, and returns whether it was damaged. The damage must be found, and the command
    /// that is named must fix it.
    fn check(&mut self, sql: &str) -> bool {
        let Some(path) = self.damaged(sql) else {
            return false;
        };
        let checked = catch_unwind(AssertUnwindSafe(|| self.check_damaged(sql, &path)));
        if let Err(panic) = checked {
            let text = panic.downcast_ref::<String>();
            self.failures
                .push(text.map_or(sql, String::as_str).to_owned());
        }
        true
    }

    /// Fails with each damage that was not found or not fixed.
    fn assert_all_held(&self) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n\n"));
    }

    fn check_damaged(&self, sql: &str, path: &Path) {
        let store = match Store::open(path) {
            Ok(store) => store,
            Err(error) => {
                assert!(error.is_damaged(), "{sql}: {error:?}");
                return;
            }
        };
        let found = self
            .verify(&store)
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert!(!found.is_undamaged(), "{sql}: {found:#?}");
        // As the command does. Its commit must not hide the damage.
        let _ = record_verification(&store, &self.harness.environment, &found, Sample::All);
        let repaired = self.repair(&store);
        if found.next.contains(&NextCommand::Restore) {
            assert!(repaired.is_err(), "{sql}: {repaired:#?}");
            return;
        }
        assert_eq!(found.next, [NextCommand::Repair, NextCommand::Run], "{sql}");
        let repaired = repaired.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert!(repaired.found_damage(), "{sql}: {repaired:#?}");
        assert!(repaired.verification.is_undamaged(), "{sql}: {repaired:#?}");
        let last = store.read(|reading| reading.verification().last());
        assert_eq!(last.unwrap().damage, None, "{sql}");
        let settings = self.harness.settings.clone();
        let environment = self.harness.environment.successor().unwrap();
        let next = Harness::reopened(store, settings, environment);
        next.run(&nightly());
        let verified = self.verify(&next.store).unwrap();
        assert!(verified.holds(), "{sql}: {verified:#?}");
        // An output of a cell that is not done may stay, as after an invalidation.
        let after = books(path);
        let missing: Vec<_> = (self.books.iter())
            .filter(|row| !after.contains(row))
            .collect();
        assert!(missing.is_empty(), "{sql}: {missing:#?}");
        let ledger = |rows: &[String]| rows.iter().filter(|row| row.starts_with("ledger")).count();
        assert_eq!(ledger(&after), ledger(&self.books), "{sql}");
    }
}

/// Returns the SQL expressions of other values than that of a column.
fn other_values(column: &str) -> [String; 3] {
    let other = |blob: &str| {
        format!(
            "CASE typeof(\"{column}\") WHEN 'integer' THEN \"{column}\" + 1
             WHEN 'real' THEN \"{column}\" + 0.5 WHEN 'text' THEN 'x' || \"{column}\"
             WHEN 'blob' THEN CAST({blob} AS BLOB) ELSE \"{column}\" END"
        )
    };
    let length = format!("length(\"{column}\") - 1");
    [
        other(&format!("substr(\"{column}\", 1, {length})")),
        other(&format!("x'ff' || substr(\"{column}\", 2)")),
        other(&format!("substr(\"{column}\", 1, {length}) || x'ff'")),
    ]
}

#[test]
fn a_changed_value_of_each_column_is_found_and_fixed() {
    let mut intact = Intact::new();
    let columns: Vec<_> = (intact.columns.iter())
        .map(|column| (column.table.clone(), column.name.clone()))
        .collect();
    let mut damaged = 0;
    for (table, column) in &columns {
        let first = intact.first_row(table);
        let sql = format!("SELECT DISTINCT typeof(\"{column}\") = 'blob' FROM {table}");
        let is_blob: bool = open(&intact.harness.path())
            .query_row(&sql, [], |row| row.get(0))
            .unwrap_or(false);
        let kinds = if is_blob { 3 } else { 1 };
        for value in &other_values(column)[..kinds] {
            for rows in [first.as_str(), "true"] {
                // A null has no other value.
                let rows = format!("{rows} AND \"{column}\" IS NOT NULL");
                let sql = format!("UPDATE {table} SET \"{column}\" = {value} WHERE {rows}");
                damaged += usize::from(intact.check(&sql));
            }
        }
    }
    intact.assert_all_held();
    assert!(damaged > 200, "{damaged}");
}

#[test]
fn a_deleted_row_of_each_table_is_found_and_fixed() {
    let mut intact = Intact::new();
    let mut tables: Vec<_> = (intact.columns.iter())
        .map(|column| column.table.clone())
        .collect();
    tables.dedup();
    let mut damaged = 0;
    for table in &tables {
        let first = intact.first_row(table);
        damaged += usize::from(intact.check(&format!("DELETE FROM {table} WHERE {first}")));
    }
    intact.assert_all_held();
    assert!(damaged > 18, "{damaged}");
}

#[test]
fn an_added_row_with_an_unknown_id_is_found_and_fixed() {
    let mut intact = Intact::new();
    let changed_keys: Vec<_> = (intact.columns.iter())
        .filter(|column| column.is_key)
        .map(|column| (column.table.clone(), column.name.clone()))
        .collect();
    let mut damaged = 0;
    for (table, key) in &changed_keys {
        for amount in ["7777", "(1 << 60)"] {
            let values: Vec<_> = intact
                .columns_of(table)
                .map(|column| match &column.name {
                    name if name == key => format!(
                        "CASE typeof(\"{name}\") WHEN 'integer' THEN \"{name}\" + {amount}
                         ELSE 'x' || \"{name}\" END"
                    ),
                    // Unique in their tables.
                    name if ["key", "symbol", "reference", "handle"].contains(&name.as_str()) => {
                        format!("'x' || \"{name}\"")
                    }
                    name => format!("\"{name}\""),
                })
                .collect();
            let (values, first) = (values.join(", "), intact.first_row(table));
            let sql = format!("INSERT INTO {table} SELECT {values} FROM {table} WHERE {first}");
            damaged += usize::from(intact.check(&sql));
        }
    }
    for sql in [
        "INSERT INTO foreign_cash SELECT cell + 7777, 'EUR', 1, 1, 1, 0, 0, 0 FROM snapshot LIMIT 1",
        "INSERT INTO foreign_cash SELECT cell, 'EUR', 1, 1, 1, 0, 0, 0 FROM snapshot LIMIT 1",
        "UPDATE lease SET run = 7777",
        "UPDATE run SET state = 'running'",
    ] {
        assert!(intact.check(sql), "{sql}");
        damaged += 1;
    }
    intact.assert_all_held();
    assert!(damaged > 25, "{damaged}");
}
