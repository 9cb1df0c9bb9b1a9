//! Finds transactions that are more often a mistake than meant: a day in the future, a sale of more
//! than the portfolio holds, an amount that is not quantity × price.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::TransactionKind::{Sell, TransferOut};
use crate::domain::{
    AssetClass, Day, Money, Portfolio, PortfolioId, Quantity, Security, Transaction,
};
use crate::import::existing::ExistingRecords;
use crate::import::warning::Warning;

/// Smallest number of decimals in which a price counts as written.
const PRICE_DECIMALS: u32 = 2;

/// Returns the warning about a day in the future.
pub(super) fn future(day: Day, today: Day) -> Option<Warning> {
    (day > today).then_some(Warning::Future { day, today })
}

/// Returns the warning about an amount that differs from quantity × multiplier × price by more than
/// the rounding of both. An amount in another currency than the price is not compared.
pub(super) fn amount_differs(
    transaction: &Transaction,
    portfolio: &Portfolio,
    security: &Security,
) -> Option<Warning> {
    let (price, amount) = (transaction.price?, transaction.amount?);
    if portfolio.currency != security.currency {
        return None;
    }
    let quantity = transaction.quantity.decimal();
    let units = quantity.checked_mul(security.multiplier.decimal())?;
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

/// Returns the sales and transfers of `added` that take more than is held, by their index. Left out
/// are portfolios that were short before, and securities that are sold short as a rule.
pub(super) fn opened_shorts(
    added: &[Transaction],
    known: &ExistingRecords,
) -> BTreeMap<usize, Warning> {
    let mut moved: BTreeMap<_, Vec<(&Transaction, Option<usize>)>> = BTreeMap::new();
    let sellers: BTreeSet<PortfolioId> = added
        .iter()
        .filter(|transaction| matches!(transaction.kind, Sell | TransferOut))
        .map(|transaction| transaction.portfolio)
        .collect();
    let histories = sellers.iter().filter_map(|seller| known.history(*seller));
    let stored = histories.flatten().map(|transaction| (transaction, None));
    let new = added
        .iter()
        .enumerate()
        .map(|(index, added)| (added, Some(index)));
    for (transaction, index) in stored.chain(new) {
        if let Some(security) = transaction.security
            && transaction.kind.is_movement()
            && sellers.contains(&transaction.portfolio)
        {
            let key = (transaction.portfolio, security);
            moved.entry(key).or_default().push((transaction, index));
        }
    }
    let mut short_before = BTreeSet::new();
    let mut opened: Vec<(PortfolioId, usize, Warning)> = Vec::new();
    for ((portfolio, security), mut movements) in moved {
        // On one day, what comes in is there before what goes out.
        movements.sort_by_key(|(movement, _)| (movement.day, is_taken(movement)));
        let Some(security) = known.security_with_id(security) else {
            continue;
        };
        let mut held = Decimal::ZERO;
        let mut splits = known.splits_of(security.id).peekable();
        for (movement, index) in movements {
            while let Some(split) = splits.next_if(|split| split.day <= movement.day) {
                held = held * Decimal::from(split.new) / Decimal::from(split.old);
            }
            let before = held;
            let quantity = movement.quantity.decimal();
            held += if is_taken(movement) {
                -quantity
            } else {
                quantity
            };
            if held >= Decimal::ZERO || before < Decimal::ZERO {
                continue;
            }
            match index {
                None => {
                    short_before.insert(portfolio);
                }
                Some(index) if is_held_long(security.class) => {
                    let warning = Warning::OpensShort {
                        symbol: security.symbol.clone(),
                        held: Quantity::rounded(before).unwrap_or_default(),
                        taken: movement.quantity,
                    };
                    opened.push((portfolio, index, warning));
                }
                Some(_) => {}
            }
        }
    }
    let meant = |portfolio: &PortfolioId| short_before.contains(portfolio);
    let opened = opened
        .into_iter()
        .filter(|(portfolio, ..)| !meant(portfolio));
    opened.map(|(_, index, warning)| (index, warning)).collect()
}

const fn is_taken(transaction: &Transaction) -> bool {
    matches!(transaction.kind, Sell | TransferOut)
}

/// Returns false for classes in which positions are opened by selling as often as by buying.
const fn is_held_long(class: AssetClass) -> bool {
    !matches!(
        class,
        AssetClass::Option | AssetClass::Future | AssetClass::Fx
    )
}
