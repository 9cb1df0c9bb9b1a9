//! Captures a state from exports: CSV files with a header, one for each table of the map.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::error::CaptureError;
use super::foreign::capture_rows;
use super::map::{Map, Table};
use super::rows::{RowSource, RowVisitor};
use super::state::State;
use super::time::CaptureTime;
use crate::engine::Settings;

/// Export files, each with its role: `portfolios`, `snapshots`, the name of a phase, or `runs`.
#[derive(Debug, Clone, Default)]
pub struct Exports(Vec<(String, PathBuf)>);

impl FromIterator<(String, PathBuf)> for Exports {
    fn from_iter<I: IntoIterator<Item = (String, PathBuf)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

/// Captures the state in exports, read by a map, at a time. Exports are matched to the
/// tables of the map by role; table names are ignored.
///
/// # Errors
///
/// Fails if an export is missing, is not in the map, cannot be read, lacks a column of the map, or
/// holds a value that cannot be parsed.
pub fn capture_exports(
    exports: &Exports,
    map: &Map,
    settings: &Settings,
    time: CaptureTime,
) -> Result<State, CaptureError> {
    for (role, path) in &exports.0 {
        if !map.tables().any(|table| table.role == *role) {
            return Err(CaptureError::UnmappedRole {
                role: role.clone(),
                path: path.clone(),
            });
        }
    }
    capture_rows(exports, map, settings, time)
}

impl Exports {
    fn open(&self, table: &Table) -> Result<(&Path, Reader<File>), CaptureError> {
        let mut files = self.0.iter();
        let found = files.find(|(role, _)| *role == table.role);
        let Some((_, path)) = found else {
            return Err(CaptureError::MissingExport {
                role: table.role.clone(),
                line: table.line,
            });
        };
        let export_error = |source: csv::Error| CaptureError::Export {
            path: path.clone(),
            source,
        };
        let text = ReaderBuilder::new().has_headers(false).from_path(path);
        let mut first = StringRecord::new();
        let mut text = text.map_err(export_error)?;
        text.read_record(&mut first).map_err(export_error)?;
        // Spreadsheets write semicolons in locales whose decimal separator is the comma.
        let delimiter = match first.len() == 1 && first[0].contains(';') {
            true => b';',
            false => b',',
        };
        let reader = ReaderBuilder::new().delimiter(delimiter).from_path(path);
        Ok((path, reader.map_err(export_error)?))
    }
}

impl RowSource for &Exports {
    fn origin(&self) -> &'static str {
        "exports of another program"
    }

    fn column_names(&mut self, table: &Table) -> Result<Vec<String>, CaptureError> {
        let (path, mut reader) = self.open(table)?;
        let headings = reader.headers().map_err(|source| CaptureError::Export {
            path: path.to_owned(),
            source,
        })?;
        let headings = headings
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}'));
        Ok(headings.map(str::to_owned).collect())
    }

    fn table_names(&mut self) -> Result<Vec<String>, CaptureError> {
        Ok(self.0.iter().map(|(role, _)| role.clone()).collect())
    }

    fn visit_rows(&mut self, table: &Table, take: RowVisitor<'_>) -> Result<(), CaptureError> {
        let known = self.column_names(table)?;
        let columns = table.columns.iter();
        let positions: Vec<_> = columns
            .filter_map(|column| known.iter().position(|name| *name == column.name))
            .collect();
        let (path, mut reader) = self.open(table)?;
        let mut record = StringRecord::new();
        let export_error = |source| CaptureError::Export {
            path: path.to_owned(),
            source,
        };
        while reader.read_record(&mut record).map_err(export_error)? {
            let values = positions
                .iter()
                .map(|at| record.get(*at).map(str::to_owned));
            let values: Vec<_> = values.collect();
            take(&values)?;
        }
        Ok(())
    }
}
