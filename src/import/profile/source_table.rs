//! Finds the header of a file of another program, and splits the file into named columns and rows.

use std::collections::BTreeMap;

use super::spec::{Profile, is_same_column};
use crate::domain::nearest;
use crate::import::content;
use crate::import::error::Refusal;
use crate::import::profile_error::ProfileRefusal;
use crate::import::table::{Escape, Record, Table, split_separator_line};

/// Number of lines in which a header is looked for.
const MAX_LINES: usize = 20;

/// The line of a file that holds its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderLine<'t> {
    /// The text from the header on.
    text: &'t str,
    /// The lines above it that are not blank, with their numbers.
    above: Vec<(u64, &'t str)>,
    /// The number of the line, from 1.
    line: u64,
    separator: u8,
    pub(super) fields: Vec<String>,
}

impl<'t> HeaderLine<'t> {
    /// Returns the first line that `is_header` accepts; `None` if it is not among the first lines.
    pub(super) fn find(
        text: &'t str,
        is_header: impl Fn(&[String]) -> bool,
    ) -> Result<Option<Self>, Refusal> {
        let (declared, text, first_line) = match split_separator_line(text)? {
            Some((separator, rest)) => (Some(separator), rest, 2),
            None => (None, text, 1),
        };
        let mut above = Vec::new();
        let mut start = 0;
        for (line, written) in (first_line..).zip(text.split_inclusive('\n')) {
            let from = start;
            start += written.len();
            if written.trim().is_empty() {
                continue;
            }
            let separator = declared.unwrap_or_else(|| content::detect_separator(written));
            let fields = split_line(written, separator);
            if is_header(&fields) {
                return Ok(Some(Self {
                    text: &text[from..],
                    above,
                    line,
                    separator,
                    fields,
                }));
            }
            above.push((line, written));
            if above.len() > MAX_LINES {
                break;
            }
        }
        Ok(None)
    }
}

impl HeaderLine<'_> {
    /// Returns the first fields of the lines above the header.
    pub(super) fn titles(&self) -> Vec<String> {
        let above = self.above.iter();
        let first =
            above.filter_map(|(_, line)| split_line(line, self.separator).into_iter().next());
        first.collect()
    }

    /// Splits the file below the header.
    pub(super) fn split(&self, escape: Escape) -> Result<Table, Refusal> {
        Table::split(self.text, self.line - 1, self.separator, escape)
    }
}

/// Returns whether a header has all columns of a profile.
pub(super) fn is_header_of(profile: &Profile, fields: &[String]) -> bool {
    let has = |wanted: &String| fields.iter().any(|field| is_same_column(field, wanted));
    profile.file.header.iter().all(has)
}

fn split_line(line: &str, separator: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let first = reader.records().next().and_then(Result::ok);
    let first = first.unwrap_or_default();
    first.iter().map(str::to_owned).collect()
}

/// A file of another program, split into rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceTable {
    /// The position of each known column, by its name in the profile.
    columns: BTreeMap<String, usize>,
    /// The number of columns.
    width: usize,
    pub(super) records: Vec<Record>,
}

impl SourceTable {
    /// Splits a file below its header. Refuses lines above the header and columns with values that
    /// the profile does not know.
    pub(super) fn split(header: &HeaderLine<'_>, profile: &Profile) -> Result<Self, Refusal> {
        let is_skipped = |first: &str| profile.file.skipped_lines.fit(first);
        for (line, title) in &header.above {
            let fields = split_line(title, header.separator);
            if !is_skipped(fields.first().map_or("", String::as_str)) {
                return Err(Refusal::TitleLine {
                    title: content::excerpt(title),
                    line: *line,
                    header_line: header.line,
                    total: None,
                });
            }
        }
        let table = header.split(profile.file.quotes)?;
        let mut records = table.records;
        records.retain(|record| !is_skipped(record.field(0)));
        Self::new(&table.header, records, profile)
    }

    /// Names the columns of the records. Refuses columns with values that the profile does not know.
    pub(super) fn new(
        header: &[String],
        records: Vec<Record>,
        profile: &Profile,
    ) -> Result<Self, Refusal> {
        if records.is_empty() {
            return Err(Refusal::NoRows);
        }
        Ok(Self {
            columns: named_columns(header, &records, profile)?,
            width: header.len(),
            records,
        })
    }

    /// Returns the field of a row in a column; empty if the file does not have the column.
    pub(super) fn field<'r>(&self, record: &'r Record, column: &str) -> &'r str {
        let position = self.columns.get(column);
        position.map_or("", |position| record.field(*position))
    }

    /// Returns the numbers of fields in a row and in the header if they differ. Empty fields behind
    /// the last column do not count.
    pub(super) fn wrong_width(&self, record: &Record) -> Option<(usize, usize)> {
        let fields = record.fields.len();
        let has_more = (self.width..fields).any(|position| !record.field(position).is_empty());
        (fields < self.width || has_more).then_some((fields, self.width))
    }
}

/// Returns the names of columns: that of one without a name is made of the column before it, such as
/// `Price +1`.
pub(super) fn column_names(header: &[String]) -> Vec<String> {
    let (mut named, mut behind) = ("", 0);
    let mut names = Vec::with_capacity(header.len());
    for written in header {
        if written.is_empty() {
            behind += 1;
            names.push(format!("{named} +{behind}"));
        } else {
            (named, behind) = (written.as_str(), 0);
            names.push(written.clone());
        }
    }
    names
}

/// Returns the positions of the columns. Refuses a column that the profile does not know, unless it
/// is empty.
fn named_columns(
    header: &[String],
    records: &[Record],
    profile: &Profile,
) -> Result<BTreeMap<String, usize>, Refusal> {
    let known = profile.known_columns();
    let mut columns = BTreeMap::new();
    for (position, name) in column_names(header).into_iter().enumerate() {
        let same: Vec<&str> = (known.iter().copied())
            .filter(|column| is_same_column(column, &name))
            .collect();
        if !same.is_empty() {
            for column in same {
                if columns.insert(column.to_owned(), position).is_some() {
                    return Err(Refusal::RepeatedColumn { column: name });
                }
            }
        } else if (records.iter()).any(|record| !record.field(position).is_empty()) {
            return Err(Refusal::Profile(ProfileRefusal::UnknownColumn {
                profile: profile.name.clone(),
                nearest: nearest(&name, known.iter().copied()),
                column: name,
            }));
        }
    }
    Ok(columns)
}
