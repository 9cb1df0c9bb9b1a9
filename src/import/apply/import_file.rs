//! Imports one file: reads it, validates it and applies it in one transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::actions::apply_actions;
use super::context::{ApplyError, ImportContext};
use super::create::{CreatedRecords, create_unknown};
use super::import_result::{FileKind, ImportResult, ImportStatus};
use super::read_transactions::read_transactions_of;
use super::records::{
    apply_portfolios, apply_prices, apply_securities, existing_actions, existing_portfolios,
    existing_prices, existing_with_calendars,
};
use super::source_file::SourceFile;
use super::transactions::{apply_transactions, existing_transactions};
use crate::domain::{Attribution, Calendar, Day, PhaseCells};
use crate::import::actions::{read_actions, validate_actions};
use crate::import::existing::ExistingRecords;
use crate::import::options::{AdjustedAsOf, Corrections, ValidRows, Warnings};
use crate::import::portfolios::{PortfolioRow, read_portfolios, validate_portfolios};
use crate::import::prices::{PriceRules, read_prices, validate_prices};
use crate::import::row_reader::{OptionalField, Rows};
use crate::import::securities::{SecurityRow, read_securities, validate_securities};
use crate::import::source_text::to_utf8;
use crate::import::transactions::validate_transactions;
use crate::import::verdict::Validated;
use crate::import::warning::FileWarning;
use crate::store::{ImportRecord, ReadTransaction, StoreError, WriteTransaction, Writer};

/// Apply the changes of a file, or only report them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Commit the changes to the store.
    Apply,
    /// Make the changes, report the result and roll back.
    DryRun,
}

/// Imports the valid rows of a file in one transaction, or none of them if the options or the kind
/// of the file demand it. If all of its rows exist already, only the import itself is recorded.
///
/// # Errors
///
/// Fails if the file is refused as a whole, or if the store fails. Invalid rows are not an error: a
/// file from which nothing is imported has the status [`ImportStatus::Refused`].
pub fn import_file(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    context: &ImportContext<'_>,
    mode: Mode,
) -> Result<ImportResult, ApplyError> {
    let options = file.options;
    let text = to_utf8(file.bytes, options.encoding);
    let text = text.map_err(|refusal| refusal.for_file(file.name))?;
    let file = &SourceFile {
        bytes: &text,
        ..*file
    };
    let today = context.calendar.today(context.now);
    let restatements = options.restatements;
    let import = Import {
        writer,
        file,
        context,
        mode,
    };
    match file.kind {
        FileKind::Portfolios => {
            let rows = read_portfolios(file.name, file.bytes, options)?;
            let existing = |reading: &ReadTransaction<'_>| {
                existing_portfolios(reading, context.calendar, &rows)
            };
            let known_days = context.calendar.known_days();
            let validate = |known: &ExistingRecords| {
                validate_portfolios(&rows, known, known_days, restatements).with_future_days(
                    &rows,
                    today,
                    |row| row.days(context.calendar),
                )
            };
            let warnings = sessions_outside_database(import.writer, &rows, context.calendar)?;
            let result = import.commit(existing, validate, apply_portfolios)?;
            Ok(ImportResult { warnings, ..result })
        }
        FileKind::Securities => {
            let rows = read_securities(file.name, file.bytes, options)?;
            let validate = |known: &ExistingRecords| {
                validate_securities(&rows, known, today, restatements).with_future_days(
                    &rows,
                    today,
                    SecurityRow::days,
                )
            };
            let existing = |reading: &ReadTransaction<'_>| {
                existing_with_calendars(reading, context.calendar, &rows)
            };
            import.commit(existing, validate, apply_securities)
        }
        FileKind::Actions => {
            let rows = read_actions(file.name, file.bytes, options)?;
            let existing = |reading: &ReadTransaction<'_>| existing_actions(reading, &rows);
            let validate = |known: &ExistingRecords| {
                let validated = validate_actions(&rows, known, restatements);
                validated.with_future_days(&rows, today, |row| vec![row.day])
            };
            import.commit(existing, validate, apply_actions)
        }
        FileKind::Transactions => {
            let read = read_transactions_of(import.writer, file, context)?;
            let (rows, corrections) = (read.rows, &options.corrections);
            let existing =
                |reading: &ReadTransaction<'_>| existing_transactions(reading, &rows, corrections);
            let validate = |known: &ExistingRecords| {
                validate_transactions(&rows, known, today, corrections).with_skipped(&read.skipped)
            };
            let attribution = Attribution {
                by: match corrections {
                    Corrections::Refused => String::new(),
                    Corrections::By(name) => name.clone(),
                },
                reason: format!("import of {}", file.name),
            };
            let create = |writing: &WriteTransaction<'_>| {
                create_unknown(writing, context, file.name, &read.proposals, options)
            };
            let result = import.create_and_commit(
                create,
                existing,
                validate,
                |writing, context, changes| {
                    apply_transactions(writing, context, &changes, &attribution)
                },
            )?;
            Ok(ImportResult {
                profile: read.profile,
                ..result
            })
        }
        FileKind::Prices => {
            let rules = PriceRules {
                jumps: options.jumps,
                adjusted_as_of: match options.adjusted_as_of {
                    Some(day) => AdjustedAsOf::Declared(day),
                    None => AdjustedAsOf::Assumed(today),
                },
                restatements,
                today,
            };
            let rows = read_prices(file.name, file.bytes, options)?;
            let existing = |reading: &ReadTransaction<'_>| existing_prices(reading, &rows);
            let validate = |known: &ExistingRecords| validate_prices(&rows, known, rules);
            let result = import.commit(existing, validate, apply_prices)?;
            Ok(ImportResult {
                warnings: rows.warning.map(FileWarning::Prices).into_iter().collect(),
                ..result
            })
        }
    }
}

