//! Makes, marks, fills and reads a scratch database.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ToSql, params, params_from_iter};

use super::values::{
    RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteFaultKind, WriteKind,
};
use super::watch::{HARNESS_TABLES, trigger};
use crate::store::error::StoreError;
use crate::store::foreign::{identifier, text};

/// Longest wait for a process of the job that still holds a lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// A scratch database.
#[derive(Debug)]
pub struct ScratchFile {
    connection: Connection,
}

impl ScratchFile {
    /// Creates a file and runs a script on it, if there is one.
    ///
    /// # Errors
    ///
    /// The file exists or cannot be created, or a statement of the script fails.
    pub fn create(path: &Path, script: Option<&str>) -> Result<Self, StoreError> {
        if path.exists() {
            return Err(StoreError::Present(path.to_owned()));
        }
        let scratch = Self {
            connection: connect(path, OpenFlags::SQLITE_OPEN_CREATE)?,
        };
        if let Some(script) = script {
            scratch.connection.execute_batch(script)?;
        }
        Ok(scratch)
    }

    /// Opens a file that is there, marked or not, to mark it.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is not a SQLite database.
    pub fn open_made(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Absent(path.to_owned()));
        }
        let connection = connect(path, OpenFlags::empty())?;
        Ok(Self { connection })
    }

    /// Opens a file that has the mark.
    ///
    /// # Errors
    ///
    /// There is no such file, or it has no mark.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
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

    /// Marks the database, and records the writes to these tables from now on.
    ///
    /// # Errors
    ///
    /// A table or column does not exist, or a name is that of a view.
    pub fn mark(&self, watched: &[WatchedTable]) -> Result<(), StoreError> {
        self.connection.execute_batch(HARNESS_TABLES)?;
        for table in watched {
            for (kind, row) in [("insert", "NEW"), ("update", "NEW"), ("delete", "OLD")] {
                self.connection.execute_batch(&trigger(table, kind, row))?;
            }
        }
        // In one file, so that a copy of the file is a copy of the database.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Returns the number of triggers that record writes.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn trigger_count(&self) -> Result<usize, StoreError> {
        let count = self.connection.query_row(
            "SELECT count(*) FROM sqlite_schema
             WHERE type = 'trigger' AND name LIKE 'plimsoll\\_watch\\_%' ESCAPE '\\'",
            [],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Keeps other connections from writing until the returned file is dropped. They can read.
    ///
    /// # Errors
    ///
    /// Another connection holds the lock.
    pub fn lock_writes(self) -> Result<Self, StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(self)
    }

    /// Inserts rows in one transaction. Foreign keys are not checked.
    ///
    /// # Errors
    ///
    /// The error of the database, with the row that it refused.
    pub fn insert(&mut self, rows: &[ScratchRow]) -> Result<(), (StoreError, Option<ScratchRow>)> {
        let outside = |error: rusqlite::Error| (StoreError::from(error), None);
        let transaction = self.connection.transaction().map_err(outside)?;
        for row in rows {
            let columns: Vec<_> = row
                .values
                .iter()
                .map(|(name, _)| identifier(name))
                .collect();
            let mut bound: Vec<&dyn ToSql> = Vec::new();
            let places: Vec<String> = (row.values.iter())
                .map(|(_, value)| value.place(&mut bound))
                .collect();
            let sql = format!(
                "INSERT INTO {} ({}) VALUES ({})",
                identifier(&row.table),
                columns.join(", "),
                places.join(", ")
            );
            let inserted = transaction
                .prepare_cached(&sql)
                .and_then(|mut statement| statement.execute(params_from_iter(bound)));
            inserted.map_err(|error| (StoreError::from(error), Some(row.clone())))?;
        }
        transaction.commit().map_err(outside)
    }

    /// Sets a column of the rows that have a key. Returns the number of these rows.
    ///
    /// # Errors
    ///
    /// The table or a column does not exist, or the database refuses the value.
    pub fn update(
        &self,
        table: &str,
        (column, value): (&str, &ScratchValue),
        (key_column, key): (&str, &ScratchValue),
    ) -> Result<usize, StoreError> {
        let mut bound: Vec<&dyn ToSql> = Vec::new();
        let (value, key) = (value.place(&mut bound), key.place(&mut bound));
        let sql = format!(
            "UPDATE {} SET {} = {value} WHERE {} = {key}",
            identifier(table),
            identifier(column),
            identifier(key_column)
        );
        Ok(self.connection.execute(&sql, params_from_iter(bound))?)
    }

    /// Forgets the recorded writes, and arms a fault or none.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn prepare_run(&self, fault: Option<WriteFault>) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM plimsoll_writes; DELETE FROM plimsoll_fault")?;
        if let Some(fault) = fault {
            let kind = match fault.kind {
                WriteFaultKind::Raise => "raise",
                WriteFaultKind::Hang => "hang",
            };
            let number = i64::try_from(fault.number).unwrap_or(i64::MAX);
            self.connection.execute(
                "INSERT INTO plimsoll_fault VALUES (?1, ?2)",
                params![number, kind],
            )?;
        }
        Ok(())
    }

    /// Returns the committed writes since [`Self::prepare_run`], in their order.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn writes(&self) -> Result<Vec<RecordedWrite>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT source, kind, portfolio, day FROM plimsoll_writes ORDER BY number")?;
        let mut rows = statement.query([])?;
        let mut writes = Vec::new();
        while let Some(row) = rows.next()? {
            let source: i64 = row.get(0)?;
            writes.push(RecordedWrite {
                source: usize::try_from(source).unwrap_or_default(),
                kind: match row.get_ref(1)?.as_str() {
                    Ok("insert") => WriteKind::Insert,
                    Ok("update") => WriteKind::Update,
                    _ => WriteKind::Delete,
                },
                portfolio: text(row.get_ref(2)?),
                day: text(row.get_ref(3)?),
            });
        }
        Ok(writes)
    }
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
