//! Splits text into a header and rows of fields, with the line on which each row starts.
//!
//! The header decides between comma, semicolon and tab; the csv crate handles quoting and line
//! ends. This module does not interpret the fields.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::error::Refusal;
use super::formulas::without_protection;
use super::row_error::RowError;
use super::{content, title};

/// A header and the rows below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// The header's fields, trimmed.
    pub(super) header: Vec<String>,
    /// The rows that are not blank, in the file's order.
    pub(super) records: Vec<Record>,
    /// True if the header ended with a separator, and no row has a value behind it.
    pub(super) trailing_separator: bool,
}

/// The way in which a file writes a quote inside a quoted field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Escape {
    /// Twice, as spreadsheets do.
    #[default]
    DoubledQuote,
    /// With a backslash before it.
    Backslash,
}

/// One row: trimmed fields, possibly more or fewer than in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The line on which the row starts, from 1.
    pub(super) line: u64,
    pub(super) fields: csv::StringRecord,
    /// The errors of a row that a profile could not translate.
    pub(super) errors: Vec<RowError>,
}

impl Table {
    /// Parses a file's bytes; refuses a body that is not a table, has lines above its header, or
    /// has only a header. `is_header` recognises the header of the expected kind of file, and
    /// `is_column` the name of one of its columns.
    pub(super) fn parse(
        bytes: &[u8],
        is_header: &dyn Fn(&[String]) -> bool,
        is_column: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Refusal> {
        let text = content::decode(bytes)?;
        let (text, lines_before, separator) = match split_separator_line(text)? {
            Some((separator, rest)) => (rest, 1, separator),
            None => (text, 0, content::detect_separator(text)),
        };
        title::check(text, lines_before, is_header, is_column)?;
        Self::split(text, lines_before, separator, Escape::DoubledQuote)?.without_trailing_column()
    }

    /// Splits a text that begins with its header. `lines_before` is the number of lines of the file
    /// above it. Refuses a header without rows.
    pub(super) fn split(
        text: &str,
        lines_before: u64,
        separator: u8,
        escape: Escape,
    ) -> Result<Self, Refusal> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .escape((escape == Escape::Backslash).then_some(b'\\'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = reader.records().map(|record| {
            record.expect("reading ragged rows of UTF-8 text from memory cannot fail")
        });
        let header = records.next().ok_or(Refusal::Empty)?;
        let mut lines = LineCounter::new(text, lines_before);
        let records: Vec<Record> = records
            .filter(|fields| fields.iter().any(|field| !field.is_empty()))
            .map(|fields| Record {
                line: lines.line_of(&fields),
                fields: unprotected(fields),
                errors: Vec::new(),
            })
            .collect();
        if records.is_empty() {
            return Err(Refusal::NoRows);
        }
        Ok(Self {
            header: header.iter().map(str::to_owned).collect(),
            records,
            trailing_separator: false,
        })
    }

    /// Removes the empty column that a separator at the end of the lines makes. Refuses any other
    /// column without a name, since its values would be dropped.
    fn without_trailing_column(mut self) -> Result<Self, Refusal> {
        let Some(unnamed) = self.header.iter().position(String::is_empty) else {
            return Ok(self);
        };
        let is_last = unnamed > 0 && unnamed + 1 == self.header.len();
        let has_value = |record: &Record| !record.field(unnamed).is_empty();
        if !is_last || self.records.iter().any(has_value) {
            let position = unnamed + 1;
            return Err(Refusal::UnnamedColumn { position });
        }
        self.header.truncate(unnamed);
        for record in &mut self.records {
            if record.fields.len() == unnamed + 1 {
                record.fields.truncate(unnamed);
            }
        }
        self.trailing_separator = true;
        Ok(self)
    }

    /// Returns the header as one text, for messages.
    pub(super) fn header_text(&self) -> String {
        self.header.join(",")
    }

    /// Returns the index of a column, ignoring case.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name))
    }
}

impl Record {
    /// Returns the field in a column; empty if the row is too short.
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default()
    }

    /// Returns true if the row may be the total below a report: its first field names one.
    pub(super) fn is_total(&self) -> bool {
        content::is_total(self.field(0))
    }
}

/// Returns the fields without the apostrophes that keep spreadsheets from running formulas.
fn unprotected(fields: csv::StringRecord) -> csv::StringRecord {
    let is_plain = |field: &str| without_protection(field).len() == field.len();
    match fields.iter().all(is_plain) {
        true => fields,
        false => fields.iter().map(without_protection).collect(),
    }
}

/// Returns the header of a file and the rows that start on these lines, as they are written. The
/// rows that vendors put below their header belong to it.
pub(super) fn extract_lines(bytes: &[u8], rows: &BTreeSet<u64>) -> Vec<u8> {
    let mut extracted = Vec::new();
    let (mut is_kept, mut is_quoted, mut records) = (true, false, 0);
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        if !is_quoted {
            let first = line
                .split(|byte| matches!(byte, b',' | b';' | b'\t'))
                .next();
            let first = first.unwrap_or_default().trim_ascii().to_ascii_lowercase();
            let is_header_row = matches!(first.as_slice(), b"ticker" | b"date" | b"datetime");
            is_kept = records == 0 || rows.contains(&number) || (records < 3 && is_header_row);
            let is_separator_line = first.starts_with(b"sep=") || first.starts_with(b"\"sep=");
            records += usize::from(!line.trim_ascii().is_empty() && !is_separator_line);
        }
        // A quoted field may hold line breaks: the row goes on after an odd number of quotes.
        is_quoted ^= line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        if is_kept {
            extracted.extend_from_slice(line);
        }
    }
    extracted
}

