//! Voids transactions and deletes closes: takes sources back, keeps what they were, and invalidates
//! the cells that used them, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::context::ImportContext;
use super::records::existing_securities;
use super::transactions::{apply_edits, with_histories};
use crate::domain::{
    ActionName, Attribution, Day, DayRange, PhaseCells, Price, Quantity, RecordedEdit, Security,
    Transaction, TransactionEdit, TransactionKind, count_cell_phases, nearest,
};
use crate::import::existing::ExistingRecords;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::transactions::{Shortfall, is_held_long, missing_references, shortfalls};
use crate::import::warning::Warning;
use crate::invalidation::{forget_failures, invalidate_deleted_closes};
use crate::store::{StoreError, WriteTransaction, Writer};

/// The corporate action that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionToDelete {
    /// The symbol of the security that is held.
    pub symbol: String,
    /// The first day on which the action counts.
    pub day: Day,
    /// The kind of the action.
    pub kind: ActionName,
    /// The symbol of the security received, of several actions with the other keys.
    pub received: Option<String>,
}

/// Error that refuses to take sources back. Nothing is changed then.
#[derive(Debug, Error)]
pub enum WithdrawError {
    /// No transaction has the id.
    #[error("no transaction has the id `{0}`")]
    UnknownTransaction(String),
    /// The transaction is voided already.
    #[error("transaction `{reference}` is already voided, by {}: {}", attribution.by, attribution.reason)]
    AlreadyVoided {
        /// The id of the transaction.
        reference: String,
        /// Who voided it, and why.
        attribution: Attribution,
    },
    /// A transfer would take more than is then held, which no books can have.
    #[error("transaction `{reference}` would then transfer out {taken} {symbol} of {held} held")]
    TransferExceedsHolding {
        /// The id of the transfer.
        reference: String,
        /// The symbol of the security.
        symbol: String,
        /// The quantity held before it.
        held: Quantity,
        /// The quantity that it takes.
        taken: Quantity,
    },
    /// There is no such corporate action.
    #[error("{} has no {} on {}{}", .0.symbol, .0.kind, .0.day, received(.0))]
    NoAction(ActionToDelete),
    /// Several corporate actions differ only in the security received.
    #[error("{} has several of kind {} on {}", .0.symbol, .0.kind, .0.day)]
    SeveralActions(ActionToDelete),
    /// Another security has the symbol that would come back.
    #[error(transparent)]
    Symbol(#[from] RowErrorKind),
    /// No security has the symbol.
    #[error("no security has the symbol `{symbol}`")]
    UnknownSymbol {
        /// The symbol as it was typed.
        symbol: String,
        /// The most similar known symbol, if one is similar.
        nearest: Option<String>,
    },
    /// The security has no close in the range.
    #[error("{symbol} has no close on {days}")]
    NoCloses {
        /// The symbol of the security.
        symbol: String,
        /// The range of days.
        days: DayRange,
    },
    /// The store failed to read or write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn received(action: &ActionToDelete) -> String {
    let symbol = action.received.as_ref();
    symbol.map_or_else(String::new, |symbol| format!(" with {symbol} received"))
}

/// The transactions that were voided.
#[derive(Debug, Clone, PartialEq)]
pub struct VoidedTransactions {
    /// The transactions as they were, in the order of the request.
    pub transactions: Vec<Transaction>,
    /// Sales that take more than is then held, transfers without the other side, and chosen lots that
    /// nothing opens any more.
    pub warnings: Vec<Warning>,
    /// Ids removed from the ledger.
    pub invalidated_cells: PhaseCells,
}

/// The closes that were deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletedCloses {
    /// The closes as they were, by day.
    pub closes: Vec<(Day, Price)>,
    /// Ids removed from the ledger.
    pub invalidated_cells: PhaseCells,
}

