//! Marks, fills and reads a scratch database in a SQLite file.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags, ToSql, ffi, params, params_from_iter};

use super::database::{InsertError, ScratchConnection};
use super::statements::{insert_statement, update_statement};
use super::values::{RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteKind};
use super::watch::{HARNESS_TABLES, trigger};
use crate::store::error::StoreError;
use crate::store::foreign::{identifier, text};

/// Longest wait for a process of the job that still holds a lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// A connection to a scratch database in a SQLite file.
#[derive(Debug)]
pub(super) struct ScratchFile {
    connection: Connection,
}

impl ScratchFile {
    /// Creates a file and runs a script on it.
    pub(super) fn create(path: &Path, script: &str) -> Result<Self, StoreError> {
        if path.exists() {
            return Err(StoreError::Present(path.to_owned()));
        }
        let scratch = Self {
            connection: connect(path, OpenFlags::SQLITE_OPEN_CREATE)?,
        };
        scratch.run_script(script)?;
        Ok(scratch)
    }

    /// Runs a script that can write no other file: `ATTACH` and `VACUUM INTO` are refused.
    fn run_script(&self, script: &str) -> Result<(), StoreError> {
        let attached = Arc::new(Mutex::new(None));
        let refused = Arc::clone(&attached);
        self.connection
            .authorizer(Some(move |context: AuthContext<'_>| {
                let file = match context.action {
                    // Databases in memory, and those that `VACUUM` makes for itself.
                    AuthAction::Attach {
                        filename: "" | ":memory:",
                    } => return Authorization::Allow,
                    AuthAction::Attach { filename } => format!("`{filename}`"),
                    AuthAction::Unknown {
                        code: ffi::SQLITE_ATTACH,
                        ..
                    } => "a file with a computed name".to_owned(),
                    _ => return Authorization::Allow,
                };
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
                Authorization::Deny
            }))?;
        let run = self.connection.execute_batch(script);
        self.connection
            .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
        let attached = attached.lock().unwrap_or_else(PoisonError::into_inner);
        match (run, attached.clone()) {
            (Err(_), Some(file)) => Err(StoreError::ForeignAttach(file)),
            (run, _) => Ok(run?),
        }
    }

    /// Opens a file that is there, marked or not, to mark it.
    pub(super) fn open_made(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Absent(path.to_owned()));
        }
        let connection = connect(path, OpenFlags::empty())?;
        Ok(Self { connection })
    }

    /// Opens a file that has the mark.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let scratch = Self::open_made(path)?;
        let marked = scratch.connection.query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'plimsoll_scratch'",
            [],
            |row| row.get::<_, i64>(0),
        )?;
        match marked {
            0 => Err(StoreError::NotScratch(path.to_owned())),
            _ => Ok(scratch),
        }
    }
}

impl ScratchConnection for ScratchFile {
    fn mark(&mut self, watched: &[WatchedTable]) -> Result<(), StoreError> {
        self.connection.execute_batch(HARNESS_TABLES)?;
        for table in watched {
            for (kind, row) in [
                (WriteKind::Insert, "NEW"),
                (WriteKind::Update, "NEW"),
                (WriteKind::Delete, "OLD"),
            ] {
                self.connection.execute_batch(&trigger(table, kind, row))?;
            }
        }
        // In one file, so that a copy of the file is a copy of the database.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn schema(&mut self) -> Result<String, StoreError> {
        // Indexes and statistics change no row.
        let schema = self.connection.query_row(
            "SELECT coalesce(group_concat(sql, ';'), '') FROM (
                SELECT sql FROM sqlite_schema
                WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                ORDER BY type, name)",
            [],
            |row| row.get(0),
        )?;
        Ok(schema)
    }

    fn is_view(&mut self, table: &str) -> Result<bool, StoreError> {
        let count = self.connection.query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND name = ?1 COLLATE NOCASE",
            [table],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(count > 0)
    }

    fn insert(&mut self, rows: &[ScratchRow]) -> Result<(), InsertError> {
        let outside = |error: rusqlite::Error| (StoreError::from(error), None);
        let transaction = self.connection.transaction().map_err(outside)?;
        for row in rows {
            let mut bound: Vec<&dyn ToSql> = Vec::new();
            let places = row.values.iter();
            let places: Vec<String> = places.map(|(_, value)| place(value, &mut bound)).collect();
            let sql = insert_statement(&identifier(&row.table), row, &[places]);
            let inserted = transaction
                .prepare_cached(&sql)
                .and_then(|mut statement| statement.execute(params_from_iter(bound)));
            inserted.map_err(|error| (StoreError::from(error), Some(row.clone())))?;
        }
        transaction.commit().map_err(outside)
    }

    fn update(
        &mut self,
        table: &str,
        (column, value): (&str, &ScratchValue),
        (key_column, key): (&str, &ScratchValue),
    ) -> Result<(), StoreError> {
        let mut bound: Vec<&dyn ToSql> = Vec::new();
        let (value, key) = (place(value, &mut bound), place(key, &mut bound));
        let sql = update_statement(&identifier(table), (column, &value), (key_column, &key));
        self.connection.execute(&sql, params_from_iter(bound))?;
        Ok(())
    }

    fn lock_writes(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn prepare_run(&mut self, fault: Option<WriteFault>) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM plimsoll_writes; DELETE FROM plimsoll_fault")?;
        if let Some(fault) = fault {
            let number = i64::try_from(fault.number).unwrap_or(i64::MAX);
            self.connection.execute(
                "INSERT INTO plimsoll_fault VALUES (?1, ?2)",
                params![number, fault.kind.name()],
            )?;
        }
        Ok(())
    }

    fn writes(&mut self) -> Result<Vec<RecordedWrite>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT source, kind, portfolio, day FROM plimsoll_writes ORDER BY number")?;
        let mut rows = statement.query([])?;
        let mut writes = Vec::new();
        while let Some(row) = rows.next()? {
            let source: i64 = row.get(0)?;
            let kind: String = row.get(1)?;
            writes.push(RecordedWrite {
                source: usize::try_from(source).unwrap_or_default(),
                kind: WriteKind::from_name(&kind),
                portfolio: text(row.get_ref(2)?),
                day: text(row.get_ref(3)?),
            });
        }
        Ok(writes)
    }
}

/// Returns the text of a value in a statement, and binds it unless it is an expression.
fn place<'v>(value: &'v ScratchValue, bound: &mut Vec<&'v dyn ToSql>) -> String {
    match value {
        ScratchValue::Null => return "NULL".to_owned(),
        ScratchValue::Expression(sql) => return format!("({sql})"),
        ScratchValue::Integer(number) => bound.push(number),
        ScratchValue::Real(number) => bound.push(number),
        ScratchValue::Text(text) => bound.push(text),
        ScratchValue::Blob(bytes) => bound.push(bytes),
    }
    format!("?{}", bound.len())
}

fn connect(path: &Path, more: OpenFlags) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    // Rows are inserted in the order of the job file, not in that of the keys. A scratch file need
    // not survive a power cut.
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")?;
    Ok(connection)
}