/// Returns a warning for each calendar of a row with sessions that the database's calendar lacks.
fn sessions_outside_database(
    writer: &mut Writer,
    rows: &Rows<PortfolioRow>,
    database: &Calendar,
) -> Result<Vec<FileWarning>, StoreError> {
    let mut inceptions: BTreeMap<&str, Day> = BTreeMap::new();
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        if let OptionalField::Value(name) = &row.calendar {
            let first = inceptions.entry(name).or_insert(row.inception);
            *first = row.inception.min(*first);
        }
    }
    let mut warnings = Vec::new();
    for (name, inception) in inceptions {
        let calendar = writer.read(|reading| reading.security_calendars().find(name, database))?;
        // The validation of the row refuses an unknown name.
        let Some(calendar) = calendar else {
            continue;
        };
        let known = database.known_days();
        let outside = calendar.all_sessions().iter().filter(|day| {
            inception <= **day && known.contains(**day) && database.is_session(**day) == Ok(false)
        });
        let outside: Vec<_> = outside.collect();
        if let Some(first) = outside.first() {
            warnings.push(FileWarning::SessionsOutsideDatabase {
                calendar: name.to_owned(),
                database: database.name().to_owned(),
                count: outside.len(),
                first: **first,
            });
        }
    }
    Ok(warnings)
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

/// An import of one file, whose rows are read.
struct Import<'i> {
    writer: &'i mut Writer,
    file: &'i SourceFile<'i>,
    context: &'i ImportContext<'i>,
    mode: Mode,
}

impl Import<'_> {
    /// Validates against the existing records and applies in one transaction. `apply` records the
    /// changes and invalidates the cells they affect.
    fn commit<C>(
        self,
        existing: impl FnOnce(&ReadTransaction<'_>) -> Result<ExistingRecords, StoreError>,
        validate: impl FnOnce(&ExistingRecords) -> Validated<C>,
        apply: impl FnOnce(
            &WriteTransaction<'_>,
            &ImportContext<'_>,
            C,
        ) -> Result<PhaseCells, StoreError>,
    ) -> Result<ImportResult, ApplyError> {
        let create = |_: &WriteTransaction<'_>| Ok(CreatedRecords::default());
        self.create_and_commit(create, existing, validate, apply)
    }

    /// Does the same, after `create` has created records that the rows name.
    fn create_and_commit<C>(
        self,
        create: impl FnOnce(&WriteTransaction<'_>) -> Result<CreatedRecords, ApplyError>,
        existing: impl FnOnce(&ReadTransaction<'_>) -> Result<ExistingRecords, StoreError>,
        validate: impl FnOnce(&ExistingRecords) -> Validated<C>,
        apply: impl FnOnce(
            &WriteTransaction<'_>,
            &ImportContext<'_>,
            C,
        ) -> Result<PhaseCells, StoreError>,
    ) -> Result<ImportResult, ApplyError> {
        let Self {
            writer,
            file,
            context,
            mode,
        } = self;
        let committed = writer.write(|writing| {
            let created = create(writing)?;
            let mut validated =
                validate(&existing(writing)?).with_known_rows(file.options.known_rows);
            if file.options.valid_rows == ValidRows::Refused {
                validated = validated.all_or_nothing();
            }
            let is_questioned =
                file.options.warnings == Warnings::Refused && validated.counts.warnings > 0;
            let mut result = Box::new(ImportResult {
                kind: file.kind,
                file: validated.file,
                profile: None,
                created,
                verdicts: validated.verdicts,
                counts: validated.counts,
                warnings: Vec::new(),
                invalidated_cells: PhaseCells::new(),
                status: ImportStatus::Refused,
            });
            let Some(changes) = validated.changes.filter(|_| !is_questioned) else {
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
}

/// Records that the file was imported. The same bytes are recorded again only if they changed
/// something.
fn record_import(
    writing: &WriteTransaction<'_>,
    file: &SourceFile<'_>,
    result: &ImportResult,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (digest, kind) = (digest(file.bytes), file.kind.name());
    let changed = result.counts.added + result.counts.corrected > 0;
    if !changed && writing.imports().contains(&digest, kind)? {
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
