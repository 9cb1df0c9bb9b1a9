//! Reads the fields of a row by column name and collects all errors of the row.
//!
//! Files of portfolios, securities, transactions and actions are read through this module. Price
//! files have their own reader, since their columns depend on the vendor.

use std::fmt;

use super::content::normalized_column;
use super::dates::DateReader;
use super::error::{ImportError, Refusal};
use super::numbers::NumberReader;
use super::options::ImportOptions;
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::table::{Record, Table};
use crate::domain::{Day, nearest};

/// The rows of a file, each parsed or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<R> {
    /// The name under which the file was given.
    pub file: String,
    /// The rows in the file's order.
    pub lines: Vec<Line<R>>,
}

/// One row of a file, parsed or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<R> {
    /// The line on which the row starts, from 1.
    pub number: u64,
    /// The parsed row, or all of its errors.
    pub row: Result<R, Vec<RowError>>,
}

/// Value of an optional column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalField<T> {
    /// The file does not have the column, so the existing value stays.
    Absent,
    /// The file has the column and the field is empty.
    Empty,
    /// The field has this value.
    Value(T),
}

impl<T> OptionalField<T> {
    /// Returns the new value of an attribute that cannot be removed: the row's value, or else
    /// `existing`.
    pub(super) fn or_keep(self, existing: T) -> T {
        match self {
            Self::Value(value) => value,
            Self::Absent | Self::Empty => existing,
        }
    }

    /// Returns the new value of an attribute that an empty field removes: the row's value, none, or
    /// `existing` if the file does not have the column.
    pub(super) fn or_keep_optional(self, existing: Option<T>) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Empty => None,
            Self::Absent => existing,
        }
    }

    pub(super) fn value(self) -> Option<T> {
        self.or_keep_optional(None)
    }

    pub(super) const fn as_value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Empty => None,
        }
    }
}

/// Columns of one kind of file.
pub(super) struct TableFormat {
    pub(super) columns: &'static [&'static str],
    pub(super) required: &'static [&'static str],
    /// Columns whose values take part in detecting the file's
    /// [`DateOrder`](super::options::DateOrder).
    pub(super) date_columns: &'static [&'static str],
    /// Columns whose values take part in detecting the file's
    /// [`DecimalMark`](super::options::DecimalMark).
    pub(super) number_columns: &'static [&'static str],
}

impl TableFormat {
    /// Parses a file of this kind. `read` parses one row, and returns `None` after it records an
    /// error.
    pub(super) fn read<R>(
        &self,
        file: &str,
        bytes: &[u8],
        options: &ImportOptions,
        read: impl Fn(&mut RowReader<'_>) -> Option<R>,
    ) -> Result<Rows<R>, ImportError> {
        let lines = self
            .lines(bytes, options, read)
            .map_err(|refusal| refusal.for_file(file))?;
        Ok(Rows {
            file: file.to_owned(),
            lines,
        })
    }

    fn lines<R>(
        &self,
        bytes: &[u8],
        options: &ImportOptions,
        read: impl Fn(&mut RowReader<'_>) -> Option<R>,
    ) -> Result<Vec<Line<R>>, Refusal> {
        let is_header = |names: &[String]| {
            let has = |wanted: &&str| names.iter().any(|name| normalized_column(name) == *wanted);
            self.required.iter().all(has)
        };
        let is_column = |name: &str| self.columns.contains(&normalized_column(name).as_str());
        let table = Table::parse(bytes, &is_header, &is_column)?;
        self.lines_of(&table, options, read)
    }

    /// Parses the rows of a table whose text is split already.
    pub(super) fn lines_of<R>(
        &self,
        table: &Table,
        options: &ImportOptions,
        read: impl Fn(&mut RowReader<'_>) -> Option<R>,
    ) -> Result<Vec<Line<R>>, Refusal> {
        let columns = self.resolve_columns(table)?;
        let fields_of = |names: &[&str]| {
            let is_named = |at: &usize| names.contains(&columns[*at]);
            let at: Vec<usize> = (0..columns.len()).filter(is_named).collect();
            let records = table.records.iter();
            records.flat_map(move |record| {
                let fields = at.iter().map(|at| (record.line, record.field(*at)));
                fields.collect::<Vec<_>>()
            })
        };
        let dates = DateReader::detect(fields_of(self.date_columns), options.date_order)?;
        let numbers = fields_of(self.number_columns).map(|(_, text)| text);
        let numbers = NumberReader::detect(numbers, options.decimal_mark);
        let line = |record: &Record| Line {
            number: record.line,
            row: RowReader::new(record, &columns, dates, numbers).read(&read),
        };
        Ok(table.records.iter().map(line).collect())
    }

    /// Returns the known name of each column of the header, in the header's order.
    fn resolve_columns(&self, table: &Table) -> Result<Vec<&'static str>, Refusal> {
        let mut columns: Vec<&'static str> = Vec::with_capacity(table.header.len());
        for written in &table.header {
            let name = normalized_column(written);
            let known = self.columns.iter().find(|column| **column == name);
            let column = *known.ok_or_else(|| Refusal::UnknownColumn {
                column: written.clone(),
                nearest: nearest(&name, self.columns.iter().copied()),
                known: self.columns.to_vec(),
            })?;
            if columns.contains(&column) {
                return Err(Refusal::RepeatedColumn { column: name });
            }
            columns.push(column);
        }
        match self.required.iter().find(|name| !columns.contains(name)) {
            Some(column) => Err(Refusal::MissingColumn {
                column,
                found: table.header_text(),
            }),
            None => Ok(columns),
        }
    }
}

/// The fields of one row, and their errors so far.
pub(super) struct RowReader<'a> {
    record: &'a Record,
    columns: &'a [&'static str],
    pub(super) dates: DateReader,
    pub(super) numbers: NumberReader,
    errors: Vec<RowError>,
}