/// Returns the separator that Excel's line `sep=;` declares, and the text below that line; refuses
/// another separator.
pub(super) fn split_separator_line(text: &str) -> Result<Option<(u8, &str)>, Refusal> {
    let Some((first, rest)) = text.split_once('\n') else {
        return Ok(None);
    };
    let first = first.trim_end_matches('\r').trim_matches('"');
    let is_declared = (first.get(..4)).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sep="));
    if !is_declared {
        return Ok(None);
    }
    match &first[4..] {
        "," | ";" | "\t" => Ok(Some((first.as_bytes()[4], rest))),
        // A table with such a column has more of them.
        other if other.contains([',', ';', '\t']) => Ok(None),
        other => Err(Refusal::Separator(content::excerpt(other))),
    }
}

/// Finds the line of each record in one pass over the text. The csv reader's own line number is
/// that of its position before the record, which may be before blank lines or inside a line end.
struct LineCounter<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str, lines_before: u64) -> Self {
        Self {
            bytes: text.as_bytes(),
            counted: 0,
            line: lines_before + 1,
        }
    }

    fn line_of(&mut self, fields: &csv::StringRecord) -> u64 {
        let position = fields
            .position()
            .map_or(0, |position| position.byte() as usize);
        let blank = self.bytes[position..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let start = position + blank;
        self.line += content::count_newlines(&self.bytes[self.counted..start]);
        self.counted = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Table, Refusal> {
        Table::parse(text.as_bytes(), &|_| true, &|_| true)
    }

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let table = parse(text).unwrap();
        let row = |record: &Record| {
            let fields = record.fields.iter().map(str::to_owned).collect();
            (record.line, fields)
        };
        table.records.iter().map(row).collect()
    }

    #[test]
    fn detects_the_separator_from_the_header() {
        for text in ["a,b\n1,2\n", "a;b\n1;2\n", "a\tb\n1\t2\n"] {
            assert_eq!(rows(text), [(2, vec!["1".to_owned(), "2".to_owned()])]);
        }
        assert_eq!(rows("a;b\n1,5;2\n")[0].1[0], "1,5");
    }

    #[test]
    fn an_apostrophe_before_a_formula_is_none_of_the_text() {
        let fields = &rows("a,b\n'=1+1,'tis\n'-5,\"'@x\"\n")[..];
        let row = |line, fields: [&str; 2]| (line, fields.map(str::to_owned).to_vec());
        assert_eq!(fields, [row(2, ["=1+1", "'tis"]), row(3, ["-5", "@x"])]);
    }

    #[test]
    fn extracts_the_header_and_whole_rows() {
        let text = b"sep=;\na;b\n1;2\n\"x\ny\";3\n4;5";
        let extract = |rows: &[u64]| {
            String::from_utf8(extract_lines(text, &rows.iter().copied().collect())).unwrap()
        };
        assert_eq!(extract(&[4]), "sep=;\na;b\n\"x\ny\";3\n");
        assert_eq!(extract(&[3, 6]), "sep=;\na;b\n1;2\n4;5");
    }

    #[test]
    fn a_separator_line_is_followed() {
        let table = parse("sep=;\r\na;b\r\n1,5;2\r\n").unwrap();
        assert_eq!(table.header, ["a", "b"]);
        assert_eq!(
            (table.records[0].line, table.records[0].field(0)),
            (3, "1,5")
        );
    }

    #[test]
    fn a_column_without_a_name_is_dropped_only_without_values() {
        let table = parse("a,b,\n1,2,\n").unwrap();
        assert_eq!((table.header.len(), table.records[0].fields.len()), (2, 2));
        assert!(table.trailing_separator);
        let refused = Err(Refusal::UnnamedColumn { position: 3 });
        assert_eq!(parse("a,b,\n1,2,3\n"), refused);
        assert_eq!(
            parse(",b\n1,2\n"),
            Err(Refusal::UnnamedColumn { position: 1 })
        );
    }

    #[test]
    fn line_numbers_match_an_editor() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,2", "", "\"x", "y\",3", ",", "4,5"].join(end);
            let lines: Vec<u64> = rows(&text).iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [2, 4, 7]);
        }
    }

    #[test]
    fn quoted_fields_hold_separators() {
        let row = &rows("a,b\n\"Smith, Jones\", 2 \n")[0];
        assert_eq!(row.1, ["Smith, Jones", "2"]);
    }

    #[test]
    fn a_header_alone_is_refused() {
        assert_eq!(parse("a,b\n\n"), Err(Refusal::NoRows));
    }
}
