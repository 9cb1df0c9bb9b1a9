//! Reads rows of another program's tables, one value for each mapped column.

use super::error::CaptureError;
use super::map::{Column, Table};
use crate::domain::nearest;

/// Called for each row with the values of the mapped columns, in the order of the map.
pub(super) type RowVisitor<'t> = &'t mut dyn FnMut(&[Option<String>]) -> Result<(), CaptureError>;

/// Source of rows. All reads through one source must see the same state of the database.
pub(super) trait RowSource {
    /// Describes the kind of source, without a name or path.
    fn origin(&self) -> &'static str;

    /// Returns the columns of a table; empty if the table does not exist.
    fn column_names(&mut self, table: &Table) -> Result<Vec<String>, CaptureError>;

    /// Returns the names of all tables, for suggestions.
    fn table_names(&mut self) -> Result<Vec<String>, CaptureError>;

    /// Calls `take` for each row of a table.
    fn visit_rows(&mut self, table: &Table, take: RowVisitor<'_>) -> Result<(), CaptureError>;
}

/// Checks that all tables and columns of the map exist.
pub(super) fn check_columns<'t>(
    rows: &mut (impl RowSource + ?Sized),
    tables: impl Iterator<Item = &'t Table>,
) -> Result<(), CaptureError> {
    for table in tables {
        let known = rows.column_names(table)?;
        if known.is_empty() {
            let tables = rows.table_names()?;
            return Err(CaptureError::Table {
                table: table.name.clone(),
                line: table.line,
                nearest: nearest(&table.name, tables.iter().map(String::as_str)),
            });
        }
        let mut named = table.columns.iter();
        if let Some(column) = named.find(|column| !known.contains(&column.name)) {
            return Err(CaptureError::Column {
                table: table.name.clone(),
                column: column.name.clone(),
                line: column.line,
                nearest: nearest(&column.name, known.iter().map(String::as_str)),
                known,
            });
        }
    }
    Ok(())
}

/// One row, whose values are read by the keys of the map.
pub(crate) struct Row<'r> {
    pub(super) table: &'r Table,
    /// The number of the row in the order of reading, from 1.
    pub(super) number: u64,
    pub(crate) values: &'r [Option<String>],
}

impl<'r> Row<'r> {
    pub(crate) const fn new(table: &'r Table, number: u64, values: &'r [Option<String>]) -> Self {
        Self {
            table,
            number,
            values,
        }
    }

    /// Returns whether the map names a column for a key.
    pub(crate) fn is_mapped(&self, key: &str) -> bool {
        self.table.column_index(key).is_some()
    }

    /// Returns the text of a column; `None` if the map has no such key or the value is empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        let text = self.values[self.table.column_index(key)?].as_deref()?;
        (!text.is_empty()).then_some(text)
    }

    /// Parses a column; `None` if it is not mapped or empty, an error if `parse` returns `None`.
    pub(crate) fn parse<T>(
        &self,
        key: &str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, CaptureError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.invalid_value(key, expected)),
        }
    }

    /// Like [`Row::parse`], with an error if the value is missing.
    pub(crate) fn parse_required<T>(
        &self,
        key: &str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, CaptureError> {
        self.parse(key, expected, parse)?
            .ok_or_else(|| self.invalid_value(key, expected))
    }

    /// Makes the error of a column with an invalid value.
    pub(super) fn invalid_value(&self, key: &str, expected: &'static str) -> CaptureError {
        let at = self.table.column_index(key).unwrap_or(0);
        let Column { name, line, .. } = &self.table.columns[at];
        CaptureError::Value {
            table: self.table.name.clone(),
            column: name.clone(),
            line: *line,
            row: self.number,
            value: self.values[at].clone(),
            expected,
        }
    }
}

/// Calls `take` for each row of a table, numbered from 1.
pub(super) fn visit_numbered_rows(
    rows: &mut (impl RowSource + ?Sized),
    table: &Table,
    mut take: impl FnMut(Row<'_>) -> Result<(), CaptureError>,
) -> Result<(), CaptureError> {
    let mut number = 0;
    rows.visit_rows(table, &mut |values| {
        number += 1;
        take(Row {
            table,
            number,
            values,
        })
    })
}
