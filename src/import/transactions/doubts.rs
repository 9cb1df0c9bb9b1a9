//! Finds transactions that are more often a mistake than meant: a day in the future, a sale of more
//! than the portfolio holds, a dividend that is taken back without having been paid, an amount that is
//! not quantity × price, cash in a currency without a rate.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::holdings::shortfalls;
use crate::domain::{
    AssetClass, Currency, HeldQuantity, Money, Portfolio, PortfolioId, Security, SecurityId,
    Transaction, TransactionEdit, TransactionKind, without_cancelled,
};
use crate::import::existing::ExistingRecords;
use crate::import::warning::Warning;

/// Smallest number of decimals in which a price counts as written.
const PRICE_DECIMALS: u32 = 2;

/// Returns the warnings about cash in currencies without any pair; `with_pairs` are those with one.
pub(super) fn without_rate(
    transaction: &Transaction,
    own: Currency,
    with_pairs: &BTreeSet<Currency>,
) -> Vec<Warning> {
    let foreign: BTreeSet<_> = transaction.foreign_currencies(own).collect();
    let unknown = foreign.difference(with_pairs).copied();
    unknown.map(Warning::NoRate).collect()
}

/// Returns the warning about an amount that differs from quantity × multiplier × price by more than
/// the rounding of both. An amount in another currency than the price is not compared.
pub(super) fn amount_differs(
    transaction: &Transaction,
    portfolio: &Portfolio,
    security: &Security,
) -> Option<Warning> {
    let (price, amount) = (transaction.price?, transaction.amount?);
    // A stated currency is that of both.
    if transaction.cash.currency.is_none() && portfolio.currency != security.currency {
        return None;
    }
    let quantity = transaction.quantity.decimal();
    let units = quantity.checked_mul(security.multiplier_on(transaction.day).decimal())?;
    let expected = units.checked_mul(price.decimal())?;
    // Half of the last decimal of the price for each unit, and one of the last decimal of the
    // amount: vendors round both.
    let price_scale = price.decimal().normalize().scale().max(PRICE_DECIMALS);
    let price_rounding = units.checked_mul(Decimal::new(5, price_scale + 1))?;
    let amount_rounding = Decimal::new(1, amount.decimal().normalize().scale());
    let tolerance = price_rounding.checked_add(amount_rounding)?;
    if (expected - amount.decimal()).abs() <= tolerance {
        return None;
    }
    Some(Warning::AmountDiffers {
        amount,
        expected: Money::rounded(expected).ok()?,
    })
}

/// Returns the warnings about sales and transfers that take more than is held after `edits`, by the
/// index of the edit that they are about, or that causes them. Left out are sales of portfolios that
/// were short before, and of securities that are sold short as a rule.
pub(super) fn opened_shorts(
    edits: &[TransactionEdit],
    known: &ExistingRecords,
) -> BTreeMap<usize, Vec<Warning>> {
    let replaced: BTreeSet<&str> = (edits.iter().filter_map(TransactionEdit::was))
        .map(|was| was.reference.as_str())
        .collect();
    let mut by_portfolio: BTreeMap<PortfolioId, Vec<&Transaction>> = BTreeMap::new();
    for state in edits.iter().flat_map(TransactionEdit::states) {
        by_portfolio.entry(state.portfolio).or_default();
    }
    for now in edits.iter().filter_map(TransactionEdit::now) {
        by_portfolio.entry(now.portfolio).or_default().push(now);
    }
    let after = |id: PortfolioId| -> Vec<&Transaction> {
        let stored = known.history(id).unwrap_or_default().iter();
        let kept = stored.filter(|stored| !replaced.contains(stored.reference.as_str()));
        let new = by_portfolio.get(&id).into_iter().flatten().copied();
        kept.chain(new).collect()
    };
    let mut warnings: BTreeMap<usize, Vec<Warning>> = BTreeMap::new();
    for portfolio in by_portfolio.keys().copied() {
        let stored = known.history(portfolio).unwrap_or_default();
        let before = |id| known.history(id).unwrap_or_default().iter().collect();
        let was_short = shortfalls(stored, known, before);
        for (reference, short) in shortfalls(after(portfolio), known, after) {
            let Some(security) = known.security_with_id(short.security) else {
                continue;
            };
            // Units from a spin-off or a merger are not among the transactions.
            if known.can_be_received(short.security) {
                continue;
            };
            let is_transfer = short.kind == TransactionKind::TransferOut;
            // A portfolio that was short before sells short on purpose; a transfer is never short.
            let is_meant = match is_transfer {
                true => was_short.contains_key(&reference),
                false => !was_short.is_empty() || !is_held_long(security.class_on(short.day)),
            };
            if is_meant {
                continue;
            }
            let symbol = security.symbol.clone();
            let (held, taken) = (short.held, short.taken);
            let its_own =
                |edit: &TransactionEdit| edit.now().is_some_and(|now| now.reference == reference);
            let moves_it = |edit: &TransactionEdit| {
                let mut states = edit.states();
                states.any(|state| {
                    (state.portfolio, state.security) == (portfolio, Some(short.security))
                })
            };
            let (index, warning) = match edits.iter().position(its_own) {
                Some(index) if is_transfer => (
                    index,
                    Warning::ExceedsHolding {
                        symbol,
                        held,
                        taken,
                    },
                ),
                Some(index) => (
                    index,
                    Warning::OpensShort {
                        symbol,
                        held,
                        taken,
                    },
                ),
                None => (
                    edits.iter().position(moves_it).unwrap_or_default(),
                    Warning::LeavesShort {
                        reference,
                        symbol,
                        held,
                        taken,
                    },
                ),
            };
            warnings.entry(index).or_default().push(warning);
        }
    }
    warnings
}

