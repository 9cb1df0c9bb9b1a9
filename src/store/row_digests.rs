//! Keeps a digest of the rows of each table, so that `verify` finds a change of any byte that no
//! transaction of Plimsoll made.
//!
//! The digest of a table is the number of its rows and the sum of their hashes, so that a change of
//! a row is one subtraction and one addition. Triggers of the writing connection collect these, and
//! each commit stores them. Other connections do not see the triggers: a row that another program
//! changes differs from the digest. Outputs have none, because `verify` computes them again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde::{Deserialize, Serialize};

use super::derived_tables::is_derived;
use super::error::StoreError;
use super::left_log;
use super::row_hash::hash_row;
use super::select::select_first;
use super::transaction::ReadTransaction;

/// The tables without a digest: outputs, and the table of this check, whose row has a seal instead.
const WITHOUT_DIGEST: [&str; 7] = [
    "foreign_cash",
    "snapshot",
    "position",
    "exposure",
    "risk",
    "security_statistics",
    FILE_STATE,
];
/// The table of this check.
const FILE_STATE: &str = "file_state";
/// The name under which the definitions of tables, indexes and views have a digest.
const SCHEMA: &str = "sqlite_schema";

/// The digests of all tables, by name.
type Digests = BTreeMap<String, Digest>;

/// The digest of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Digest {
    rows: i64,
    sum: i64,
}

/// A table whose rows differ from their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedTable {
    /// Name of the table.
    pub table: String,
    /// Number of rows by the digest; `None` if the table has no digest.
    pub expected_rows: Option<i64>,
    /// Number of rows of the table.
    pub rows: i64,
}

impl ChangedTable {
    /// Returns whether the table has sources: values that no run can compute.
    pub fn is_source(&self) -> bool {
        !is_derived(&self.table)
    }
}

/// The changes of a transaction that are not in the stored digests yet.
#[derive(Debug)]
pub(super) struct RowChanges {
    /// The tables, by the number that their triggers pass: a name would be copied for each row.
    tables: Vec<String>,
    /// By the number of the table.
    changes: Arc<Mutex<Vec<Digest>>>,
}

impl Digest {
    fn add(&mut self, sign: i64, hash: u64) {
        self.rows += sign;
        let change = hash.cast_signed().wrapping_mul(sign);
        self.sum = self.sum.wrapping_add(change);
    }

    fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            sum: self.sum.wrapping_add(other.sum),
        }
    }
}

impl RowChanges {
    /// Collects the changes of rows that a connection makes from now on.
    pub(super) fn collect(connection: &Connection) -> Result<Self, StoreError> {
        let mut tables = tables(connection)?;
        tables.retain(|table| table != SCHEMA);
        let changes = Arc::new(Mutex::new(vec![Digest::default(); tables.len()]));
        let collected = Arc::clone(&changes);
        connection.create_scalar_function(
            "row_changed",
            -1,
            FunctionFlags::SQLITE_UTF8,
            move |context| {
                let (table, sign) = (context.get::<u32>(0)?, context.get(1)?);
                let hash = hash_row((2..context.len()).map(|at| context.get_raw(at)));
                lock(&collected)[table as usize].add(sign, hash);
                Ok(0)
            },
        )?;
        connection.execute_batch(&triggers(connection, &tables)?)?;
        Ok(Self { tables, changes })
    }

    /// Forgets changes that were rolled back.
    pub(super) fn clear(&self) {
        lock(&self.changes).fill(Digest::default());
    }

    /// Counts the commit, and adds the changes to the stored digests, in the transaction that made
    /// them.
    pub(super) fn store(&self, connection: &Connection) -> Result<(), StoreError> {
        left_log::count_commit(connection)?;
        let mut digests = stored(connection)?;
        let mut changes = lock(&self.changes);
        for (table, change) in self.tables.iter().zip(changes.iter_mut()) {
            let digest = digests.entry(table.clone()).or_default();
            *digest = digest.plus(std::mem::take(change));
        }
        set(connection, &digests)
    }
}

fn lock(changes: &Mutex<Vec<Digest>>) -> MutexGuard<'_, Vec<Digest>> {
    changes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Computes all digests from the rows: after a migration, or to accept the rows as they are.
