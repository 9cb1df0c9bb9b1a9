//! One file, from its bytes to what was taken of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::taken::{Ending, FileKind, Taken};
use super::{IntakeError, actions, portfolios, prices, securities, transactions};
use crate::domain::{Calendar, Day, IdSet, Phase};
use crate::import::{
    Basis, DateOrder, Judged, Jumps, PriceOptions, PriceRules, read_actions, read_portfolios,
    read_prices, read_securities, read_transactions,
};
use crate::store::{Intake, ReadTransaction, StoreError, WriteTransaction, Writer};

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
    pub declared: &'f Declared,
}

/// What is declared about a file; all but the order of its dates is about prices alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The order of day and month; proved by the file where nothing is declared.
    pub order: Option<DateOrder>,
    /// Of which symbol the prices are, in a file that names none.
    pub symbol: Option<String>,
    /// What the closes are; the shape's own basis where nothing is declared.
    pub basis: Option<Basis>,
    /// Whether a close may be absurdly far from its neighbour.
    pub jumps: Jumps,
    /// The day as of which split-adjusted closes are adjusted; today where nothing is declared.
    pub adjusted_as_of: Option<Day>,
}

impl Default for Declared {
    /// Nothing declared, and no jumps.
    fn default() -> Self {
        Self {
            order: None,
            symbol: None,
            basis: None,
            jumps: Jumps::Refused,
            adjusted_as_of: None,
        }
    }
}

/// Under what files are taken in.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'t> {
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
pub fn take_in(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    terms: &Terms<'_>,
    mode: Mode,
) -> Result<Taken, IntakeError> {
    let Declared { order, jumps, .. } = *file.declared;
    match file.kind {
        FileKind::Portfolios => {
            let rows = read_portfolios(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| portfolios::judge(reading, &rows);
            settle(writer, file, terms, mode, judge, portfolios::apply)
        }
        FileKind::Securities => {
            let rows = read_securities(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| securities::judge(reading, &rows);
            settle(writer, file, terms, mode, judge, securities::apply)
        }
        FileKind::Actions => {
            let rows = read_actions(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| actions::judge(reading, &rows);
            settle(writer, file, terms, mode, judge, actions::apply)
        }
        FileKind::Transactions => {
            let rows = read_transactions(file.name, file.bytes, order)?;
            let judge = |reading: &ReadTransaction<'_>| transactions::judge(reading, &rows);
            settle(writer, file, terms, mode, judge, transactions::apply)
        }
        FileKind::Prices => {
            let options = PriceOptions {
                symbol: file.declared.symbol.clone(),
                basis: file.declared.basis,
                order,
            };
            let rules = PriceRules {
                jumps,
                adjusted_as_of: (file.declared.adjusted_as_of)
                    .unwrap_or_else(|| terms.calendar.today(terms.now)),
            };
            let rows = read_prices(file.name, file.bytes, &options)?;
            let judge = |reading: &ReadTransaction<'_>| prices::judge(reading, &rows, rules);
            let taken = settle(writer, file, terms, mode, judge, prices::apply)?;
            Ok(Taken {
                caution: rows.caution,
                ..taken
            })
        }
    }
}

/// Whether the same bytes were taken in before, as a file of the same kind.
pub fn is_known(reading: &ReadTransaction<'_>, file: &SourceFile<'_>) -> Result<bool, StoreError> {
    reading.knows_intake(&digest(file.bytes), file.kind.name())
}

/// The SHA-256 of a file's bytes, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What ends the transaction of an intake without keeping it.
enum TakenBack {
    /// It is not to be kept.
    Taken(Box<Taken>),
    /// It could not be made.
    Failed(IntakeError),
}

impl From<IntakeError> for TakenBack {
    fn from(error: IntakeError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for TakenBack {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What left the ledger.
pub(super) type TakenOut = BTreeMap<(Day, Phase), IdSet>;

/// Judges and applies in one transaction. `apply` records the changes, and what they take out of
/// the ledger.
fn settle<C>(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    terms: &Terms<'_>,
    mode: Mode,
    judge: impl FnOnce(&ReadTransaction<'_>) -> Result<Judged<C>, StoreError>,
    apply: impl FnOnce(&WriteTransaction<'_>, &Terms<'_>, C) -> Result<TakenOut, IntakeError>,
) -> Result<Taken, IntakeError> {
    let settled = writer.write(|writing| {
        let judged = judge(writing)?;
        let mut taken = Box::new(Taken {
            kind: file.kind,
            file: judged.file,
            verdicts: judged.verdicts,
            counts: judged.counts,
            caution: None,
            taken_out: TakenOut::new(),
            ending: Ending::Refused,
        });
        let Some(changes) = judged.changes else {
            return Err(TakenBack::Taken(taken));
        };
        if taken.counts.added + taken.counts.corrected > 0 {
            taken.taken_out = apply(writing, terms, changes)?;
            writing.increment_revision()?;
        }
        record(writing, file, &taken, terms.now)?;
        match mode {
            Mode::Apply => {
                taken.ending = Ending::Applied;
                Ok(*taken)
            }
            Mode::DryRun => {
                taken.ending = Ending::DryRun;
                Err(TakenBack::Taken(taken))
            }
        }
    });
    match settled {
        Ok(taken) => Ok(taken),
        Err(TakenBack::Taken(taken)) => Ok(*taken),
        Err(TakenBack::Failed(error)) => Err(error),
    }
}

/// Writes down that the file was taken in, once for the same bytes.
fn record(
    writing: &WriteTransaction<'_>,
    file: &SourceFile<'_>,
    taken: &Taken,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (digest, kind) = (digest(file.bytes), file.kind.name());
    if writing.knows_intake(&digest, kind)? {
        return Ok(());
    }
    writing.record_intake(&Intake {
        at: now,
        kind: kind.to_owned(),
        file: taken.file.clone(),
        digest,
        added: taken.counts.added as u64,
        same: taken.counts.same as u64,
        corrected: taken.counts.corrected as u64,
    })
}
