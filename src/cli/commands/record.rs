//! Adds or edits one record that is given by arguments.

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::import::apply::{self, FileKind, ImportStatus, Mode, SourceFile};
use crate::import::{KnownRows, Restatements, one_row, one_row_options};
use crate::report::{self, Palette};

/// A record by its fields, and the command that gives them.
pub(super) struct Record<'r> {
    /// The name of the command, for the report.
    pub(super) command: &'static str,
    pub(super) kind: FileKind,
    pub(super) fields: &'r [(&'static str, Option<&'r str>)],
    pub(super) known_rows: KnownRows,
    pub(super) restatements: Restatements,
    pub(super) dry_run: bool,
}

/// Imports a record under the checks of files.
pub(super) fn import_record(context: &Context, record: &Record<'_>) -> Result<Exit, CliError> {
    let app = context.app()?;
    let file = SourceFile {
        kind: record.kind,
        name: record.command,
        bytes: &one_row(record.fields),
        options: &one_row_options(record.known_rows, record.restatements),
    };
    let mode = match record.dry_run {
        true => Mode::DryRun,
        false => Mode::Apply,
    };
    let import_context = app.import_context();
    let result = apply::import_file(&mut app.store.writer()?, &file, &import_context, mode)?;
    if let (ImportStatus::Refused, Some((_, error))) = (result.status, result.first_error()) {
        return Err(CliError::Record {
            command: record.command,
            error: Box::new(error.clone()),
        });
    }
    context.show(&report::import_json(&result), || {
        report::import_text(&result, Palette::Colour)
    })?;
    Ok(Exit::Complete)
}