impl VoidedTransactions {
    /// Returns the number of phases removed from the ledger, summed over cells.
    pub fn invalidated_count(&self) -> u64 {
        count_cell_phases(&self.invalidated_cells)
    }
}

impl DeletedCloses {
    /// Returns the number of phases removed from the ledger, summed over cells.
    pub fn invalidated_count(&self) -> u64 {
        count_cell_phases(&self.invalidated_cells)
    }
}

/// Voids the transactions with these ids, all or none. The books then equal those that never knew
/// them.
///
/// # Errors
///
/// Fails if an id is unknown or voided already, if a transfer would take more than is then held, or
/// if the store fails.
pub fn void_transactions(
    writer: &mut Writer,
    references: &[String],
    attribution: &Attribution,
    context: &ImportContext<'_>,
) -> Result<VoidedTransactions, WithdrawError> {
    writer.write(|writing| {
        let mut transactions: Vec<Transaction> = Vec::new();
        for reference in references {
            let is_repeated = |known: &Transaction| known.reference == *reference;
            if !transactions.iter().any(is_repeated) {
                transactions.push(find_transaction(writing, reference)?);
            }
        }
        let edits: Vec<_> = transactions
            .iter()
            .cloned()
            .map(TransactionEdit::Voided)
            .collect();
        let warnings = check_holdings(writing, &transactions, &edits)?;
        let invalidated_cells = apply_edits(writing, context, &edits, attribution)?;
        // A run that planned with the old sources notices the new revision.
        writing.increment_revision()?;
        Ok(VoidedTransactions {
            transactions,
            warnings,
            invalidated_cells,
        })
    })
}

fn find_transaction(
    writing: &WriteTransaction<'_>,
    reference: &str,
) -> Result<Transaction, WithdrawError> {
    if let Some(known) = writing.entries().with_reference(reference)? {
        return Ok(known);
    }
    Err(match writing.transaction_changes().last(reference)? {
        Some(change) if change.kind == RecordedEdit::Voided => WithdrawError::AlreadyVoided {
            reference: reference.to_owned(),
            attribution: change.attribution,
        },
        _ => WithdrawError::UnknownTransaction(reference.to_owned()),
    })
}

/// Refuses to void transactions without which a transfer takes more than is held, and returns
/// warnings about sales that then open a short position, and about transactions that refer to them.
fn check_holdings(
    writing: &WriteTransaction<'_>,
    voided: &[Transaction],
    edits: &[TransactionEdit],
) -> Result<Vec<Warning>, WithdrawError> {
    let portfolios: BTreeSet<_> = voided.iter().map(|voided| voided.portfolio).collect();
    let known = existing_securities(writing)?.with_portfolios(writing.portfolios().all()?);
    let mut concerned = portfolios.clone();
    concerned.extend(voided.iter().filter_map(|voided| voided.counterpart));
    let known = with_histories(writing, known, concerned, BTreeSet::new())?;
    let is_kept = |stored: &&Transaction| {
        let mut voided = voided.iter();
        !voided.any(|voided| voided.reference == stored.reference)
    };
    let mut warnings = Vec::new();
    for portfolio in portfolios {
        let stored = known.history(portfolio).unwrap_or_default();
        let all = |id| known.history(id).unwrap_or_default().iter();
        let before = shortfalls(stored, &known, |id| all(id).collect());
        let kept = |id| all(id).filter(is_kept).collect();
        let mut after = shortfalls(stored.iter().filter(is_kept), &known, kept);
        // Units from a spin-off or a merger are not among the transactions.
        after.retain(|_, short| !known.can_be_received(short.security));
        warnings.extend(check_shortfalls(&before, after, &known)?);
    }
    warnings.extend(missing_references(edits, &known).into_values().flatten());
    Ok(warnings)
}