/// Returns the warnings about negative dividends of more than was paid, by the index of the edit.
/// A portfolio that is short pays the dividend, so it is not questioned.
pub(super) fn unpaid_reversals(
    edits: &[TransactionEdit],
    known: &ExistingRecords,
) -> Vec<(usize, Warning)> {
    let mut found = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let Some((reversal, amount, security)) = edit.now().and_then(reversed_dividend) else {
            continue;
        };
        let stored = known.history(reversal.portfolio).unwrap_or_default();
        let replaced = |stored: &&Transaction| {
            let mut edits = edits.iter().filter_map(TransactionEdit::was);
            !edits.any(|was| was.reference == stored.reference)
        };
        let new = edits.iter().filter_map(TransactionEdit::now);
        let new = new.filter(|now| now.portfolio == reversal.portfolio);
        let mut earlier: Vec<&Transaction> = stored
            .iter()
            .filter(replaced)
            .chain(new)
            .filter(|of| of.security == Some(security) && of.day <= reversal.day)
            .filter(|of| of.reference != reversal.reference)
            .collect();
        earlier.sort_by(|a, b| a.booking_order(b));
        let mut held = HeldQuantity::new(known.splits_of(security).copied());
        let mut paid = Money::ZERO;
        for of in without_cancelled(earlier, |of| of) {
            match of.kind {
                TransactionKind::Dividend => {
                    paid = (of.amount.and_then(|amount| paid.plus(amount))).unwrap_or(paid);
                }
                kind if kind.is_movement() => held.apply(of),
                _ => {}
            }
        }
        let is_short = held.on(reversal.day).is_negative();
        if !is_short && paid.plus(amount).is_some_and(Money::is_negative) {
            let symbol = known.symbol_of(security);
            found.push((
                index,
                Warning::ReversesUnpaid {
                    symbol,
                    paid,
                    amount,
                },
            ));
        }
    }
    found
}

/// Returns a negative dividend with its amount and security.
fn reversed_dividend(transaction: &Transaction) -> Option<(&Transaction, Money, SecurityId)> {
    let amount = transaction.amount.filter(|amount| amount.is_negative())?;
    let is_dividend = transaction.kind == TransactionKind::Dividend;
    let security = transaction.security.filter(|_| is_dividend)?;
    Some((transaction, amount, security))
}

/// Returns false for classes in which positions are opened by selling as often as by buying.
pub(crate) const fn is_held_long(class: AssetClass) -> bool {
    !matches!(
        class,
        AssetClass::Option | AssetClass::Future | AssetClass::Fx
    )
}
