//! The transactions that a file lists itself.

use super::error::{TransactionFault, WorldError};
use super::instruments::Instruments;
use super::lenient::Lenient;
use super::resolver::PortfolioResolver;
use super::spec::TransactionSpec;
use super::state::WorldPortfolio;
use crate::domain::{Money, Quantity, Transaction, TransactionKind};

/// The transactions in the file's order; one that names a range of portfolios is one of each.
pub(super) fn resolve_transactions(
    written: Vec<TransactionSpec>,
    portfolios: &[WorldPortfolio],
    listed: &Instruments,
) -> Result<Vec<Transaction>, WorldError> {
    let who = PortfolioResolver::new(portfolios);
    let mut transactions = Vec::new();
    for (place, one) in (1..).zip(&written) {
        find_fault(one).map_or(Ok(()), |fault| {
            Err(WorldError::Transaction { place, fault })
        })?;
        let security = one
            .symbol
            .as_deref()
            .map(|symbol| listed.id(symbol))
            .transpose()?;
        let meant = who.resolve(&one.portfolio)?;
        for (name, member) in &meant {
            let reference = match (&one.reference, meant.as_slice()) {
                (Some(reference), [_]) => reference.clone(),
                (Some(reference), _) => format!("{reference}/{name}"),
                (None, _) => format!("world/{place:04}/{name}"),
            };
            transactions.push(Transaction {
                portfolio: member.portfolio.id,
                day: one.day,
                kind: one.kind.0,
                security,
                quantity: one
                    .quantity
                    .as_ref()
                    .map_or(Quantity::ZERO, |Lenient(quantity)| *quantity),
                price: one.price.as_ref().map(|Lenient(price)| *price),
                amount: one.amount.as_ref().map(|Lenient(amount)| *amount),
                fee: one.fee.as_ref().map_or(Money::ZERO, |Lenient(fee)| *fee),
                reference,
            });
        }
    }
    Ok(transactions)
}

/// What a transaction lacks, if anything: what the rules of its kind ask for.
fn find_fault(written: &TransactionSpec) -> Option<TransactionFault> {
    let Lenient(kind) = written.kind;
    let amount = written.amount.as_ref().map(|Lenient(amount)| *amount);
    let quantity = written.quantity.as_ref().map(|Lenient(quantity)| *quantity);
    if amount.is_some_and(Money::is_negative) && kind != TransactionKind::Interest {
        return Some(TransactionFault::NegativeAmount);
    }
    if !kind.is_movement() {
        return amount.is_none().then_some(TransactionFault::NoAmount);
    }
    if written.symbol.is_none() {
        return Some(TransactionFault::NoSecurity);
    }
    let moved = quantity.is_some_and(|quantity| quantity > Quantity::ZERO);
    (!moved).then_some(TransactionFault::NoQuantity)
}