/// Refuses a transfer of one portfolio that takes more than is held after a change and did not before
/// it, and returns warnings about sales that open a short position so. Each side has the shortfalls by
/// reference.
pub(super) fn check_shortfalls(
    before: &BTreeMap<String, Shortfall>,
    after: BTreeMap<String, Shortfall>,
    known: &ExistingRecords,
) -> Result<Vec<Warning>, WithdrawError> {
    let mut warnings = Vec::new();
    for (reference, short) in after {
        if before.contains_key(&reference) {
            continue;
        }
        let symbol = known.symbol_of(short.security);
        let (held, taken) = (short.held, short.taken);
        if short.kind == TransactionKind::TransferOut {
            return Err(WithdrawError::TransferExceedsHolding {
                reference,
                symbol,
                held,
                taken,
            });
        }
        let security = known.security_with_id(short.security);
        if security.is_some_and(|security| is_held_long(security.class_on(short.day))) {
            warnings.push(Warning::LeavesShort {
                reference,
                symbol,
                held,
                taken,
            });
        }
    }
    Ok(warnings)
}

/// Deletes the closes of a security on the days of a range.
///
/// # Errors
///
/// Fails if the symbol is unknown, if it has no close there, or if the store fails.
pub fn delete_closes(
    writer: &mut Writer,
    symbol: &str,
    days: DayRange,
    attribution: &Attribution,
    context: &ImportContext<'_>,
) -> Result<DeletedCloses, WithdrawError> {
    writer.write(|writing| {
        let securities = writing.securities().all()?;
        let symbols = securities.iter().map(|security| security.symbol.as_str());
        let unknown = || WithdrawError::UnknownSymbol {
            symbol: symbol.to_owned(),
            nearest: nearest(symbol, symbols),
        };
        let named = Security::with_symbol(&securities, symbol).ok_or_else(unknown)?;
        let mut deleted = DeletedCloses {
            closes: Vec::new(),
            invalidated_cells: PhaseCells::new(),
        };
        let bearers = securities.iter();
        for bearer in bearers.filter(|known| known.all_symbols().any(|own| own == symbol)) {
            let mut closes = writing.closes().of_security(bearer.id, days)?;
            // On other days the symbol is that of another security, or of none.
            closes.retain(|(day, _)| {
                let on = Security::with_symbol_on(&securities, symbol, *day);
                on.is_some_and(|on| on.id == bearer.id)
            });
            let Some((first, _)) = closes.first() else {
                continue;
            };
            let store = writing.closes();
            store.delete(bearer.id, &closes, attribution, context.now)?;
            forget_failures(writing, |failed| failed.of_security(bearer.id, *first))?;
            let days = closes.iter().map(|(day, _)| *day).collect();
            let cells = invalidate_deleted_closes(
                writing,
                context.calendar,
                bearer.id,
                &days,
                context.now,
            )?;
            for (at, ids) in cells {
                *deleted.invalidated_cells.entry(at).or_default() |= ids;
            }
            deleted.closes.append(&mut closes);
        }
        if deleted.closes.is_empty() {
            return Err(no_closes(writing, named, symbol, days)?);
        }
        // One security had the symbol after the other.
        deleted.closes.sort_by_key(|(day, _)| *day);
        writing.increment_revision()?;
        Ok(deleted)
    })
}

/// Returns the reason that a symbol has no close on any day of a range: `security`, which it names
/// without a day, has none there, or is called otherwise then.
fn no_closes(
    writing: &WriteTransaction<'_>,
    security: &Security,
    symbol: &str,
    days: DayRange,
) -> Result<WithdrawError, StoreError> {
    let closes = writing.closes().of_security(security.id, days)?;
    Ok(match closes.first() {
        Some((day, _)) => WithdrawError::Symbol(RowErrorKind::SymbolOfOtherDay {
            symbol: symbol.to_owned(),
            day: *day,
            then: security.symbol_on(*day).to_owned(),
        }),
        None => WithdrawError::NoCloses {
            symbol: symbol.to_owned(),
            days,
        },
    })
}
