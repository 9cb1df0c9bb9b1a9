//! Keeps the lots of one holding, first in, first out. Long and short holdings work alike: a short
//! lot has a negative quantity and a negative cost (its proceeds).
//!
//! Handles only quantities and costs, without prices, cash or currencies.

use smallvec::SmallVec;

use super::split_ratio::{Fractions, split_quantities};
use crate::domain::{Money, Quantity};

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
    /// `None` while the quantity of each lot is exact. Boxed, because it is rare and the loop over
    /// holdings reads all of them in sequence.
    fractions: Option<Box<Fractions>>,
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
        let share = cost.share(closed, quantity)?;
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
        let held = self.quantity;
        if held.is_zero() || quantity.is_zero() || held.is_negative() == quantity.is_negative() {
            return Quantity::ZERO;
        }
        if quantity.abs() <= held.abs() {
            quantity
        } else {
            Quantity::ZERO.minus(held).unwrap_or_default()
        }
    }

    fn open(&mut self, lot: Lot) -> Option<()> {
        self.quantity = self.quantity.plus(lot.quantity)?;
        self.cost = self.cost.plus(lot.cost)?;
        self.lots.push(lot);
        if let Some(fractions) = &mut self.fractions {
            fractions.push_exact();
        }
        Some(())
    }

    /// Closes lots by a movement of the opposite sign, oldest lots first, and returns the cost of
    /// the closed part, or `None` if a number does not fit. A lot that is closed in part loses a
    /// rounded share of its cost and keeps the exact remainder. A lot of which the whole rounded
    /// quantity goes is closed; what a split left beyond that quantity goes with it.
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
            if lot.quantity.abs() <= left.abs() {
                left = left.plus(lot.quantity)?;
                cost = cost.plus(lot.cost)?;
                gone += 1;
            } else {
                let sold = left.negated()?;
                let share = lot.cost.share(sold, lot.quantity)?;
                lot.quantity = lot.quantity.minus(sold)?;
                lot.cost = lot.cost.minus(share)?;
                cost = cost.plus(share)?;
                left = Quantity::ZERO;
            }
        }
        self.quantity = self.quantity.plus(movement)?;
        if self.quantity.is_zero() {
            // Lots too small for a quantity of their own go with the last one.
            cost = self.cost;
            *self = Self::default();
            return Some(cost);
        }
        self.lots.drain(..gone);
        if let Some(fractions) = &mut self.fractions {
            fractions.remove_first(gone);
        }
        self.cost = self.cost.minus(cost)?;
        Some(cost)
    }

    /// Turns each `old` units into `new` at the same cost. The total is rounded once, half to even,
    /// and the lots share the remainder; a later split starts from the exact quantities. A total
    /// that rounds to zero closes the holding. Returns the profit realized by that: minus its cost,
    /// so a loss for a long holding and a gain for a short one; or `None`, without a change, if a
    /// number does not fit.
    pub fn split(&mut self, new: u32, old: u32) -> Option<Money> {
        let before: SmallVec<[Quantity; 1]> = self.lots.iter().map(|lot| lot.quantity).collect();
        let after = split_quantities(&before, self.fractions.as_deref(), new, old)?;
        let mut total = Quantity::ZERO;
        for quantity in &after.quantities {
            total = total.plus(*quantity)?;
        }
        if total.is_zero() {
            let lost = self.cost.negated()?;
            *self = Self::default();
            return Some(lost);
        }
        for (lot, quantity) in self.lots.iter_mut().zip(after.quantities) {
            lot.quantity = quantity;
        }
        self.quantity = total;
        self.fractions = after.fractions.map(Box::new);
        Some(Money::ZERO)
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
    fn the_total_of_a_split_is_rounded_once() {
        let (mut lots, _) = lots(&[(1, 2), (1, 2), (1, 2)]);
        assert_eq!(lots.split(1, 3), Some(Money::ZERO));
        assert_eq!(lots.quantity(), Quantity::whole(1));
        let sold = lots.trade(Quantity::whole(-1), Money::whole(-6));
        assert_eq!(sold, Some(Money::ZERO));
        assert_eq!(lots, Lots::default(), "no lot and no fraction is left");
    }

    #[test]
    fn a_split_back_restores_the_quantity() {
        let (mut lots, _) = lots(&[(119, 119)]);
        lots.split(1, 3).unwrap();
        assert_eq!(lots.quantity(), Quantity::from_units(3_966_666_667));
        lots.split(3, 1).unwrap();
        assert_eq!(lots.quantity(), Quantity::whole(119));
    }

    #[test]
    fn the_rounded_quantity_of_a_lot_closes_it() {
        let (mut lots, _) = lots(&[(1, 10), (1, 20), (1, 40)]);
        lots.split(1, 3).unwrap();
        let oldest = lots.trade(Quantity::from_units(-33_333_333), Money::ZERO);
        assert_eq!(oldest, Some(Money::whole(-10)));
        lots.split(3, 1).unwrap();
        assert_eq!(lots.quantity(), Quantity::whole(2));
        assert_eq!(lots.cost(), Money::whole(60));
    }

    #[test]
    fn a_lot_without_a_quantity_of_its_own_keeps_its_cost() {
        let mut lots = Lots::default();
        for _ in 0..3 {
            lots.trade(Quantity::from_units(1), Money::whole(5))
                .unwrap();
        }
        assert_eq!(lots.split(1, 3), Some(Money::ZERO));
        assert_eq!(lots.quantity(), Quantity::from_units(1));
        assert_eq!(lots.cost(), Money::whole(15));
        let sold = lots.trade(Quantity::from_units(-1), Money::ZERO);
        assert_eq!(sold, Some(Money::whole(-15)));
        assert_eq!(lots, Lots::default());
    }

    #[test]
    fn a_split_that_does_not_fit_changes_nothing() {
        let (mut lots, _) = lots(&[(1, 10)]);
        lots.trade(Quantity::MAX.times_ratio(1, 2).unwrap(), Money::ZERO);
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
                prop_assert_eq!(lots.quantity().compact(), Some(held));
                prop_assert_eq!(lots.cost().units(), paid + realized);
                prop_assert!(lots.lots.iter().all(|lot| lot.quantity.is_negative() == (held < 0)));
                prop_assert_eq!(lots.lots.iter().map(|lot| lot.cost.units()).sum::<i64>(), lots.cost.units());
                if held == 0 {
                    prop_assert_eq!(&lots, &Lots::default());
                }
            }
        }

        #[test]
        fn a_chain_of_splits_and_its_inverse_change_nothing(
            trades in prop::collection::vec(1_i64..1_000_000_000, 1..6),
            ratios in prop::collection::vec((1_u32..30, 1_u32..30), 1..5),
        ) {
            let mut lots = Lots::default();
            for quantity in trades {
                lots.trade(Quantity::from_units(quantity * 1_000_000), Money::whole(1)).unwrap();
            }
            let (before, mut exact) = (lots.clone(), Ratio::from(lots.quantity().compact().unwrap()));
            for (new, old) in &ratios {
                lots.split(*new, *old).unwrap();
                exact = exact.times(*new, *old);
                prop_assert_eq!(i128::from(lots.quantity().compact().unwrap()), exact.rounded());
                let shown: i64 = lots.lots.iter().map(|lot| lot.quantity.compact().unwrap()).sum();
                prop_assert_eq!(Some(shown), lots.quantity().compact());
            }
            for (new, old) in ratios.iter().rev() {
                lots.split(*old, *new).unwrap();
            }
            prop_assert_eq!(lots, before);
        }
    }

    /// A fraction as in arithmetic books, to compare with.
    struct Ratio(i128, i128);

    impl Ratio {
        fn from(units: i64) -> Self {
            Self(i128::from(units), 1)
        }

        fn times(self, new: u32, old: u32) -> Self {
            Self(self.0 * i128::from(new), self.1 * i128::from(old))
        }

        /// Rounds half to even by the definition.
        fn rounded(&self) -> i128 {
            let below = self.0.div_euclid(self.1);
            match (2 * self.0.rem_euclid(self.1)).cmp(&self.1) {
                std::cmp::Ordering::Less => below,
                std::cmp::Ordering::Greater => below + 1,
                std::cmp::Ordering::Equal => below + below % 2,
            }
        }
    }
}
