//! Writes one table as a file, row by row: CSV, or JSON lines.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::ExportError;
use super::target::{Format, Target};
use crate::durable::Unfinished;
use crate::import::protect_from_formulas;

/// One table of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedTable {
    /// The name of its file.
    pub file: String,
    /// The number of its rows, without the headings.
    pub rows: u64,
}

/// A table that is being written. Its file gets its name when it is complete.
pub(super) struct TableFile {
    table: ExportedTable,
    path: PathBuf,
    columns: Vec<&'static str>,
    writer: Writer,
}

enum Writer {
    Csv(Box<csv::Writer<Unfinished>>),
    JsonLines(BufWriter<Unfinished>),
}

impl TableFile {
    /// Creates the file of a table; `name` is without its extension.
    pub(super) fn begin(
        target: Target<'_>,
        name: &str,
        columns: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, ExportError> {
        let columns: Vec<&str> = columns.into_iter().collect();
        let extension = match target.format {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
        };
        let file = format!("{name}.{extension}");
        let path = target.folder.join(&file);
        let opened = Unfinished::begin(&path).and_then(|unfinished| {
            Ok(match target.format {
                Format::Csv => {
                    let mut writer = csv::Writer::from_writer(unfinished);
                    writer.write_record(&columns)?;
                    Writer::Csv(Box::new(writer))
                }
                Format::JsonLines => Writer::JsonLines(BufWriter::new(unfinished)),
            })
        });
        let writer = opened.map_err(|source| ExportError::file(&path, source))?;
        Ok(Self {
            table: ExportedTable { file, rows: 0 },
            path,
            columns,
            writer,
        })
    }

    /// Adds a row with one field for each column.
    pub(super) fn add<F: AsRef<str>>(
        &mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<(), ExportError> {
        let written = self.writer.write(&self.columns, fields);
        written.map_err(|source| ExportError::file(&self.path, source))?;
        self.table.rows += 1;
        Ok(())
    }

    /// Gives the file its name.
    pub(super) fn finish(self) -> Result<ExportedTable, ExportError> {
        let finished = self.writer.finish();
        finished.map_err(|source| ExportError::file(&self.path, source))?;
        Ok(self.table)
    }
}

impl Writer {
    fn write<F: AsRef<str>>(
        &mut self,
        columns: &[&'static str],
        fields: impl IntoIterator<Item = F>,
    ) -> io::Result<()> {
        match self {
            Self::Csv(writer) => {
                for field in fields {
                    writer.write_field(protect_from_formulas(field.as_ref()).as_bytes())?;
                }
                // Ends the row.
                Ok(writer.write_record(None::<&[u8]>)?)
            }
            Self::JsonLines(writer) => {
                let fields = columns.iter().zip(fields);
                let filled = fields.filter(|(_, field)| !field.as_ref().is_empty());
                let object: Map<String, Value> = filled
                    .map(|(column, field)| ((*column).to_owned(), field.as_ref().into()))
                    .collect();
                serde_json::to_writer(&mut *writer, &object)?;
                writer.write_all(b"\n")
            }
        }
    }

    fn finish(self) -> io::Result<u64> {
        let unfinished = match self {
            Self::Csv(writer) => writer
                .into_inner()
                .map_err(csv::IntoInnerError::into_error)?,
            Self::JsonLines(writer) => writer.into_inner()?,
        };
        unfinished.finish()
    }
}

/// Returns the text of a value; empty if there is none.
pub(super) fn optional<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
