//! Keeps the lots of one holding, first in, first out. Long and short holdings work alike: a short
//! lot has a negative quantity and a negative cost (its proceeds).
//!
//! Handles only quantities and costs, without prices, cash or currencies.

use smallvec::SmallVec;

use super::amount::{Money, Quantity};

/// A quantity that was acquired (or sold short) together, with its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lot {
    quantity: Quantity,
    cost: Money,
}

/// All lots of one holding, oldest first and of the same sign, with their totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lots {
    /// Most holdings have one lot; it is stored inline, without an allocation.
    lots: SmallVec<[Lot; 1]>,
    quantity: Quantity,
    cost: Money,
}

impl Lots {
    /// Returns the quantity held; negative for a short.
    #[inline]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Returns the cost of the quantity held; negative for a short.
    #[inline]
    pub fn cost(&self) -> Money {
        self.cost
    }

    /// Adds `quantity` (negative: removes it) for `cost` (negative: proceeds). Closes lots of the
    /// opposite sign first, then opens a lot with the rest. Returns the realized profit, or `None`
    /// if a number does not fit.
    pub fn trade(&mut self, quantity: Quantity, cost: Money) -> Option<Money> {
        let closed = self.closing_quantity(quantity);
        if closed == quantity {
            return self.close(closed)?.plus(cost)?.negated();
        }
        // `quantity` is not zero here: for zero, `closed` is zero too, and the branch above
        // returns.
        let share = cost.times_ratio(closed.units(), quantity.units())?;
        let realized = self.close(closed)?.plus(share)?.negated()?;
        self.open(Lot {
            quantity: quantity.minus(closed)?,
            // The exact remainder, not a second rounded share, so that both parts add up to `cost`.
            cost: cost.minus(share)?,
        })?;
        Some(realized)
    }

    /// Returns the part of a movement that closes lots. It has the sign of the movement, and is no
    /// larger than the quantity held.
    fn closing_quantity(&self, quantity: Quantity) -> Quantity {
        let (held, moved) = (self.quantity.units(), quantity.units());
        if held.signum() * moved.signum() >= 0 {
            return Quantity::ZERO;
        }
        let units = held.unsigned_abs().min(moved.unsigned_abs());
        // Only the absolute value of `i64::MIN` does not fit.
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        Quantity::from_units(units * moved.signum())
    }

    fn open(&mut self, lot: Lot) -> Option<()> {
        self.quantity = self.quantity.plus(lot.quantity)?;
        self.cost = self.cost.plus(lot.cost)?;
        self.lots.push(lot);
        Some(())
    }

    /// Closes lots by a movement of the opposite sign, oldest lots first, and returns the cost of
    /// the closed part, or `None` if a number does not fit. A lot that is closed in part loses a
    /// rounded share of its cost and keeps the exact remainder.
    ///
    /// # Panics
    ///
    /// The movement is larger than the quantity held.
    pub fn close(&mut self, movement: Quantity) -> Option<Money> {
        let mut left = movement;
        let mut cost = Money::ZERO;
        let mut gone = 0;
        while !left.is_zero() {
            // In bounds: the movement is no larger than all lots together.
            let lot = &mut self.lots[gone];
            if lot.quantity.units().unsigned_abs() <= left.units().unsigned_abs() {
                left = left.plus(lot.quantity)?;
                cost = cost.plus(lot.cost)?;
                gone += 1;
            } else {
                let sold = left.negated()?;
                let share = lot.cost.times_ratio(sold.units(), lot.quantity.units())?;
                lot.quantity = lot.quantity.minus(sold)?;
                lot.cost = lot.cost.minus(share)?;
                cost = cost.plus(share)?;
                left = Quantity::ZERO;
            }
        }
        self.lots.drain(..gone);
        self.quantity = self.quantity.plus(movement)?;
        self.cost = self.cost.minus(cost)?;
        Some(cost)
    }

