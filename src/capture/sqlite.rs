//! Captures a state from another program's SQLite file.

use std::path::Path;

use super::error::CaptureError;
use super::foreign::capture_rows;
use super::map::{Map, Table};
use super::rows::{RowSource, RowVisitor};
use super::state::State;
use super::time::CaptureTime;
use crate::engine::Settings;
use crate::store::ForeignFile;

/// Captures the state in a SQLite file, read by a map, at a time.
///
/// # Errors
///
/// Fails if the file is not a readable SQLite database, lacks a table or column of the map, or holds
/// a value that cannot be parsed.
pub fn capture_sqlite(
    path: &Path,
    map: &Map,
    settings: &Settings,
    time: CaptureTime,
) -> Result<State, CaptureError> {
    capture_rows(ForeignFile::open(path)?, map, settings, time)
}

impl RowSource for ForeignFile {
    fn origin(&self) -> &'static str {
        "the SQLite file of another program"
    }

    fn column_names(&mut self, table: &Table) -> Result<Vec<String>, CaptureError> {
        Ok(ForeignFile::columns(self, &table.name)?)
    }

    fn table_names(&mut self) -> Result<Vec<String>, CaptureError> {
        Ok(ForeignFile::tables(self)?)
    }

    fn visit_rows(&mut self, table: &Table, take: RowVisitor<'_>) -> Result<(), CaptureError> {
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        self.for_each_row(&table.name, &columns, take)
    }
}
