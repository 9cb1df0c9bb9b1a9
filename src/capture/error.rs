//! Errors of captures and replays.
//!
//! Errors about a mapped table or column begin with the line of the map, where the user fixes them.

use std::path::PathBuf;

use thiserror::Error;

use super::map::MapError;
use crate::domain::{CalendarError, Day};
use crate::engine::EngineError;
use crate::query::QueryError;
use crate::scenario::LoadError;
use crate::store::StoreError;

/// Error of a capture or a replay.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The shifted day would be outside the calendar's known days.
    #[error("cannot shift `{day}`: the new day is outside the days that the calendar knows")]
    Shift {
        /// The day before the shift.
        day: Day,
    },
    /// The state has days that the calendar does not know.
    #[error(transparent)]
    UnknownDays(#[from] CalendarError),
    /// The map is invalid.
    #[error("failed to read the map")]
    Map(#[from] MapError),
    /// The map names a table that does not exist.
    #[error("line {line} of the map: no table `{table}`{}", did_you_mean(.nearest))]
    Table {
        /// The name of the table.
        table: String,
        /// The line of the map that names it, from 1.
        line: usize,
        /// The most similar table name, if one is similar enough.
        nearest: Option<String>,
    },
    /// The map names a column that the table does not have.
    #[error(
        "line {line} of the map: no column `{column}` in table `{table}`{} (it has {})",
        did_you_mean(.nearest), .known.join(", ")
    )]
    Column {
        /// The name of the table.
        table: String,
        /// The name of the column.
        column: String,
        /// The line of the map that names it, from 1.
        line: usize,
        /// The most similar column name, if one is similar enough.
        nearest: Option<String>,
        /// The columns of the table.
        known: Vec<String>,
    },
    /// A column holds a value that cannot be parsed.
    #[error(
        "line {line} of the map: column `{column}` of table `{table}` holds {} in row {row} \
         (expected {expected})", value_text(.value)
    )]
    Value {
        /// The name of the table.
        table: String,
        /// The name of the column.
        column: String,
        /// The line of the map that names it, from 1.
        line: usize,
        /// The row in the order of reading, from 1.
        row: u64,
        /// The value as text; `None` for NULL.
        value: Option<String>,
        /// The expected kind of value, as a noun phrase.
        expected: &'static str,
    },
    /// An export is given for a role that the map does not have.
    #[error("`{}` is given as an export of `{role}`, but the map has no `{role}`", path.display())]
    UnmappedRole {
        /// The role: `portfolios`, `snapshots`, `runs` or a phase.
        role: String,
        /// The path of the export.
        path: PathBuf,
    },
    /// No export is given for a role of the map.
    #[error("line {line} of the map: no export of `{role}` is given")]
    MissingExport {
        /// The role: `portfolios`, `snapshots`, `runs` or a phase.
        role: String,
        /// The line of the map that names it, from 1.
        line: usize,
    },
    /// Reading an export failed.
    #[error("failed to read `{}`", path.display())]
    Export {
        /// The path of the export.
        path: PathBuf,
        /// The error of the CSV reader.
        source: csv::Error,
    },
    /// Connecting to a PostgreSQL database, or reading it, failed.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] crate::store::PostgresError),
    /// Reading a mapped table of a PostgreSQL database failed.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    PostgresTable(#[from] super::postgres::PostgresTableError),
    /// Loading the world into a database failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Computing the choices of a policy failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Surveying, planning or running failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Reading the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn did_you_mean(nearest: &Option<String>) -> String {
    (nearest.as_ref()).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn value_text(value: &Option<String>) -> String {
    (value.as_ref()).map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"))
}
