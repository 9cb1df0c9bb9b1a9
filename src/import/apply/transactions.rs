//! Reads the records that transactions are validated against, and writes their changes with the
//! history that is kept of corrected and voided ones.

use std::collections::{BTreeMap, BTreeSet};

use super::context::ImportContext;
use super::records::existing_securities;
use crate::domain::{
    Attribution, Correction, ExchangeRate, Money, PhaseCells, PortfolioId, RecordedEdit, Security,
    Transaction, TransactionChange, TransactionEdit, TransactionKind,
};
use crate::import::existing::ExistingRecords;
use crate::import::options::Corrections;
use crate::import::row_reader::Rows;
use crate::import::transactions::{TransactionChanges, TransactionRow, is_large};
use crate::invalidation::{forget_failures, invalidate_transactions};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Returns all portfolios and securities, the transactions whose ids are in the file, and all
/// transactions of the portfolios that sell, transfer out or reverse a dividend in it, or have
/// corrected transactions.
pub(super) fn existing_transactions(
    reading: &ReadTransaction<'_>,
    rows: &Rows<TransactionRow>,
    corrections: &Corrections,
) -> Result<ExistingRecords, StoreError> {
    let has_changes = !reading.transaction_changes().is_empty()?;
    let (mut entries, mut voided) = (Vec::new(), Vec::new());
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        match reading.entries().with_reference(&row.id)? {
            Some(entry) => entries.push(entry),
            None if has_changes => voided.extend(reading.transaction_changes().last(&row.id)?),
            None => {}
        }
    }
    let known = existing_securities(reading)?.with_portfolios(reading.portfolios().all()?);
    let mut concerned: BTreeSet<PortfolioId> = BTreeSet::new();
    let mut moved = BTreeSet::new();
    let is_correction = matches!(corrections, Corrections::By(_));
    if is_correction {
        concerned.extend(entries.iter().map(|entry| entry.portfolio));
        concerned.extend(entries.iter().filter_map(|entry| entry.counterpart));
    }
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        let symbol = row.symbol.as_deref();
        let bearers = symbol.into_iter().flat_map(|symbol| known.bearers(symbol));
        let bearers: Vec<_> = bearers.collect();
        moved.extend(bearers.iter().map(|security| security.id));
        // Unknown and ambiguous names are refused by the validation.
        if let Some(portfolio) = known.resolve_portfolio(&row.portfolio).ok().flatten()
            && (is_correction || depends_on_history(row, &bearers))
        {
            concerned.insert(portfolio.id);
            let counterpart = row.counterpart.as_deref();
            let counterpart = counterpart.and_then(|name| known.resolve_portfolio(name).ok()?);
            concerned.extend(counterpart.map(|counterpart| counterpart.id));
        }
    }
    let known = with_histories(reading, known, concerned, moved)?;
    Ok(known.with_transactions(entries).with_voided(voided))
}

/// Adds all transactions of these portfolios and of those whose lots they carry, with the splits of
/// their securities and of `moved`.
pub(super) fn with_histories(
    reading: &ReadTransaction<'_>,
    known: ExistingRecords,
    portfolios: BTreeSet<PortfolioId>,
    mut moved: BTreeSet<crate::domain::SecurityId>,
) -> Result<ExistingRecords, StoreError> {
    let mut histories: BTreeMap<PortfolioId, Vec<Transaction>> = BTreeMap::new();
    let mut wanted: Vec<_> = portfolios.into_iter().collect();
    while let Some(portfolio) = wanted.pop() {
        if histories.contains_key(&portfolio) {
            continue;
        }
        let history = reading.entries().of_portfolio(portfolio)?;
        moved.extend(history.iter().filter_map(|entry| entry.security));
        // The lots that transfers carry follow from the transactions of the giver.
        let carrying = history.iter().filter(|entry| entry.carries_lots_in());
        wanted.extend(carrying.filter_map(|entry| entry.counterpart));
        histories.insert(portfolio, history);
    }
    if histories.is_empty() {
        return Ok(known);
    }
    let mut splits = Vec::new();
    for security in moved {
        splits.extend(reading.splits().recorded_of(security)?);
    }
    let actions = reading.corporate_actions().all()?;
    let known = known.with_recorded_splits(splits).with_actions(actions);
    Ok(known.with_histories(histories))
}

/// Returns whether the doubts about a row depend on the portfolio's other transactions. `bearers` are
/// the securities with the row's symbol.
fn depends_on_history(row: &TransactionRow, bearers: &[&Security]) -> bool {
    match row.kind {
        TransactionKind::Sell | TransactionKind::TransferOut => true,
        TransactionKind::TransferIn => row.counterpart.is_some(),
        TransactionKind::Dividend if row.amount.is_some_and(|amount| amount.is_negative()) => true,
        _ => {
            let amounts = [row.amount, row.cash.from_amount, Some(row.fee)];
            let values = bearers.iter().filter_map(|security| {
                let (quantity, multiplier) = (row.quantity, security.multiplier_on(row.day));
                let value = (row.price?).converted_value(quantity, multiplier, ExchangeRate::ONE);
                Some(value.unwrap_or(Money::MAX))
            });
            is_large(amounts.into_iter().flatten().chain(values), row.quantity)
        }
    }
}

/// Adds and corrects transactions. `attribution` is recorded with corrections.
pub(super) fn apply_transactions(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: &TransactionChanges,
    attribution: &Attribution,
) -> Result<PhaseCells, StoreError> {
    for reference in &changes.restored {
        record(
            writing,
            context,
            RecordedEdit::Restored,
            reference,
            None,
            attribution,
        )?;
    }
    apply_edits(writing, context, &changes.edits, attribution)
}

/// Writes changes of transactions, records what they replace, and invalidates the cells that they
/// affect.
pub(super) fn apply_edits(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    edits: &[TransactionEdit],
    attribution: &Attribution,
) -> Result<PhaseCells, StoreError> {
    for edit in edits {
        match edit {
            TransactionEdit::Added(added) => {
                writing.entries().add(std::slice::from_ref(added))?;
            }
            TransactionEdit::Corrected(Correction { was, now }) => {
                let kind = RecordedEdit::Corrected;
                record(
                    writing,
                    context,
                    kind,
                    &was.reference,
                    Some(was),
                    attribution,
                )?;
                writing.entries().replace(now)?;
            }
            TransactionEdit::Voided(was) => {
                let kind = RecordedEdit::Voided;
                record(
                    writing,
                    context,
                    kind,
                    &was.reference,
                    Some(was),
                    attribution,
                )?;
                writing.entries().remove(&was.reference)?;
            }
        }
    }
    let touched = || edits.iter().flat_map(TransactionEdit::states);
    forget_failures(writing, |failed| {
        failed.of_portfolios(touched().map(|touched| (touched.portfolio, touched.day)));
        if writing.entries().has_counterparts()? {
            // A movement can be the missing part of a transfer, or decide the lots of one.
            for touched in touched().filter(|touched| touched.kind.is_movement()) {
                if let Some(security) = touched.security {
                    failed.of_security(security, touched.day)?;
                }
            }
        }
        Ok(())
    })?;
    invalidate_transactions(writing, context.calendar, edits, context.now)
}

fn record(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    kind: RecordedEdit,
    reference: &str,
    was: Option<&Transaction>,
    attribution: &Attribution,
) -> Result<(), StoreError> {
    writing.transaction_changes().record(&TransactionChange {
        reference: reference.to_owned(),
        kind,
        at: context.now,
        attribution: attribution.clone(),
        was: was.cloned(),
    })
}