impl<'a> RowReader<'a> {
    fn new(
        record: &'a Record,
        columns: &'a [&'static str],
        dates: DateReader,
        numbers: NumberReader,
    ) -> Self {
        Self {
            record,
            columns,
            dates,
            numbers,
            errors: Vec::new(),
        }
    }

    fn read<R>(mut self, read: impl Fn(&mut Self) -> Option<R>) -> Result<R, Vec<RowError>> {
        if !self.record.errors.is_empty() {
            return Err(self.record.errors.clone());
        }
        let (found, expected) = (self.record.fields.len(), self.columns.len());
        if found != expected {
            return Err(vec![RowError::in_row(RowErrorKind::FieldCount {
                found,
                expected,
            })]);
        }
        match read(&mut self) {
            Some(row) if self.errors.is_empty() => Ok(row),
            _ => Err(self.errors),
        }
    }

    /// Returns the text of a column.
    pub(super) fn raw(&self, column: &str) -> OptionalField<&'a str> {
        let at = self.columns.iter().position(|known| *known == column);
        match at.map(|at| self.record.field(at)) {
            None => OptionalField::Absent,
            Some("") => OptionalField::Empty,
            Some(text) => OptionalField::Value(text),
        }
    }

    /// Parses a column that must not be empty. Records an error and returns `None` if it is empty
    /// or invalid.
    pub(super) fn required<T, E: Into<RowErrorKind>>(
        &mut self,
        column: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !matches!(self.raw(column), OptionalField::Value(_)) {
            self.add_error(column, "", RowErrorKind::Missing);
        }
        self.optional(column, read).value()
    }

    pub(super) fn has_error(&self, column: &str) -> bool {
        self.errors
            .iter()
            .any(|error| error.column.as_deref() == Some(column))
    }

    pub(super) fn add_error(
        &mut self,
        column: &str,
        value: impl fmt::Display,
        reason: RowErrorKind,
    ) {
        self.errors.push(RowError::in_column(column, value, reason));
    }

    /// Parses an optional column. Records an error and returns [`OptionalField::Absent`] if the
    /// value is invalid.
    pub(super) fn optional<T, E: Into<RowErrorKind>>(
        &mut self,
        column: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> OptionalField<T> {
        let text = match self.raw(column) {
            OptionalField::Value(text) => text,
            OptionalField::Absent => return OptionalField::Absent,
            OptionalField::Empty => return OptionalField::Empty,
        };
        match read(text) {
            Ok(value) => OptionalField::Value(value),
            Err(error) => {
                self.errors.push(RowError::in_column(column, text, error));
                OptionalField::Absent
            }
        }
    }

    /// Parses a required column as a day in the file's date order.
    pub(super) fn day(&mut self, column: &str) -> Option<Day> {
        let dates = self.dates;
        self.required(column, |text| dates.parse_day(text))
    }
}

/// Accepts any text, for use with [`RowReader::required`] and [`RowReader::optional`].
pub(super) fn parse_text(text: &str) -> Result<String, RowErrorKind> {
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: TableFormat = TableFormat {
        columns: &["symbol", "date", "note"],
        required: &["symbol", "date"],
        date_columns: &["date"],
        number_columns: &[],
    };

    fn read(text: &str) -> Result<Rows<(String, Day)>, ImportError> {
        FORMAT.read("f.csv", text.as_bytes(), &ImportOptions::default(), |row| {
            let symbol = row.required("symbol", parse_text);
            let day = row.day("date");
            Some((symbol?, day?))
        })
    }

    #[test]
    fn accepts_columns_in_any_order_and_case() {
        let rows = read("Date,SYMBOL\n2026-01-05,AAPL\n").unwrap();
        assert_eq!(rows.lines[0].row.as_ref().unwrap().0, "AAPL");
    }

    #[test]
    fn an_unknown_column_hints_at_the_nearest_known_one() {
        let error = read("symbol,dat\nA,2026-01-05\n").unwrap_err();
        assert!(matches!(
            error.refusal,
            Refusal::UnknownColumn { nearest: Some(ref nearest), .. } if nearest == "date"
        ));
        assert_eq!(error.hint().as_deref(), Some("did you mean `date`?"));
    }

    #[test]
    fn a_missing_or_repeated_column_is_named() {
        let missing = read("symbol,note\nA,b\n").unwrap_err().refusal;
        assert!(matches!(
            missing,
            Refusal::MissingColumn { column: "date", .. }
        ));
        let twice = read("symbol,date,Symbol\nA,2026-01-05,B\n").unwrap_err();
        assert!(matches!(twice.refusal, Refusal::RepeatedColumn { .. }));
    }

    #[test]
    fn collects_all_errors_of_all_rows() {
        let rows = read("symbol,date\n,2026-02-30\nA\nB,2026-01-05\n").unwrap();
        let error_counts: Vec<usize> = rows
            .lines
            .iter()
            .map(|line| line.row.as_ref().err().map_or(0, Vec::len))
            .collect();
        assert_eq!(error_counts, [2, 1, 0]);
    }
}
