//! Splits text into a header and rows of fields, with the line on which each row starts.
//!
//! The header decides between comma, semicolon and tab; the csv crate handles quoting and line
//! ends. This module does not interpret the fields.

use super::content;
use super::error::Refusal;

/// A header and the rows below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// The header's fields, trimmed.
    pub(super) header: Vec<String>,
    /// The rows that are not blank, in the file's order.
    pub(super) records: Vec<Record>,
}

/// One row: trimmed fields, possibly more or fewer than in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The line on which the row starts, from 1.
    pub(super) line: u64,
    pub(super) fields: csv::StringRecord,
}

impl Table {
    /// Parses a file's bytes; refuses a body that is not a table or has only a header. A header of
    /// one column must be one of `columns`.
    pub(super) fn parse(bytes: &[u8], columns: &[&str]) -> Result<Self, Refusal> {
        let text = content::decode(bytes, columns)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(detect_separator(text))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = reader.records().map(|record| {
            record.expect("reading ragged rows of UTF-8 text from memory cannot fail")
        });
        let header = records.next().ok_or(Refusal::Empty)?;
        let mut lines = LineCounter::new(text);
        let records: Vec<Record> = records
            .filter(|fields| fields.iter().any(|field| !field.is_empty()))
            .map(|fields| Record {
                line: lines.line_of(&fields),
                fields,
            })
            .collect();
        if records.is_empty() {
            return Err(Refusal::NoRows);
        }
        Ok(Self {
            header: header.iter().map(str::to_owned).collect(),
            records,
        })
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
}

/// Returns the most frequent of the separators in the first line.
fn detect_separator(text: &str) -> u8 {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    // `max_by_key` returns the last of equal counts, so a header without a separator gets the comma.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| count(*separator))
        .unwrap_or(b',')
}

/// Finds the line of each record in one pass over the text. The csv reader's own line number is
/// that of its position before the record, which may be before blank lines or inside a line end.
struct LineCounter<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            counted: 0,
            line: 1,
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

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let table = Table::parse(text.as_bytes(), &[]).unwrap();
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
        assert_eq!(Table::parse(b"a,b\n\n", &[]), Err(Refusal::NoRows));
    }
}
