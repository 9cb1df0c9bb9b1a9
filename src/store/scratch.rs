//! Scratch databases: SQLite files that a harness makes for the job of another program, fills with
//! rows, and in which triggers record every write of that program.
//!
//! A scratch database has a mark. Files without it are never written, so that a path to a database
//! in use does no harm.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ToSql, params, params_from_iter};

use super::error::StoreError;
use super::foreign::{identifier, text};

/// Longest wait for a process of the job that still holds a lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Tables of the harness: the mark, the recorded writes, the armed fault, and an endless query, in
/// which a write hangs until its process is killed.
const HARNESS_TABLES: &str = "
    CREATE TABLE plimsoll_scratch (made_by TEXT NOT NULL);
    INSERT INTO plimsoll_scratch VALUES ('plimsoll job');
    CREATE TABLE plimsoll_writes (
        number INTEGER PRIMARY KEY, source INTEGER NOT NULL, kind TEXT NOT NULL, portfolio, day
    );
    CREATE TABLE plimsoll_fault (number INTEGER NOT NULL, kind TEXT NOT NULL);
    CREATE VIEW plimsoll_endless AS
        WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
        SELECT count(*) AS rows FROM n;";

/// A table whose writes are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTable {
    /// The number by which recorded writes name the table.
    pub source: usize,
    /// The name of the table.
    pub table: String,
    /// The column with the id of the portfolio.
    pub portfolio: String,
    /// The column with the day.
    pub day: String,
}

/// The kind of a recorded write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteKind {
    /// A row was inserted.
    Insert,
    /// A row was updated, even if to equal values.
    Update,
    /// A row was deleted.
    Delete,
}

/// A committed write to a watched table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedWrite {
    /// The number of the watched table.
    pub source: usize,
    /// The kind of the write.
    pub kind: WriteKind,
    /// The id of the portfolio as text, if the column is not NULL.
    pub portfolio: Option<String>,
    /// The day as text, if the column is not NULL.
    pub day: Option<String>,
}

/// A fault at one of the next writes to a watched table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteFault {
    /// The number of the write, from 1.
    pub number: u64,
    /// The effect on the write.
    pub kind: WriteFaultKind,
}

/// The effect of a fault on a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFaultKind {
    /// The statement fails with an error.
    Raise,
    /// The statement never ends, so that its process can be killed inside it.
    Hang,
}

/// A value that a harness writes into a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ScratchValue {
    /// NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// An SQL expression, evaluated by the database.
    Expression(String),
}

/// A row to insert: the table, and the columns with their values.
#[derive(Debug, Clone, PartialEq)]
pub struct ScratchRow {
    /// The name of the table.
    pub table: String,
    /// The columns with their values.
    pub values: Vec<(String, ScratchValue)>,
}

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

impl ScratchValue {
    /// Returns the text of the value in a statement, and binds it unless it is an expression.
    fn place<'v>(&'v self, bound: &mut Vec<&'v dyn ToSql>) -> String {
        match self {
            Self::Null => return "NULL".to_owned(),
            Self::Expression(sql) => return format!("({sql})"),
            Self::Integer(number) => bound.push(number),
            Self::Real(number) => bound.push(number),
            Self::Text(text) => bound.push(text),
            Self::Blob(bytes) => bound.push(bytes),
        }
        format!("?{}", bound.len())
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

/// Returns the trigger that records a kind of write, and applies an armed fault to it. A write that
/// fails, or whose transaction is rolled back, leaves no record.
fn trigger(watched: &WatchedTable, kind: &str, row: &str) -> String {
    let WatchedTable {
        source,
        table,
        portfolio,
        day,
    } = watched;
    let (table, portfolio, day) = (identifier(table), identifier(portfolio), identifier(day));
    let armed = |kind: &str| {
        format!(
            "plimsoll_fault WHERE kind = '{kind}'
                AND number = (SELECT max(number) FROM plimsoll_writes)"
        )
    };
    format!(
        "CREATE TRIGGER plimsoll_watch_{source}_{kind} AFTER {kind} ON {table} BEGIN
            INSERT INTO plimsoll_writes (source, kind, portfolio, day)
                VALUES ({source}, '{kind}', {row}.{portfolio}, {row}.{day});
            SELECT RAISE(ABORT, 'write failure injected by plimsoll') FROM {};
            SELECT (SELECT rows FROM plimsoll_endless) FROM {};
        END",
        armed("raise"),
        armed("hang")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let made = ScratchFile::create(
            &path,
            Some("CREATE TABLE \"snap shots\" (p, d, nav, UNIQUE (p, d))"),
        )
        .unwrap();
        made.mark(&[watched()]).unwrap();
        let job = Connection::open(&path).unwrap();
        (made, job)
    }

    fn kinds(scratch: &ScratchFile) -> Vec<WriteKind> {
        let writes = scratch.writes().unwrap().into_iter();
        writes.map(|write| write.kind).collect()
    }

    #[test]
    fn equal_rewrites_and_deletes_are_recorded_and_rolled_back_writes_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (scratch, job) = scratch(folder.path());
        job.execute_batch(
            "INSERT INTO \"snap shots\" VALUES ('A', '2026-01-05', 1);
             UPDATE \"snap shots\" SET nav = nav;
             INSERT OR IGNORE INTO \"snap shots\" VALUES ('A', '2026-01-05', 2);
             BEGIN; INSERT INTO \"snap shots\" VALUES ('B', '2026-01-05', 1); ROLLBACK;
             DELETE FROM \"snap shots\"",
        )
        .unwrap();
        let expected = [WriteKind::Insert, WriteKind::Update, WriteKind::Delete];
        assert_eq!(kinds(&scratch), expected);
        let last = scratch.writes().unwrap().pop().unwrap();
        assert_eq!((last.source, last.portfolio.as_deref()), (3, Some("A")));
        assert_eq!(scratch.trigger_count().unwrap(), 3);
    }

    #[test]
    fn an_armed_write_fails_and_the_next_run_is_without_faults() {
        let folder = tempfile::tempdir().unwrap();
        let (scratch, job) = scratch(folder.path());
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
        assert_eq!(kinds(&scratch).len(), 1);
        scratch.prepare_run(None).unwrap();
        insert("B").unwrap();
        assert_eq!(kinds(&scratch), [WriteKind::Insert]);
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
        assert!(ScratchFile::create(&path, None).is_err());
        assert!(ScratchFile::open(&folder.path().join("absent.db")).is_err());
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
        let updated = scratch.update("snap shots", ("nav", &ScratchValue::Null), ("p", &key));
        assert_eq!(updated.unwrap(), 1);
    }
}
