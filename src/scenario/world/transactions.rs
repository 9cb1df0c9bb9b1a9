//! Resolves the transactions that a file lists.

use super::error::{TransactionFault, WorldError};
use super::instruments::Instruments;
use super::resolver::PortfolioResolver;
use super::spec::TransactionSpec;
use super::state::WorldPortfolio;
use crate::domain::{Money, Quantity, Transaction, TransactionKind};

/// Resolves transactions in the order of the file. One of a range of portfolios becomes one for
/// each.
pub(super) fn resolve_transactions(
    specs: Vec<TransactionSpec>,
    portfolios: &[WorldPortfolio],
    listed: &Instruments,
) -> Result<Vec<Transaction>, WorldError> {
    let resolver = PortfolioResolver::new(portfolios);
    let mut transactions = Vec::new();
    for (place, spec) in (1..).zip(&specs) {
        find_fault(spec).map_or(Ok(()), |fault| {
            Err(WorldError::Transaction { place, fault })
        })?;
        let security = spec
            .symbol
            .as_deref()
            .map(|symbol| listed.id(symbol))
            .transpose()?;
        let members = resolver.resolve(&spec.portfolio)?;
        for (name, member) in &members {
            // References are unique: those of a range get the name of each portfolio.
            let reference = match (&spec.reference, members.as_slice()) {
                (Some(reference), [_]) => reference.clone(),
                (Some(reference), _) => format!("{reference}/{name}"),
                (None, _) => format!("world/{place:04}/{name}"),
            };
            transactions.push(Transaction {
                portfolio: member.portfolio.id,
                day: spec.day,
                kind: spec.kind.0,
                security,
                quantity: spec.quantity.map_or(Quantity::ZERO, |units| units.0),
                price: spec.price.map(|price| price.0),
                amount: spec.amount.map(|amount| amount.0),
                fee: spec.fee.map_or(Money::ZERO, |fee| fee.0),
                reference,
            });
        }
    }
    Ok(transactions)
}

/// Returns the first rule of its kind that a transaction breaks.
fn find_fault(spec: &TransactionSpec) -> Option<TransactionFault> {
    let kind = spec.kind.0;
    let amount = spec.amount.map(|amount| amount.0);
    let quantity = spec.quantity.map(|quantity| quantity.0);
    if amount.is_some_and(Money::is_negative) && kind != TransactionKind::Interest {
        return Some(TransactionFault::NegativeAmount);
    }
    if !kind.is_movement() {
        return amount.is_none().then_some(TransactionFault::NoAmount);
    }
    if spec.symbol.is_none() {
        return Some(TransactionFault::NoSecurity);
    }
    let moved = quantity.is_some_and(|quantity| quantity > Quantity::ZERO);
    (!moved).then_some(TransactionFault::NoQuantity)
}
