//! Follows the quantity of one holding through transactions, splits and received units, as the books
//! move it: lot by lot, since splits round each lot, but without costs.
//!
//! The same lots close as in the books: after a split that rounded, another split starts from the exact
//! quantities of the lots that are left, so that these decide the total.

use std::cmp::Ordering;
use std::iter::Peekable;

use super::amount::Money;
use super::day::Day;
use super::fine_amount::Quantity;
use super::lots::{CarriedLot, ChosenLot, ClosedLots, LotChoices, LotMethod, LotOrigin, Lots};
use super::source::{Split, Transaction, TransactionKind};

/// The effect of a movement on the lots of its holding. Those of corporate actions come first on their
/// day, in this order.
#[derive(Debug, Clone)]
pub enum LotEffect {
    /// A corporate action closes all lots.
    Ended,
    /// A corporate action changes no quantity.
    Kept,
    /// A corporate action delivers lots.
    Received(Lots),
    /// A corporate action pays the fraction of a unit.
    FractionPaid,
    /// A transaction trades its quantity.
    Traded,
    /// A transfer brings lots of another portfolio.
    Carried(Vec<CarriedLot>),
}

impl LotEffect {
    const fn rank(&self) -> u8 {
        match self {
            Self::Ended | Self::Kept => 0,
            Self::Received(_) => 1,
            Self::FractionPaid => 2,
            Self::Traded | Self::Carried(_) => 3,
        }
    }
}

static TRADED: LotEffect = LotEffect::Traded;

/// A movement of a holding: a transaction, or units that a corporate action moves as if they had been
/// traded.
#[derive(Debug, Clone)]
pub struct HoldingMovement {
    /// The transaction; that of a corporate action has no reference.
    pub transaction: Transaction,
    /// The effect on the lots.
    pub effect: LotEffect,
    /// The order in which the portfolio closes its lots.
    pub method: LotMethod,
}

impl HoldingMovement {
    /// Compares two movements of a holding by the order in which they are booked.
    pub fn booking_order(&self, other: &Self) -> Ordering {
        MovementRef::from(self).booking_order(&other.into())
    }
}

impl From<Transaction> for HoldingMovement {
    fn from(transaction: Transaction) -> Self {
        Self {
            transaction,
            effect: LotEffect::Traded,
            method: LotMethod::default(),
        }
    }
}

/// A borrowed movement of a holding.
#[derive(Debug, Clone, Copy)]
pub struct MovementRef<'m> {
    /// The transaction, as in [`HoldingMovement`].
    pub transaction: &'m Transaction,
    effect: &'m LotEffect,
}

impl<'m> MovementRef<'m> {
    /// Returns whether it is a transaction without lots of another portfolio.
    pub fn is_trade(&self) -> bool {
        matches!(self.effect, LotEffect::Traded)
    }

    /// Returns the movement of a transfer that brings these lots.
    pub fn carrying(self, effect: &'m LotEffect) -> Self {
        Self { effect, ..self }
    }

    /// Compares two movements of a holding by the order in which they are booked.
    pub fn booking_order(&self, other: &Self) -> Ordering {
        let key = |of: &Self| (of.transaction.day, of.effect.rank());
        (key(self).cmp(&key(other))).then_with(|| self.transaction.booking_order(other.transaction))
    }
}

impl<'m> From<&'m Transaction> for MovementRef<'m> {
    fn from(transaction: &'m Transaction) -> Self {
        Self {
            transaction,
            effect: &TRADED,
        }
    }
}

impl<'m> From<&'m HoldingMovement> for MovementRef<'m> {
    fn from(movement: &'m HoldingMovement) -> Self {
        Self {
            transaction: &movement.transaction,
            effect: &movement.effect,
        }
    }
}

