//! Follows the quantity of one holding through transactions, splits and received units, as the books
//! move it: lot by lot, since splits round each lot, but without costs.
//!
//! Lots close in the order of their acquisition here. That decides no end of a holding: the rounding
//! that a movement may leave is counted by acquisitions, whichever lots are left.

use std::iter::Peekable;

use super::amount::Money;
use super::day::Day;
use super::fine_amount::Quantity;
use super::lots::{LotOrigin, Lots};
use super::source::{Split, Transaction};

/// A movement of a holding: a transaction, or units that a corporate action moves as if they had been
/// traded.
#[derive(Debug, Clone)]
pub struct HoldingMovement {
    /// The transaction; that of a corporate action has no reference.
    pub transaction: Transaction,
    /// The lots that a corporate action delivers.
    pub received: Option<Lots>,
}

impl From<Transaction> for HoldingMovement {
    fn from(transaction: Transaction) -> Self {
        Self {
            transaction,
            received: None,
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
pub struct HeldQuantity<S: Iterator<Item = Split>> {
    lots: Lots,
    splits: Peekable<S>,
    /// A number above those of all transactions that opened lots.
    next_transaction: u32,
}

impl<S: Iterator<Item = Split>> HeldQuantity<S> {
    /// Starts with none. `splits` ascend by day.
    pub fn new(splits: impl IntoIterator<IntoIter = S>) -> Self {
        Self {
            lots: Lots::default(),
            splits: splits.into_iter().peekable(),
            next_transaction: 0,
        }
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
    pub fn apply<'m>(&mut self, movement: impl Into<MovementRef<'m>>) {
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
        let quantity = transaction.signed_quantity();
        self.lots.trade(quantity, Money::ZERO, origin);
    }
}
