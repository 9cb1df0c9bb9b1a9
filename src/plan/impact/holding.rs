//! How much one portfolio holds of one security, to tell whether it holds any.
//!
//! Kept lot by lot, first in, first out, because a split rounds each lot for itself: what that
//! leaves of a holding can't be told from its sum. Costs are the books' concern.

use std::collections::VecDeque;

use crate::domain::{Quantity, Split};

/// The lots of a holding, oldest first and all of one sign.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding {
    lots: VecDeque<Quantity>,
}

impl Holding {
    /// Whether anything is held, long or short.
    pub(super) fn is_held(&self) -> bool {
        !self.lots.is_empty()
    }

    /// Moves a quantity; below zero is out.
    pub(super) fn trade(&mut self, quantity: Quantity) {
        let mut left = quantity;
        while let Some(lot) = self.lots.front_mut() {
            if left.is_zero() || lot.is_negative() == left.is_negative() {
                break;
            }
            // Lots and what is left differ in sign, so their sum fits.
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

    /// Splits each lot, half to even; a lot of which nothing is left goes. One that would not fit
    /// stays as it is: from there on the portfolio has no books.
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
        let whole = |lot: &Quantity| (lot.units() / Quantity::SCALE) as i32;
        holding.lots.iter().map(whole).collect()
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