/// Returns the index, among `given`, of the transfer out that is equal to a transfer in from another
/// portfolio. Of several equal transfers the first out belongs to the first in: `earlier` are the
/// transactions of the receiver that come before the transfer, `given` those of the giver.
pub fn equal_transfer_out<'e, 'g>(
    transfer: &Transaction,
    earlier: impl Iterator<Item = &'e Transaction>,
    given: impl Iterator<Item = &'g Transaction>,
) -> Option<usize> {
    let is_equal = |other: &Transaction, kind, counterpart| {
        (other.kind, other.counterpart) == (kind, counterpart)
            && (other.day, other.security, other.quantity)
                == (transfer.day, transfer.security, transfer.quantity)
    };
    let earlier = earlier
        .filter(|other| is_equal(other, TransactionKind::TransferIn, transfer.counterpart))
        .count();
    let receiver = Some(transfer.portfolio);
    let mut out = (given.enumerate())
        .filter(|(_, other)| is_equal(other, TransactionKind::TransferOut, receiver));
    out.nth(earlier).map(|(at, _)| at)
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
    /// The lots that the last transaction closed.
    closed: ClosedLots,
}

impl<'m, S: Iterator<Item = Split>> HeldQuantity<'m, S> {
    /// Starts with none. `splits` ascend by day.
    pub fn new(splits: impl IntoIterator<IntoIter = S>) -> Self {
        Self {
            lots: Lots::default(),
            splits: splits.into_iter().peekable(),
            opened: Vec::new(),
            next_transaction: 0,
            closed: ClosedLots::new(),
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
            effect,
        } = movement.into();
        self.on(transaction.day);
        match effect {
            LotEffect::Kept => {}
            LotEffect::Ended => self.lots = Lots::new(self.lots.method()),
            LotEffect::FractionPaid => {
                self.lots.close_fraction();
            }
            LotEffect::Received(received) => {
                let last = received.last_transaction();
                let next = last.map_or(0, |last| last.saturating_add(1));
                self.next_transaction = self.next_transaction.max(next);
                self.lots.add_all(received.clone());
            }
            LotEffect::Traded => self.trade(transaction),
            LotEffect::Carried(lots) => {
                let number = self.number(transaction);
                if let Some(lots) = Lots::carried(self.lots.method(), lots, number) {
                    self.lots.add_all(lots);
                }
            }
        }
    }

    /// Gives a transaction a number of its own, by which its lots are counted as one acquisition.
    fn number(&mut self, transaction: &'m Transaction) -> u32 {
        let number = self.next_transaction;
        self.next_transaction = number.saturating_add(1);
        self.opened.push((&transaction.reference, number));
        number
    }

    fn trade(&mut self, transaction: &'m Transaction) {
        let chosen = transaction.lots.as_ref();
        let chosen = chosen.and_then(|choices| self.chosen(choices));
        let origin = LotOrigin {
            day: transaction.day,
            transaction: self.number(transaction),
        };
        if let Some(closed) = chosen.and_then(|chosen| self.lots.close_chosen(&chosen)) {
            self.closed = closed;
            return;
        }
        let quantity = transaction.signed_quantity();
        let trade = self.lots.trade(quantity, Money::ZERO, origin);
        self.closed = trade.map(|trade| trade.closed).unwrap_or_default();
    }

    /// Returns the lots that the last transaction, a transfer out, gives to its counterpart. `None` if
    /// it takes more than is held.
    pub fn into_given(self) -> Option<Vec<CarriedLot>> {
        (!self.quantity().is_negative()).then(|| CarriedLot::of_closed(self.closed))
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
        // It is within the rounding of the first lot too.
        assert_eq!(left_after(sale(""), LotMethod::Fifo), two);
        let beyond = trade(2, TransactionKind::Sell, "0.33333337", "s");
        assert_ne!(left_after(beyond, LotMethod::Fifo), two);
        let first = trade(2, TransactionKind::Sell, "0.33333333", "s");
        assert_eq!(left_after(first.clone(), LotMethod::Fifo), two);
        assert_eq!(left_after(first, LotMethod::Lifo), two);
    }
}