    /// Turns each `old` units into `new`, lot by lot, rounded half to even, at the same cost. Drops
    /// lots that round to zero. Returns the profit realized by that: minus their cost, so a loss
    /// for long lots and a gain for short ones; or `None`, without a change, if a number does not
    /// fit.
    pub fn split(&mut self, new: u32, old: u32) -> Option<Money> {
        let (mut after, mut lost) = (Self::default(), Money::ZERO);
        for lot in &self.lots {
            let quantity = lot.quantity.times_ratio(i64::from(new), i64::from(old))?;
            if quantity.is_zero() {
                lost = lost.plus(lot.cost)?;
            } else {
                after.open(Lot {
                    quantity,
                    cost: lot.cost,
                })?;
            }
        }
        *self = after;
        lost.negated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lots(trades: &[(i32, i32)]) -> (Lots, Money) {
        let (mut lots, mut realized) = (Lots::default(), Money::ZERO);
        for &(quantity, cost) in trades {
            let gain = lots.trade(Quantity::whole(quantity), Money::whole(cost));
            realized = realized.plus(gain.unwrap()).unwrap();
        }
        (lots, realized)
    }

    #[test]
    fn the_oldest_lot_goes_first() {
        let (mut lots, realized) = lots(&[(10, 100), (10, 200), (10, 400), (-15, -300)]);
        assert_eq!(realized, Money::whole(300 - 100 - 100));
        assert_eq!(lots.quantity(), Quantity::whole(15));
        assert_eq!(lots.cost(), Money::whole(100 + 400));
        let next = lots.trade(Quantity::whole(-5), Money::ZERO);
        assert_eq!(next, Some(Money::whole(-100)));
    }

    #[test]
    fn selling_through_zero_opens_a_short() {
        let (mut lots, realized) = lots(&[(10, 100), (-30, -600)]);
        assert_eq!(realized, Money::whole(100));
        assert_eq!(lots.quantity(), Quantity::whole(-20));
        assert_eq!(lots.cost(), Money::whole(-400));
        let covered = lots.trade(Quantity::whole(5), Money::whole(50));
        assert_eq!(covered, Some(Money::whole(50)));
        assert_eq!(lots.cost(), Money::whole(-300));
    }

    #[test]
    fn selling_in_thirds_loses_no_cost() {
        let (mut lots, mut proceeds) = (Lots::default(), Money::ZERO);
        lots.trade(Quantity::whole(3), Money::from_units(100));
        for _ in 0..3 {
            let gain = lots.trade(Quantity::whole(-1), Money::ZERO).unwrap();
            proceeds = proceeds.plus(gain).unwrap();
        }
        assert_eq!(proceeds, Money::from_units(-100));
        assert_eq!(lots, Lots::default());
    }

    #[test]
    fn a_split_changes_quantities_and_no_cost() {
        let (mut lots, _) = lots(&[(-3, -30), (-1, -50)]);
        assert_eq!(lots.split(1, 2), Some(Money::ZERO));
        assert_eq!(lots.quantity(), Quantity::whole(-2));
        assert_eq!(lots.cost(), Money::whole(-80));
    }

    #[test]
    fn a_lot_that_a_split_rounds_away_is_a_realized_loss() {
        let mut lots = Lots::default();
        lots.trade(Quantity::from_units(1), Money::whole(5));
        assert_eq!(lots.split(1, 1000), Some(Money::whole(-5)));
        assert_eq!(lots, Lots::default());
    }

    #[test]
    fn a_split_that_does_not_fit_changes_nothing() {
        let (mut lots, _) = lots(&[(1, 10)]);
        lots.trade(Quantity::from_units(i64::MAX / 2), Money::ZERO);
        let before = lots.clone();
        assert_eq!(lots.split(3, 1), None);
        assert_eq!(lots, before);
    }

    #[test]
    fn overflow_is_none() {
        let mut lots = Lots::default();
        assert!(lots.trade(Quantity::MAX, Money::MAX).is_some());
        assert_eq!(lots.trade(Quantity::MAX, Money::ZERO), None);
    }

    proptest! {
        #[test]
        fn cost_is_what_was_paid_and_realized(
            trades in prop::collection::vec((-500_i64..500, 1_i64..100_000), 1..30)
        ) {
            let (mut lots, mut held, mut paid, mut realized) = (Lots::default(), 0, 0, 0);
            for (quantity, price) in trades {
                let cost = quantity * price;
                let gain = lots.trade(Quantity::from_units(quantity), Money::from_units(cost));
                realized += gain.unwrap().units();
                held += quantity;
                paid += cost;
                prop_assert_eq!(lots.quantity().units(), held);
                prop_assert_eq!(lots.cost().units(), paid + realized);
                prop_assert!(lots.lots.iter().all(|lot| lot.quantity.units().signum() == held.signum()));
                prop_assert_eq!(lots.lots.iter().map(|lot| lot.cost.units()).sum::<i64>(), lots.cost.units());
                if held == 0 {
                    prop_assert_eq!(&lots, &Lots::default());
                }
            }
        }
    }
}
