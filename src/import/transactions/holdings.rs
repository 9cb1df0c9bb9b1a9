//! Finds the transactions that take more than is held.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    CarriedLot, Day, HeldQuantity, LotEffect, LotMethod, MovementRef, PortfolioId, Quantity,
    SecurityId, Transaction, TransactionKind, equal_transfer_out, without_cancelled,
};
use crate::import::existing::ExistingRecords;

/// A sale or transfer that takes more than is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// The kind: a sale opens a short position, and a transfer cannot be booked.
    pub(crate) kind: TransactionKind,
    /// The day of the transaction.
    pub(crate) day: Day,
    /// The security that is taken.
    pub(crate) security: SecurityId,
    /// The quantity held before.
    pub(crate) held: Quantity,
    /// The quantity that is taken.
    pub(crate) taken: Quantity,
}

/// Returns the sales of one portfolio that open a short position, and the transfers of more than is
/// held, by reference. `known` must hold the splits of the securities; `history_of` returns the
/// transactions of a portfolio from which transfers carry lots.
pub(crate) fn shortfalls<'m>(
    movements: impl IntoIterator<Item = impl Into<MovementRef<'m>>>,
    known: &ExistingRecords,
    history_of: impl Fn(PortfolioId) -> Vec<&'m Transaction>,
) -> BTreeMap<String, Shortfall> {
    let carried = CarriedLots {
        known,
        history_of: &history_of,
        found: RefCell::default(),
    };
    let mut by_security: BTreeMap<SecurityId, Vec<MovementRef<'m>>> = BTreeMap::new();
    for movement in movements.into_iter().map(Into::into) {
        if let Some(security) = movement.transaction.security
            && movement.transaction.kind.is_movement()
        {
            by_security.entry(security).or_default().push(movement);
        }
    }
    let mut found = BTreeMap::new();
    for (security, mut movements) in by_security {
        movements.sort_by(MovementRef::booking_order);
        let portfolio = movements
            .first()
            .map(|movement| movement.transaction.portfolio);
        let method = portfolio.and_then(|id| known.portfolio_with_id(id));
        let method = method.map_or_else(LotMethod::default, |known| known.cost_basis.method);
        let splits = known.splits_of(security).copied();
        let mut held = HeldQuantity::new(splits).with_method(method);
        let movements = without_cancelled(movements, |movement| movement.transaction);
        let effects = carried.effects(&movements, &mut BTreeSet::new());
        for (movement, effect) in movements.iter().zip(&effects) {
            let taking = movement.transaction;
            let movement = effect
                .as_ref()
                .map_or(*movement, |effect| movement.carrying(effect));
            let before = held.on(taking.day);
            held.apply(movement);
            let exceeds = held.quantity().is_negative()
                && (!before.is_negative() || taking.kind == TransactionKind::TransferOut);
            if exceeds && taking.takes_units() {
                let shortfall = Shortfall {
                    kind: taking.kind,
                    day: taking.day,
                    security,
                    held: before,
                    taken: taking.quantity,
                };
                found.insert(taking.reference.clone(), shortfall);
            }
        }
    }
    found
}

/// Follows the lots that transfers carry from other portfolios.
struct CarriedLots<'s, 'm> {
    known: &'s ExistingRecords,
    history_of: &'s dyn Fn(PortfolioId) -> Vec<&'m Transaction>,
    /// By the reference of a transfer: the lots that it carries. Transfers to and fro follow each other
    /// many times.
    found: RefCell<BTreeMap<&'m str, Option<Vec<CarriedLot>>>>,
}

