//! Rows of somebody else's tables, one value for each column that the map names.

use super::CaptureError;
use super::map::{Column, Table};
use crate::domain::nearest;

/// What is to be done with a row: a value for each column that the map names, in their order.
pub(super) type RowVisitor<'t> = &'t mut dyn FnMut(&[Option<String>]) -> Result<(), CaptureError>;

/// Where rows come from. Everything that is read through it is of one state.
pub(super) trait RowSource {
    /// Where that is, in words without a name or path.
    fn origin(&self) -> &'static str;

    /// The columns that a table has; none where there is no such table.
    fn column_names(&mut self, table: &Table) -> Result<Vec<String>, CaptureError>;

    /// The tables that there are.
    fn table_names(&mut self) -> Result<Vec<String>, CaptureError>;

    /// Hands each row of a table to `take`: the map's columns in their order.
    fn visit_rows(&mut self, table: &Table, take: RowVisitor<'_>) -> Result<(), CaptureError>;
}

/// That all tables and columns of the map are there.
pub(super) fn check_columns<'t>(
    rows: &mut impl RowSource,
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

/// One row, asked by what the map says of its columns.
pub(super) struct Row<'r> {
    pub(super) table: &'r Table,
    /// Which it is, from 1, in the order in which rows were read.
    pub(super) number: u64,
    pub(super) values: &'r [Option<String>],
}

impl Row<'_> {
    /// The text of a column; nothing where the map has none, or the row nothing in it.
    pub(super) fn text(&self, says: &str) -> Option<&str> {
        let text = self.values[self.table.column_index(says)?].as_deref()?;
        (!text.is_empty()).then_some(text)
    }

    /// What a column says, read by `parse`; refused where it can't be read.
    pub(super) fn parse<T>(
        &self,
        says: &str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, CaptureError> {
        let Some(text) = self.text(says) else {
            return Ok(None);
        };
        match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.invalid_value(says, expected)),
        }
    }

    /// The same, refused where the row has nothing there.
    pub(super) fn parse_required<T>(
        &self,
        says: &str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, CaptureError> {
        self.parse(says, expected, parse)?
            .ok_or_else(|| self.invalid_value(says, expected))
    }

    /// That a column holds what can't be.
    pub(super) fn invalid_value(&self, says: &str, expected: &'static str) -> CaptureError {
        let place = self.table.column_index(says).unwrap_or(0);
        let Column { name, line, .. } = &self.table.columns[place];
        CaptureError::Value {
            table: self.table.name.clone(),
            column: name.clone(),
            line: *line,
            row: self.number,
            value: self.values[place].clone(),
            expected,
        }
    }
}

/// Hands each row of a table to `take`, numbered.
pub(super) fn visit_numbered_rows(
    rows: &mut impl RowSource,
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
