//! Defines a lot, its origin, and the part of a lot that a movement closed.

use super::fractions::LotFraction;
use crate::domain::amount::Money;
use crate::domain::day::Day;
use crate::domain::fine_amount::Quantity;

/// The acquisition (or short sale) that opened a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LotOrigin {
    /// The day of the acquisition.
    pub day: Day,
    /// The index of the opening transaction among those of its portfolio, in booking order.
    pub transaction: u32,
}

/// A quantity that was acquired (or sold short) together, with its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) quantity: Quantity,
    pub(super) cost: Money,
    pub(super) origin: LotOrigin,
}

/// A lot, or a part of it, that left the holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedLot {
    /// The quantity that left, with the sign of the lot.
    pub quantity: Quantity,
    /// What the exact quantity that left is more than the quantity.
    pub fraction: LotFraction,
    /// Its cost; negative for a short lot.
    pub cost: Money,
    /// The acquisition of the lot.
    pub origin: LotOrigin,
}

impl From<Lot> for ClosedLot {
    fn from(lot: Lot) -> Self {
        Self {
            quantity: lot.quantity,
            fraction: LotFraction::ZERO,
            cost: lot.cost,
            origin: lot.origin,
        }
    }
}

/// A lot that a transfer brings from another portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedLot {
    /// The quantity; zero if only its cost and fraction are left.
    pub quantity: Quantity,
    /// What the exact quantity is more than the quantity.
    pub fraction: LotFraction,
    /// Its cost in the portfolio that gave it.
    pub cost: Money,
    /// The day of the acquisition by the first owner.
    pub day: Day,
}

impl CarriedLot {
    /// Returns the lots that a transfer out closed, in the order of their acquisition.
    pub fn of_closed(closed: impl IntoIterator<Item = ClosedLot>) -> Vec<Self> {
        let mut closed: Vec<_> = closed.into_iter().collect();
        closed.sort_by_key(|lot| (lot.origin.day, lot.origin.transaction));
        let carried = closed.into_iter().map(|lot| Self {
            quantity: lot.quantity,
            fraction: lot.fraction,
            cost: lot.cost,
            day: lot.origin.day,
        });
        carried.collect()
    }
}

/// A quantity to take from the lots that one transaction opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenLot {
    /// The index of the opening transaction, as in [`LotOrigin`].
    pub transaction: u32,
    /// The quantity to take, above zero.
    pub quantity: Quantity,
}
