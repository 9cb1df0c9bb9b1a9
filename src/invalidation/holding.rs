//! Tracks the lots of one security in one portfolio, to know whether any of it is held.
//!
//! Lots are kept first in, first out, because a split rounds each lot separately: the result can't
//! be computed from the sum. Costs are not tracked here; the books do that.

use std::collections::VecDeque;

use crate::domain::{Quantity, Split};

/// The lots of a holding, oldest first and all of one sign.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding {
    lots: VecDeque<Quantity>,
}

impl Holding {
    /// Returns whether any lot is held, long or short.
    pub(super) fn is_held(&self) -> bool {
        !self.lots.is_empty()
    }

    /// Adds a quantity; a negative one is sold or delivered.
    pub(super) fn trade(&mut self, quantity: Quantity) {
        let mut left = quantity;
        while let Some(lot) = self.lots.front_mut() {
            if left.is_zero() || lot.is_negative() == left.is_negative() {
                break;
            }
            // The two differ in sign, so their sum fits.
            let rest = lot.plus(left).unwrap_or_default();
            if !rest.is_zero() && rest.is_negative() == lot.is_negative() {
                *lot = rest;
                return;
            }
            left = rest;
            self.lots.pop_front();
        }
        if !left.is_zero() {
            self.lots.push_back(left);
        }
    }

    /// Splits each lot, rounding half to even, and drops lots that become zero. A lot that would
    /// not fit stays unchanged: the portfolio's books fail from that day on anyway.
    pub(super) fn split(&mut self, split: &Split) {
        let (new, old) = (i64::from(split.new), i64::from(split.old));
        for lot in &mut self.lots {
            *lot = lot.times_ratio(new, old).unwrap_or(*lot);
        }
        self.lots.retain(|lot| !lot.is_zero());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, SecurityId};

    fn lots_after(trades: &[i32]) -> Vec<i32> {
        let mut holding = Holding::default();
        for trade in trades {
            holding.trade(Quantity::whole(*trade));
        }
        let wholes = |lot: &Quantity| (lot.units() / Quantity::SCALE) as i32;
        holding.lots.iter().map(wholes).collect()
    }

    fn split(new: u32, old: u32) -> Split {
        Split {
            security: SecurityId(1),
            day: Day::MIN,
            new,
            old,
        }
    }

    #[test]
    fn the_oldest_lot_goes_first_and_selling_through_zero_is_short() {
        assert_eq!(lots_after(&[10, 20, -15]), [15]);
        assert_eq!(lots_after(&[10, -10]), [0; 0]);
        assert_eq!(lots_after(&[10, 5, -20, -1]), [-5, -1]);
        assert_eq!(lots_after(&[-5, 7]), [2]);
        assert_eq!(lots_after(&[0]), [0; 0]);
    }

    #[test]
    fn a_split_rounds_each_lot_separately() {
        let mut holding = Holding::default();
        for _ in 0..3 {
            holding.trade(Quantity::whole(1));
        }
        holding.split(&split(1, 3));
        holding.trade(Quantity::from_units(-99_999_999));
        assert!(!holding.is_held(), "three thirds at eight decimals");
    }

    #[test]
    fn a_lot_rounded_to_zero_is_not_held() {
        let mut holding = Holding::default();
        holding.trade(Quantity::from_units(1));
        holding.split(&split(1, 1_000));
        assert!(!holding.is_held());
    }
}
