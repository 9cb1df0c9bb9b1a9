//! One file, from its bytes to what was taken of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::import_result::{FileKind, ImportResult, ImportStatus};
use super::{ApplyError, actions, portfolios, prices, securities, transactions};
use crate::domain::{Calendar, Day, IdSet, Phase};
use crate::import::{
    Basis, DateOrder, Jumps, PriceOptions, PriceRules, Validated, read_actions, read_portfolios,
    read_prices, read_securities, read_transactions,
};
use crate::store::{ImportRecord, ReadTransaction, StoreError, WriteTransaction, Writer};

/// A file to take in.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'f> {
    /// What it holds.
    pub kind: FileKind,
    /// Its name: for people, and where it may say which symbol its prices are of.
    pub name: &'f str,
    /// What stands in it.
    pub bytes: &'f [u8],
    /// What is declared about it.
    pub options: &'f ImportOptions,
}

/// What is declared about a file; all but the order of its dates is about prices alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// The order of day and month; proved by the file where nothing is declared.
    pub date_order: Option<DateOrder>,
    /// Of which symbol the prices are, in a file that names none.
    pub symbol: Option<String>,
    /// What the closes are; the shape's own basis where nothing is declared.
    pub basis: Option<Basis>,
    /// Whether a close may be absurdly far from its neighbour.
    pub jumps: Jumps,
    /// The day as of which split-adjusted closes are adjusted; today where nothing is declared.
    pub adjusted_as_of: Option<Day>,
}

impl Default for ImportOptions {
    /// Nothing declared, and no jumps.
    fn default() -> Self {
        Self {
            date_order: None,
            symbol: None,
            basis: None,
            jumps: Jumps::Refused,
            adjusted_as_of: None,
        }
    }
}

/// Under what files are taken in.
#[derive(Debug, Clone, Copy)]
pub struct ImportContext<'t> {
    /// The configured calendar. What a change affects is looked up in the calendar in force in the
    /// database, and in this one only before the first run.
    pub calendar: &'t Calendar,
    /// The number of returns in the longest window of risk.
    pub window: usize,
    /// What time it is for the books.
    pub now: DateTime<Utc>,
}

/// Whether what a file changes is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Apply,
    /// All is tried and taken back, so that it can be said what would come of it.
    DryRun,
}

/// Takes a file in, all of it or nothing of it. A file whose rows are all known changes nothing.
pub fn import_file(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    terms: &ImportContext<'_>,
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
            let judge = |reading: &ReadTransaction<'_>| portfolios::validate(reading, &rows);
            commit(writer, file, terms, mode, judge, portfolios::apply)
        }
        FileKind::Securities => {
            let rows = read_securities(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| securities::validate(reading, &rows);
            commit(writer, file, terms, mode, judge, securities::apply)
        }
        FileKind::Actions => {
            let rows = read_actions(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| actions::validate(reading, &rows);
            commit(writer, file, terms, mode, judge, actions::apply)
        }
        FileKind::Transactions => {
            let rows = read_transactions(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| transactions::validate(reading, &rows);
            commit(writer, file, terms, mode, judge, transactions::apply)
        }
        FileKind::Prices => {
            let options = PriceOptions {
                symbol: file.options.symbol.clone(),
                basis: file.options.basis,
                date_order: order,
            };
            let rules = PriceRules {
                jumps,
                adjusted_as_of: (file.options.adjusted_as_of)
                    .unwrap_or_else(|| terms.calendar.today(terms.now)),
            };
            let rows = read_prices(file.name, file.bytes, &options)?;
            let judge = |reading: &ReadTransaction<'_>| prices::validate(reading, &rows, rules);
            let taken = commit(writer, file, terms, mode, judge, prices::apply)?;
            Ok(ImportResult {
                warning: rows.warning,
                ..taken
            })
        }
    }
}

/// Whether the same bytes were taken in before, as a file of the same kind.
pub fn was_imported(
    reading: &ReadTransaction<'_>,
    file: &SourceFile<'_>,
) -> Result<bool, StoreError> {
    reading.has_import(&digest(file.bytes), file.kind.name())
}

/// The SHA-256 of a file's bytes, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What ends the transaction of an intake without keeping it.
enum Rollback {
    /// It is not to be kept.
    NotKept(Box<ImportResult>),
    /// It could not be made.
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

/// What left the ledger.
pub(super) type InvalidatedCells = BTreeMap<(Day, Phase), IdSet>;

/// Judges and applies in one transaction. `apply` records the changes, and what they take out of
/// the ledger.
fn commit<C>(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    terms: &ImportContext<'_>,
    mode: Mode,
    judge: impl FnOnce(&ReadTransaction<'_>) -> Result<Validated<C>, StoreError>,
    apply: impl FnOnce(
        &WriteTransaction<'_>,
        &ImportContext<'_>,
        C,
    ) -> Result<InvalidatedCells, ApplyError>,
) -> Result<ImportResult, ApplyError> {
    let settled = writer.write(|writing| {
        let judged = judge(writing)?;
        let mut taken = Box::new(ImportResult {
            kind: file.kind,
            file: judged.file,
            verdicts: judged.verdicts,
            counts: judged.counts,
            warning: None,
            invalidated_cells: InvalidatedCells::new(),
            status: ImportStatus::Refused,
        });
        let Some(changes) = judged.changes else {
            return Err(Rollback::NotKept(taken));
        };
        if taken.counts.added + taken.counts.corrected > 0 {
            taken.invalidated_cells = apply(writing, terms, changes)?;
            writing.increment_revision()?;
        }
        record_import(writing, file, &taken, terms.now)?;
        match mode {
            Mode::Apply => {
                taken.status = ImportStatus::Applied;
                Ok(*taken)
            }
            Mode::DryRun => {
                taken.status = ImportStatus::DryRun;
                Err(Rollback::NotKept(taken))
            }
        }
    });
    match settled {
        Ok(taken) => Ok(taken),
        Err(Rollback::NotKept(taken)) => Ok(*taken),
        Err(Rollback::Failed(error)) => Err(error),
    }
}

/// Writes down that the file was taken in, once for the same bytes.
fn record_import(
    writing: &WriteTransaction<'_>,
    file: &SourceFile<'_>,
    taken: &ImportResult,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (digest, kind) = (digest(file.bytes), file.kind.name());
    if writing.has_import(&digest, kind)? {
        return Ok(());
    }
    writing.record_import(&ImportRecord {
        at: now,
        kind: kind.to_owned(),
        file: taken.file.clone(),
        digest,
        added: taken.counts.added as u64,
        unchanged: taken.counts.same as u64,
        corrected: taken.counts.corrected as u64,
    })
}
