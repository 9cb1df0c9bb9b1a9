//! Imports one file: reads it, validates it and applies it in one transaction.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::context::{ApplyError, ImportContext};
use super::import_result::{FileKind, ImportResult, ImportStatus};
use super::{actions, portfolios, prices, securities, transactions};
use crate::domain::PhaseCells;
use crate::import::actions::read_actions;
use crate::import::options::ImportOptions;
use crate::import::portfolios::read_portfolios;
use crate::import::prices::{PriceRules, read_prices};
use crate::import::securities::read_securities;
use crate::import::transactions::read_transactions;
use crate::import::verdict::Validated;
use crate::store::{ImportRecord, ReadTransaction, StoreError, WriteTransaction, Writer};

/// A file to import.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'f> {
    /// The kind of records in the file.
    pub kind: FileKind,
    /// The file's name, for messages; may give the symbol of its prices.
    pub name: &'f str,
    /// The content of the file.
    pub bytes: &'f [u8],
    /// The options declared for the file.
    pub options: &'f ImportOptions,
}

/// Apply the changes of a file, or only report them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Commit the changes to the store.
    Apply,
    /// Make the changes, report the result and roll back.
    DryRun,
}

/// Imports a file completely or not at all. If all of its rows exist already, only the import
/// itself is recorded.
///
/// # Errors
///
/// Fails if the file is refused as a whole, or if the store fails. A file with invalid rows is not
/// an error: its result has the status [`ImportStatus::Refused`].
pub fn import_file(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    context: &ImportContext<'_>,
    mode: Mode,
) -> Result<ImportResult, ApplyError> {
    let ImportOptions {
        date_order: order,
        jumps,
        ..
    } = *file.options;
    match file.kind {
        FileKind::Portfolios => {
            let rows = read_portfolios(file.name, file.bytes, order)?;
            let validate = |reading: &ReadTransaction<'_>| portfolios::validate(reading, &rows);
            commit(writer, file, context, mode, validate, portfolios::apply)
        }
        FileKind::Securities => {
            let rows = read_securities(file.name, file.bytes, order)?;
            let validate = |reading: &ReadTransaction<'_>| securities::validate(reading, &rows);
            commit(writer, file, context, mode, validate, securities::apply)
        }
        FileKind::Actions => {
            let rows = read_actions(file.name, file.bytes, order)?;
            let validate = |reading: &ReadTransaction<'_>| actions::validate(reading, &rows);
            commit(writer, file, context, mode, validate, actions::apply)
        }
        FileKind::Transactions => {
            let rows = read_transactions(file.name, file.bytes, order)?;
            let validate = |reading: &ReadTransaction<'_>| transactions::validate(reading, &rows);
            commit(writer, file, context, mode, validate, transactions::apply)
        }
        FileKind::Prices => {
            let rules = PriceRules {
                jumps,
                adjusted_as_of: (file.options.adjusted_as_of)
                    .unwrap_or_else(|| context.calendar.today(context.now)),
            };
            let rows = read_prices(file.name, file.bytes, file.options)?;
            let validate = |reading: &ReadTransaction<'_>| prices::validate(reading, &rows, rules);
            let result = commit(writer, file, context, mode, validate, prices::apply)?;
            Ok(ImportResult {
                warning: rows.warning,
                ..result
            })
        }
    }
}

/// Returns true if the same bytes were imported before as a file of the same kind.
///
/// # Errors
///
/// Fails if the store cannot be read.
pub fn was_imported(
    reading: &ReadTransaction<'_>,
    file: &SourceFile<'_>,
) -> Result<bool, StoreError> {
    reading
        .imports()
        .contains(&digest(file.bytes), file.kind.name())
}

/// Returns the SHA-256 of a file's bytes, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reason to roll back the transaction of an import. `Writer::write` commits if its closure returns
/// `Ok`, so the closure returns the result of a dry run or of a refused file as an error.
enum Rollback {
    /// A dry run, or a file with invalid rows.
    NotKept(Box<ImportResult>),
    Failed(ApplyError),
}

impl From<ApplyError> for Rollback {
    fn from(error: ApplyError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Rollback {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Validates and applies in one transaction. `apply` records the changes and invalidates the cells
/// they affect.
fn commit<C>(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    context: &ImportContext<'_>,
    mode: Mode,
    validate: impl FnOnce(&ReadTransaction<'_>) -> Result<Validated<C>, StoreError>,
    apply: impl FnOnce(&WriteTransaction<'_>, &ImportContext<'_>, C) -> Result<PhaseCells, StoreError>,
) -> Result<ImportResult, ApplyError> {
    let committed = writer.write(|writing| {
        let validated = validate(writing)?;
        let mut result = Box::new(ImportResult {
            kind: file.kind,
            file: validated.file,
            verdicts: validated.verdicts,
            counts: validated.counts,
            warning: None,
            invalidated_cells: PhaseCells::new(),
            status: ImportStatus::Refused,
        });
        let Some(changes) = validated.changes else {
            return Err(Rollback::NotKept(result));
        };
        if result.counts.added + result.counts.corrected > 0 {
            result.invalidated_cells = apply(writing, context, changes)?;
            // A run that planned with the old sources notices the new revision.
            writing.increment_revision()?;
        }
        record_import(writing, file, &result, context.now)?;
        match mode {
            Mode::Apply => {
                result.status = ImportStatus::Applied;
                Ok(*result)
            }
            Mode::DryRun => {
                result.status = ImportStatus::DryRun;
                Err(Rollback::NotKept(result))
            }
        }
    });
    match committed {
        Ok(result) => Ok(result),
        Err(Rollback::NotKept(result)) => Ok(*result),
        Err(Rollback::Failed(error)) => Err(error),
    }
}

/// Records that the file was imported, once for the same bytes.
fn record_import(
    writing: &WriteTransaction<'_>,
    file: &SourceFile<'_>,
    result: &ImportResult,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (digest, kind) = (digest(file.bytes), file.kind.name());
    if writing.imports().contains(&digest, kind)? {
        return Ok(());
    }
    writing.imports().record(&ImportRecord {
        at: now,
        kind: kind.to_owned(),
        file: result.file.clone(),
        digest,
        added: result.counts.added as u64,
        unchanged: result.counts.same as u64,
        corrected: result.counts.corrected as u64,
    })
}