impl<'m> CarriedLots<'_, 'm> {
    /// Returns the effects of the transfers among the movements of one holding that carry lots, in
    /// the order of the movements. Lots are followed only where a split can have rounded them.
    fn effects(
        &self,
        movements: &[MovementRef<'m>],
        open: &mut BTreeSet<&'m str>,
    ) -> Vec<Option<LotEffect>> {
        let effects = movements.iter().enumerate().map(|(at, movement)| {
            let transfer = movement.transaction;
            let is_new = movement.is_trade() && transfer.carries_lots_in();
            let security = transfer.security.filter(|_| is_new)?;
            self.known.splits_of(security).next()?;
            let reference = transfer.reference.as_str();
            let found = self.found.borrow().get(reference).cloned();
            if let Some(lots) = found {
                return lots.map(LotEffect::Carried);
            }
            // A circle of transfers has no books.
            if !open.insert(reference) {
                return None;
            }
            let earlier = movements[..at].iter().map(|earlier| earlier.transaction);
            let lots = self.given(transfer, security, earlier, open);
            open.remove(reference);
            self.found.borrow_mut().insert(reference, lots.clone());
            lots.map(LotEffect::Carried)
        });
        effects.collect()
    }

    fn given(
        &self,
        transfer: &Transaction,
        security: SecurityId,
        earlier: impl Iterator<Item = &'m Transaction>,
        open: &mut BTreeSet<&'m str>,
    ) -> Option<Vec<CarriedLot>> {
        let giver = transfer.counterpart?;
        let mut given = (self.history_of)(giver);
        given.retain(|entry| entry.security == Some(security) && entry.kind.is_movement());
        given.sort_by(|a, b| a.booking_order(b));
        let given = without_cancelled(given, |entry| entry);
        let out = equal_transfer_out(transfer, earlier, given.iter().copied())?;
        let given: Vec<MovementRef<'m>> = given[..=out].iter().copied().map(Into::into).collect();
        let effects = self.effects(&given, open);
        let method = self.known.portfolio_with_id(giver)?.cost_basis.method;
        let splits = self.known.splits_of(security).copied();
        let mut held = HeldQuantity::new(splits).with_method(method);
        for (movement, effect) in given.iter().zip(&effects) {
            held.apply(
                effect
                    .as_ref()
                    .map_or(*movement, |effect| movement.carrying(effect)),
            );
        }
        held.into_given()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Split;
    use crate::import::sample::{day, security};

    use TransactionKind::{Buy, Sell, TransferOut};

    fn movement((on, kind, quantity): (&str, TransactionKind, &str)) -> Transaction {
        Transaction {
            security: Some(SecurityId(1)),
            quantity: quantity.parse().unwrap(),
            reference: format!("{on} {kind} {quantity}"),
            ..Transaction::new(PortfolioId(1), day(on), kind)
        }
    }

    /// Returns what is missing for the last movement, after a split of one for three on January 7.
    fn missing(movements: &[(&str, TransactionKind, &str)]) -> Option<(String, String)> {
        let split = Split {
            security: SecurityId(1),
            day: day("2026-01-07"),
            new: 1,
            old: 3,
        };
        let known = ExistingRecords::default()
            .with_securities([security(1, "ACME")])
            .with_splits([split]);
        let movements: Vec<_> = movements.iter().copied().map(movement).collect();
        let found = shortfalls(&movements, &known, |_| Vec::new());
        let short = found.get(&movements.last()?.reference)?;
        Some((short.held.to_string(), short.taken.to_string()))
    }

    #[test]
    fn a_transfer_may_differ_by_the_rounding_of_the_acquisitions_since_the_holding_was_empty() {
        let out = |earlier: &[(&str, TransactionKind, &str)], quantity: &str| {
            let last = ("2026-01-08", TransferOut, quantity);
            missing(&[earlier, &[last]].concat()).is_some()
        };
        let three = [
            ("2026-01-05", Buy, "1"),
            ("2026-01-05", Buy, "1.0"),
            ("2026-01-05", Buy, "2"),
            ("2026-01-06", Sell, "2.0"),
        ];
        assert!(!out(&three, "0.66666670"));
        assert!(out(&three, "0.66666671"));
        let two = [
            ("2026-01-05", Buy, "5"),
            ("2026-01-05", Sell, "5.0"),
            ("2026-01-06", Buy, "1"),
            ("2026-01-06", Buy, "1.0"),
        ];
        assert!(!out(&two, "0.66666669"));
        assert!(out(&two, "0.66666670"));
    }

    #[test]
    fn transactions_that_cancel_are_no_acquisition() {
        let day_trade = [
            ("2026-01-05", Buy, "2"),
            ("2026-01-06", Buy, "1"),
            ("2026-01-06", Sell, "1"),
            ("2026-01-08", TransferOut, "0.66666669"),
        ];
        let short = missing(&day_trade);
        let of = |held: &str, taken: &str| Some((held.to_owned(), taken.to_owned()));
        assert_eq!(short, of("0.66666667", "0.66666669"));
    }
}
