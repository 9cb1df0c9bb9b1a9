//! Why a state could not be captured.

use std::path::PathBuf;

use thiserror::Error;

use super::map::MapError;
use crate::domain::{CalendarError, Day};
use crate::engine::EngineError;
use crate::query::QueryError;
use crate::scenario::LoadError;
use crate::store::StoreError;

/// Why a state could not be captured.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The calendar has closes that none of the calendars of a world can be amended to.
    #[error("the calendar `{0}` cannot be said in a world: its sessions close at other times")]
    Calendar(String),
    /// A day has no place among the days that are known.
    #[error("`{day}` cannot be shifted so far")]
    Shift {
        /// Which.
        day: Day,
    },
    /// The calendar doesn't know days that the state speaks of.
    #[error(transparent)]
    UnknownDays(#[from] CalendarError),
    /// The map can't be used.
    #[error("the map cannot be used")]
    Map(#[from] MapError),
    /// The map names a table that isn't there.
    #[error("there is no table `{table}`, which line {line} of the map names{}", did_you_mean(.nearest))]
    Table {
        /// Its name.
        table: String,
        /// Where the map names it.
        line: usize,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// The map names a column that the table doesn't have.
    #[error(
        "`{table}` has no column `{column}`, which line {line} of the map names{} (it has {})",
        did_you_mean(.nearest), .known.join(", ")
    )]
    Column {
        /// The table.
        table: String,
        /// Its name.
        column: String,
        /// Where the map names it.
        line: usize,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// The columns that there are.
        known: Vec<String>,
    },
    /// A column holds what it can't.
    #[error(
        "the column `{column}` of `{table}`, line {line} of the map, holds {} in row {row} \
         (expected {expected})", value_text(.value)
    )]
    Value {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Where the map names it.
        line: usize,
        /// The row, from 1, in the order in which they were read.
        row: u64,
        /// What it holds.
        value: Option<String>,
        /// What it should be.
        expected: &'static str,
    },
    /// An export of what the map doesn't speak of.
    #[error("`{}` is said to hold `{role}`, of which the map says nothing", path.display())]
    UnmappedRole {
        /// What it is said to hold.
        role: String,
        /// The file.
        path: PathBuf,
    },
    /// The map speaks of what no export was given of.
    #[error("no export of `{role}` was given, of which line {line} of the map speaks")]
    MissingExport {
        /// What is missing.
        role: String,
        /// Where the map speaks of it.
        line: usize,
    },
    /// An export can't be read.
    #[error("`{}` cannot be read", path.display())]
    Export {
        /// The file.
        path: PathBuf,
        /// How that showed.
        source: csv::Error,
    },
    /// A PostgreSQL database can't be read.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] super::PostgresError),
    /// A risk model that can't be written.
    #[error("the risk model cannot be written")]
    Model(#[source] toml::ser::Error),
    /// The world can't be made a database.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What a policy does can't be told.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The facts can't be read or planned on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn did_you_mean(nearest: &Option<String>) -> String {
    (nearest.as_ref()).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn value_text(value: &Option<String>) -> String {
    (value.as_ref()).map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"))
}