pub(super) fn compute_all(connection: &Connection) -> Result<(), StoreError> {
    let mut digests = Digests::new();
    for table in tables(connection)? {
        let digest = found(connection, &table)?;
        digests.insert(table, digest);
    }
    set(connection, &digests)
}

impl ReadTransaction<'_> {
    /// Reads all rows of the tables that have a digest, and returns the number of rows, and the
    /// tables that differ from their digest.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn changed_tables(&self) -> Result<(u64, Vec<ChangedTable>), StoreError> {
        let (mut rows, mut changed) = (0, Vec::new());
        let stored = stored(self.connection)?;
        for table in tables(self.connection)? {
            let expected = stored.get(&table).copied();
            let found = found(self.connection, &table)?;
            rows += found.rows.unsigned_abs();
            if expected != Some(found) {
                changed.push(ChangedTable {
                    table,
                    expected_rows: expected.map(|digest| digest.rows),
                    rows: found.rows,
                });
            }
        }
        if !left_log::is_sealed(self.connection)? {
            changed.push(ChangedTable {
                table: FILE_STATE.to_owned(),
                expected_rows: Some(1),
                rows: 1,
            });
        }
        Ok((rows, changed))
    }
}

/// Returns the names of the tables with a digest, the definitions included.
fn tables(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT name FROM main.sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut tables = vec![SCHEMA.to_owned()];
    for name in names {
        tables.push(name?);
    }
    tables.retain(|table| !WITHOUT_DIGEST.contains(&table.as_str()));
    Ok(tables)
}

/// Returns the statements that make the triggers of tables. Their names end with the name of the
/// table.
fn triggers(connection: &Connection, tables: &[String]) -> Result<String, StoreError> {
    let mut statements = String::new();
    for (number, table) in tables.iter().enumerate() {
        let statement = connection.prepare(&format!("SELECT * FROM main.{table}"))?;
        let columns: Vec<String> = statement
            .column_names()
            .into_iter()
            .map(ToOwned::to_owned)
            .collect();
        drop(statement);
        let call = |sign: i64, row: &str| {
            let values: Vec<_> = columns
                .iter()
                .map(|name| format!("{row}.\"{name}\""))
                .collect();
            format!("row_changed({number}, {sign}, {})", values.join(", "))
        };
        let (added, removed) = (call(1, "NEW"), call(-1, "OLD"));
        for (event, calls) in [
            ("INSERT", added.clone()),
            ("DELETE", removed.clone()),
            ("UPDATE", format!("{removed}, {added}")),
        ] {
            let _ = writeln!(
                statements,
                "CREATE TEMP TRIGGER digest_{event}_{table} AFTER {event} ON main.{table} \
                 BEGIN SELECT {calls}; END;"
            );
        }
    }
    Ok(statements)
}

fn stored(connection: &Connection) -> Result<Digests, StoreError> {
    let sql = "SELECT digests FROM file_state";
    let stored = select_first(connection, sql, [], |row| {
        let text: String = row.get(0)?;
        serde_json::from_str(&text).map_err(StoreError::damaged)
    })?;
    stored.ok_or_else(|| StoreError::damaged("the digests of the rows are missing"))
}

fn set(connection: &Connection, digests: &Digests) -> Result<(), StoreError> {
    let text = serde_json::to_string(digests).map_err(StoreError::damaged)?;
    connection
        .prepare_cached("UPDATE file_state SET digests = ?1")?
        .execute([text])?;
    Ok(())
}

/// Computes the digest of a table from its rows.
fn found(connection: &Connection, table: &str) -> Result<Digest, StoreError> {
    // The pages of tables and indexes may move, and internal tables have no definition.
    let columns = match table {
        SCHEMA => "type, name, tbl_name, sql",
        _ => "*",
    };
    let mut statement = connection.prepare(&format!("SELECT {columns} FROM main.{table}"))?;
    let count = statement.column_count();
    let mut rows = statement.query([])?;
    let mut digest = Digest::default();
    while let Some(row) = rows.next()? {
        let values: Result<Vec<_>, _> = (0..count).map(|at| row.get_ref(at)).collect();
        digest.add(1, hash_row(values?.into_iter()));
    }
    Ok(digest)
}
