//! Reads another program's SQLite file in one read transaction, while that program may continue to
//! write. Never writes to it.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use uuid::Uuid;

use super::error::StoreError;

/// Longest wait for a writer of a file that has no write-ahead log.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// A file of another program, in one read transaction until it is dropped.
#[derive(Debug)]
pub struct ForeignFile {
    connection: Connection,
}

impl ForeignFile {
    /// Opens a file for reading. Everything read through the value is of one state.
    ///
    /// # Errors
    ///
    /// No file exists at `path`, it cannot be opened, or it is not a SQLite database.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite reports a missing file and a missing permission by the same error.
        let file = std::fs::File::open(path);
        file.map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => StoreError::Absent(path.to_owned()),
            _ => StoreError::File {
                path: path.to_owned(),
                source,
            },
        })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        // A deferred transaction takes its snapshot at the first read, which follows.
        connection.execute_batch("BEGIN")?;
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        });
        match tables {
            Ok(_) => Ok(Self { connection }),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                Err(StoreError::NotSqlite(path.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the names of the tables and views, sorted.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn tables(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name",
        )?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Returns the columns of a table in their order; empty if there is no such table.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .connection
            // The function form of the pragma, since PRAGMA itself takes no parameters.
            .prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = statement.query_map(params![table], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Calls `take` with some columns of each row, as text. A blob of 16 bytes is shown as a UUID.
    pub(crate) fn for_each_row<E: From<StoreError>>(
        &self,
        table: &str,
        columns: &[&str],
        mut take: impl FnMut(&[Option<String>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let list: Vec<_> = columns.iter().map(|name| identifier(name)).collect();
        let mut statement = self
            .connection
            .prepare(&format!(
                "SELECT {} FROM {}",
                list.join(", "),
                identifier(table)
            ))
            .map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        let mut values = vec![None; columns.len()];
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            for (at, value) in values.iter_mut().enumerate() {
                *value = text(row.get_ref(at).map_err(StoreError::from)?);
            }
            take(&values)?;
        }
        Ok(())
    }
}

/// Quotes a name: tables and columns of other programs can have any.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a name, whose first full stop separates the schema from the table.
#[cfg(feature = "postgres")]
pub(crate) fn qualified_identifier(name: &str) -> String {
    let parts: Vec<_> = name.splitn(2, '.').map(identifier).collect();
    parts.join(".")
}

pub(super) fn text(value: ValueRef<'_>) -> Option<String> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => match Uuid::from_slice(bytes) {
            Ok(id) => id.to_string(),
            Err(_) => format!("a blob of {} bytes", bytes.len()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_writes_of_the_other_program_are_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        let writer = Connection::open(&path).unwrap();
        let set_up = "PRAGMA journal_mode = wal; CREATE TABLE \"a \"\"t\"\"\" (id BLOB, n REAL, m);
                      INSERT INTO \"a \"\"t\"\"\" VALUES (x'00000000000040008000000000000001', 1.5, NULL)";
        writer.execute_batch(set_up).unwrap();
        let file = ForeignFile::open(&path).unwrap();
        writer.execute_batch("DELETE FROM \"a \"\"t\"\"\"").unwrap();
        let mut found = Vec::new();
        file.for_each_row("a \"t\"", &["id", "n", "m"], |row| {
            found.push(row.to_vec());
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let id = Some("00000000-0000-4000-8000-000000000001".to_owned());
        assert_eq!(found, [[id, Some("1.5".to_owned()), None]]);
        assert_eq!(file.columns("a \"t\"").unwrap(), ["id", "n", "m"]);
        assert!(file.columns("b").unwrap().is_empty());
        assert!(file.connection.execute_batch("CREATE TABLE c (d)").is_err());
    }

    #[test]
    fn missing_and_non_sqlite_files_give_different_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        assert!(matches!(
            ForeignFile::open(&path),
            Err(StoreError::Absent(_))
        ));
        std::fs::write(
            &path,
            "not a database, but long enough to look at".repeat(40),
        )
        .unwrap();
        assert!(matches!(
            ForeignFile::open(&path),
            Err(StoreError::NotSqlite(_))
        ));
    }
}
