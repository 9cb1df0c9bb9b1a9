//! Follows the quantity of one holding through transactions, splits and received units, as the books
//! move it: lot by lot, since splits round each lot, but without costs.
//!
//! The same lots close as in the books: after a split that rounded, another split starts from the exact
//! quantities of the lots that are left, so that these decide the total.

use std::iter::Peekable;

use super::amount::Money;
use super::day::Day;
use super::fine_amount::Quantity;
use super::lots::{ChosenLot, LotChoices, LotMethod, LotOrigin, Lots};
use super::source::{Split, Transaction};

/// A movement of a holding: a transaction, or units that a corporate action moves as if they had been
/// traded.
#[derive(Debug, Clone)]
pub struct HoldingMovement {
    /// The transaction; that of a corporate action has no reference.
    pub transaction: Transaction,
    /// The lots that a corporate action delivers.
    pub received: Option<Lots>,
    /// The order in which the portfolio closes its lots.
    pub method: LotMethod,
}

impl From<Transaction> for HoldingMovement {
    fn from(transaction: Transaction) -> Self {
        Self {
            transaction,
            received: None,
            method: LotMethod::default(),
        }
    }
}

/// A borrowed movement of a holding.
#[derive(Debug, Clone, Copy)]
pub struct MovementRef<'m> {
    /// The transaction, as in [`HoldingMovement`].
    pub transaction: &'m Transaction,
    received: Option<&'m Lots>,
}

impl<'m> From<&'m Transaction> for MovementRef<'m> {
    fn from(transaction: &'m Transaction) -> Self {
        Self {
            transaction,
            received: None,
        }
    }
}

impl<'m> From<&'m HoldingMovement> for MovementRef<'m> {
    fn from(movement: &'m HoldingMovement) -> Self {
        Self {
            transaction: &movement.transaction,
            received: movement.received.as_ref(),
        }
    }
}

/// The quantity of one holding. Movements come in booking order, without those that cancel each other.
#[derive(Debug, Clone)]
pub struct HeldQuantity<'m, S: Iterator<Item = Split>> {
    lots: Lots,
    splits: Peekable<S>,
    /// The transactions that opened lots, by reference, with their numbers.
    opened: Vec<(&'m str, u32)>,
    /// A number above those of all transactions that opened lots.
    next_transaction: u32,
}

impl<'m, S: Iterator<Item = Split>> HeldQuantity<'m, S> {
    /// Starts with none. `splits` ascend by day.
    pub fn new(splits: impl IntoIterator<IntoIter = S>) -> Self {
        Self {
            lots: Lots::default(),
            splits: splits.into_iter().peekable(),
            opened: Vec::new(),
            next_transaction: 0,
        }
    }

    /// Closes lots in the order of `method`. Called before the first movement.
    #[must_use]
    pub fn with_method(self, method: LotMethod) -> Self {
        let lots = Lots::new(method);
        Self { lots, ..self }
    }

    /// Returns the quantity after the movements and splits so far; negative for a short.
    pub fn quantity(&self) -> Quantity {
        self.lots.quantity()
    }

    /// Applies the next split if it is not after `last`, and returns its day.
    pub fn next_split(&mut self, last: Day) -> Option<Day> {
        let split = self.splits.next_if(|split| split.day <= last)?;
        self.lots.split(split.new, split.old);
        Some(split.day)
    }

    /// Returns the quantity at the start of a day, after its splits.
    pub fn on(&mut self, day: Day) -> Quantity {
        while self.next_split(day).is_some() {}
        self.quantity()
    }

    /// Returns the lots at the start of a day, after its splits.
    pub fn into_lots_on(mut self, day: Day) -> Lots {
        self.on(day);
        self.lots
    }

    /// Applies a movement, after the splits of its day. A number that does not fit is ignored: the
    /// portfolio's books fail from that day on.
    pub fn apply(&mut self, movement: impl Into<MovementRef<'m>>) {
        let MovementRef {
            transaction,
            received,
        } = movement.into();
        self.on(transaction.day);
        if let Some(received) = received {
            self.next_transaction = (self.next_transaction).max(
                received
                    .last_transaction()
                    .map_or(0, |last| last.saturating_add(1)),
            );
            self.lots.add_all(received.clone());
            return;
        }
        // Each transaction has a number of its own, by which its lots are counted as one acquisition.
        let origin = LotOrigin {
            day: transaction.day,
            transaction: self.next_transaction,
        };
        self.next_transaction = self.next_transaction.saturating_add(1);
        let chosen = transaction.lots.as_ref();
        if let Some(chosen) = chosen.and_then(|choices| self.chosen(choices))
            && self.lots.close_chosen(&chosen).is_some()
        {
            return;
        }
        self.opened
            .push((&transaction.reference, origin.transaction));
        let quantity = transaction.signed_quantity();
        self.lots.trade(quantity, Money::ZERO, origin);
    }

    /// Returns the lots that a transaction chooses; `None` if one of them was not opened here.
    fn chosen(&self, choices: &LotChoices) -> Option<Vec<ChosenLot>> {
        let chosen = choices.iter().map(|choice| {
            let mut opened = self.opened.iter();
            let (_, transaction) = opened.find(|(reference, _)| *reference == choice.reference)?;
            Some(ChosenLot {
                transaction: *transaction,
                quantity: choice.quantity,
            })
        });
        chosen.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{PortfolioId, SecurityId};
    use crate::domain::source::TransactionKind;

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    fn trade(on: i32, kind: TransactionKind, quantity: &str, reference: &str) -> Transaction {
        Transaction {
            security: Some(SecurityId(1)),
            quantity: quantity.parse().unwrap(),
            reference: reference.to_owned(),
            ..Transaction::new(PortfolioId(1), day(on), kind)
        }
    }

    /// Buys three lots of one unit, splits them 1:3 and, after a sale, 3:1. Returns what is left.
    fn left_after(sale: Transaction, method: LotMethod) -> Quantity {
        let splits = [(1, 1, 3), (3, 3, 1)].map(|(on, new, old)| Split {
            security: SecurityId(1),
            day: day(on),
            new,
            old,
        });
        let buys = ["a", "b", "c"].map(|name| trade(0, TransactionKind::Buy, "1", name));
        let movements = buys.into_iter().chain([sale]).collect::<Vec<_>>();
        let mut held = HeldQuantity::new(splits).with_method(method);
        for movement in &movements {
            held.apply(movement);
        }
        held.on(day(3))
    }

    #[test]
    fn the_lots_that_are_left_decide_what_a_later_split_makes_of_them() {
        let sale = |lots: &str| Transaction {
            lots: (!lots.is_empty()).then(|| lots.parse().unwrap()),
            ..trade(2, TransactionKind::Sell, "0.33333334", "s")
        };
        let two = Quantity::whole(2);
        // The middle lot, which shows 0.33333334, leaves two thirds of a unit.
        assert_eq!(left_after(sale("0.33333334@b"), LotMethod::Fifo), two);
        assert_ne!(left_after(sale(""), LotMethod::Fifo), two);
        let first = trade(2, TransactionKind::Sell, "0.33333333", "s");
        assert_eq!(left_after(first.clone(), LotMethod::Fifo), two);
        assert_eq!(left_after(first, LotMethod::Lifo), two);
    }
}
