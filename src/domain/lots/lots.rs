//! Keeps the lots of one holding. Long and short holdings work alike: a short lot has a negative
//! quantity and a negative cost (its proceeds).
//!
//! Handles only quantities and costs, without prices, cash or currencies.

mod actions;
mod rounding;

use smallvec::SmallVec;

use super::closing::{Taking, by_choice, by_method};
use super::cost_basis::LotMethod;
use super::fractions::{Fractions, LotFraction};
use super::lot::{CarriedLot, ChosenLot, ClosedLot, Lot, LotOrigin};
use super::split_ratio::{Granularity, SplitQuantities, split_quantities};
use crate::domain::amount::Money;
use crate::domain::fine_amount::Quantity;

/// The lots, or parts of lots, that left a holding, in the order of closing.
pub type ClosedLots = SmallVec<[ClosedLot; 1]>;

/// All lots of one holding, oldest first and of the same sign, with their totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lots {
    /// Most holdings have one lot; it is stored inline, without an allocation.
    lots: SmallVec<[Lot; 1]>,
    quantity: Quantity,
    cost: Money,
    /// `None` while the quantity of each lot is exact. Boxed, because it is rare and the loop over
    /// holdings reads all of them in sequence.
    fractions: Option<Box<Fractions>>,
    /// The transactions that opened lots since the holding was last empty. Which lots are closed does
    /// not change it, so that it is the same where a holding is followed without its cost.
    acquisitions: u32,
    /// The acquisitions that splits can have rounded; zero while the quantities of all are exact.
    rounded: u32,
    granularity: Granularity,
    method: LotMethod,
}

/// The lots that a trade closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The profit of closing them.
    pub realized: Money,
    /// The lots that were closed.
    pub closed: ClosedLots,
    /// The part of the trade's cost that closed them: for a sale, minus its proceeds.
    pub closing_cost: Money,
}

impl Default for Lots {
    fn default() -> Self {
        Self::new(LotMethod::default())
    }
}

impl Lots {
    /// Returns an empty holding whose sales take cost by `method`.
    pub fn new(method: LotMethod) -> Self {
        Self {
            lots: SmallVec::new(),
            quantity: Quantity::ZERO,
            cost: Money::ZERO,
            fractions: None,
            acquisitions: 0,
            rounded: 0,
            granularity: Granularity::WHOLE,
            method,
        }
    }

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

    /// Returns the rule by which sales take cost.
    pub fn method(&self) -> LotMethod {
        self.method
    }

    /// Returns the latest transaction that opened one of the lots.
    pub fn last_transaction(&self) -> Option<u32> {
        self.lots.iter().map(|lot| lot.origin.transaction).max()
    }

    /// Adds `quantity` (negative: removes it) for `cost` (negative: proceeds). Closes lots of the
    /// opposite sign first, then opens a lot with the rest. Returns the closed lots, or `None` if a
    /// number does not fit.
    pub fn trade(&mut self, quantity: Quantity, cost: Money, origin: LotOrigin) -> Option<Trade> {
        let lot = Lot {
            quantity,
            cost,
            origin,
        };
        self.trade_exact(lot, LotFraction::ZERO)
    }

    /// Trades a lot whose exact quantity is not the one that it shows, as [`Self::trade`] does.
    fn trade_exact(&mut self, lot: Lot, fraction: LotFraction) -> Option<Trade> {
        let Lot { cost, origin, .. } = lot;
        let quantity = self.within_rounding(lot.quantity);
        let closing = self.closing_quantity(quantity);
        if closing == quantity {
            let closed = self.close(closing)?;
            self.add_fraction(fraction);
            return Trade::new(closed, cost);
        }
        // What rounding took from a holding that changes its sign is missing in the rest.
        let fraction = match self.fraction_of_all() {
            Some(held) if !closing.is_zero() => fraction.plus(held),
            _ => fraction,
        };
        // `quantity` is not zero here: for zero, `closing` is zero too, and the branch above
        // returns.
        let share = cost.share(closing, quantity)?;
        let trade = Trade::new(self.close(closing)?, share)?;
        // The exact remainder, not a second rounded share, so that both parts add up to `cost`.
        let (rest, cost) = (quantity.minus(closing)?, cost.minus(share)?);
        self.open_exact(rest, fraction, cost, origin)?;
        self.settle_whole_units(self.lots.len() - 1);
        Some(trade)
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

    /// Opens a lot of the sign of the holding. Lots that one transaction opens, one after the other, are
    /// one acquisition: a transfer carries all lots of its giver.
    pub fn open(&mut self, quantity: Quantity, cost: Money, origin: LotOrigin) -> Option<()> {
        self.quantity = self.quantity.plus(quantity)?;
        self.cost = self.cost.plus(cost)?;
        let last = self.lots.last().map(|lot| lot.origin.transaction);
        let is_acquisition = last != Some(origin.transaction);
        self.acquisitions = self.acquisitions.saturating_add(is_acquisition.into());
        self.granularity = self.granularity.with_whole_units();
        self.lots.push(Lot {
            quantity,
            cost,
            origin,
        });
        if let Some(fractions) = &mut self.fractions {
            fractions.push_exact();
        }
        Some(())
    }

    /// Opens a lot whose exact quantity is not the one that it shows, as [`Self::open`] does.
    pub(super) fn open_exact(
        &mut self,
        quantity: Quantity,
        fraction: LotFraction,
        cost: Money,
        origin: LotOrigin,
    ) -> Option<()> {
        self.open(quantity, cost, origin)?;
        if !fraction.is_zero() {
            let mut fractions = self.lot_fractions();
            *fractions.last_mut()? = fraction;
            self.set_rounded(Fractions::of(&fractions));
        }
        Some(())
    }

    /// Closes lots by a movement of the opposite sign, in the order of the method, and returns
    /// them, or `None` if a number does not fit. A lot that is closed in part loses a rounded share
    /// of its cost and keeps the exact remainder. A lot of which the whole rounded quantity goes is
    /// closed; what a split left beyond that quantity goes with it.
    ///
    /// The movement must not be larger than the quantity held.
    pub fn close(&mut self, movement: Quantity) -> Option<ClosedLots> {
        let takings = by_method(&self.lots, movement.negated()?, self.method)?;
        self.take(&takings)
    }

    /// Closes the chosen lots of a long holding, and returns them. A choice that differs from a lot
    /// by no more than the rounding of a split closes it. `None`, without a change, if one of them is
    /// not held in that quantity.
    pub fn close_chosen(&mut self, chosen: &[ChosenLot]) -> Option<ClosedLots> {
        if self.quantity.is_negative() {
            return None;
        }
        let rounding = match self.rounded {
            0 => Quantity::ZERO,
            _ => self.rounding_of(1),
        };
        let takings = by_choice(&self.lots, chosen, rounding)?;
        self.take(&takings)
    }

    fn take(&mut self, takings: &[Taking]) -> Option<ClosedLots> {
        // Else a lot closes at the average and leaves the difference to its own cost behind.
        self.spread_average()?;
        let fraction_before = self.fraction_of_all();
        let mut closed = ClosedLots::new();
        let (mut quantity, mut cost) = (Quantity::ZERO, Money::ZERO);
        for taking in takings {
            let fraction = self.fraction(taking.lot);
            let lot = &mut self.lots[taking.lot];
            quantity = quantity.plus(taking.quantity)?;
            let is_whole = taking.quantity == lot.quantity;
            let share = match self.method {
                LotMethod::Average => {
                    // Of the totals, so that several lots give the cost of one sale.
                    let average = self.cost.share(quantity, self.quantity)?;
                    average.minus(cost)?
                }
                _ if is_whole => lot.cost,
                _ => lot.cost.share(taking.quantity, lot.quantity)?,
            };
            lot.quantity = lot.quantity.minus(taking.quantity)?;
            lot.cost = lot.cost.minus(share)?;
            cost = cost.plus(share)?;
            closed.push(ClosedLot {
                quantity: taking.quantity,
                fraction: if is_whole {
                    fraction
                } else {
                    LotFraction::ZERO
                },
                cost: share,
                origin: lot.origin,
            });
        }
        self.quantity = self.quantity.minus(quantity)?;
        self.cost = self.cost.minus(cost)?;
        if self.quantity.is_zero() {
            // Lots too small for a quantity of their own go with the last one.
            let rest = self.lots.drain(..).filter(|lot| !lot.cost.is_zero());
            closed.extend(rest.map(ClosedLot::from));
            *self = Self::new(self.method);
        } else {
            self.granularity = self.granularity.with_whole_units();
            self.remove_lots(takings);
            self.settle_whole_units(self.next_to_close());
            self.spread_average()?;
        }
        if let Some(before) = fraction_before {
            self.give_fraction(before, &mut closed);
        }
        Some(closed)
    }

    /// Removes the lots of which everything was taken.
    fn remove_lots(&mut self, takings: &[Taking]) {
        let mut gone: Vec<_> = takings.iter().map(|taking| taking.lot).collect();
        gone.retain(|at| self.lots[*at].quantity.is_zero());
        if gone.is_empty() {
            return;
        }
        let keep = |at: usize| !gone.contains(&at);
        let mut at = 0..;
        self.lots.retain(|_| at.next().is_some_and(keep));
        if let Some(fractions) = self.fractions.take() {
            self.set_fractions(fractions.keeping(keep));
        }
    }

    /// Gives each lot its share of the cost by quantity, if the holding has one average cost.
    fn spread_average(&mut self) -> Option<()> {
        if self.method != LotMethod::Average {
            return Some(());
        }
        let (mut quantity, mut spread) = (Quantity::ZERO, Money::ZERO);
        for lot in &mut self.lots {
            quantity = quantity.plus(lot.quantity)?;
            let up_to_here = self.cost.share(quantity, self.quantity)?;
            lot.cost = up_to_here.minus(spread)?;
            spread = up_to_here;
        }
        Some(())
    }

    /// Turns each `old` units into `new` at the same cost. The total is rounded once, half to even,
    /// and the lots share the remainder; a later split starts from the exact quantities. A total
    /// that rounds to zero closes the holding. Returns the lots closed by that, with a quantity of
    /// zero; or `None`, without a change, if a number does not fit.
    pub fn split(&mut self, new: u32, old: u32) -> Option<ClosedLots> {
        let before: SmallVec<[Quantity; 1]> = self.lots.iter().map(|lot| lot.quantity).collect();
        let after = split_quantities(&before, self.fractions.as_deref(), new, old)?;
        let mut total = Quantity::ZERO;
        for quantity in &after.quantities {
            total = total.plus(*quantity)?;
        }
        if total.is_zero() {
            self.spread_average()?;
        }
        let total = self.set_quantities(after)?;
        if total.is_zero() {
            let closed = self.lots.drain(..).map(ClosedLot::from).collect();
            *self = Self::new(self.method);
            return Some(closed);
        }
        self.quantity = total;
        // Whether this split rounds depends on the lots that are left, whether it can does not.
        let before = self.granularity;
        self.granularity = before.split(new, old);
        if !self.granularity.is_whole() {
            self.rounded = self.acquisitions;
        } else if !before.is_whole() {
            // The exact quantities of earlier splits fit again.
            self.rounded = 0;
        }
        Some(ClosedLots::new())
    }

    /// Gives the lots their quantities and fractions, and returns the sum of the quantities.
    fn set_quantities(&mut self, after: SplitQuantities) -> Option<Quantity> {
        let mut total = Quantity::ZERO;
        for (lot, quantity) in self.lots.iter_mut().zip(after.quantities) {
            total = total.plus(quantity)?;
            lot.quantity = quantity;
        }
        self.set_fractions(after.fractions);
        Some(total)
    }
}

impl Trade {
    /// Closes lots for `cost`: minus the proceeds of a sale.
    pub fn new(closed: ClosedLots, cost: Money) -> Option<Self> {
        let mut lots = closed.iter();
        let realized = lots
            .try_fold(cost, |sum, lot| sum.plus(lot.cost))?
            .negated()?;
        Some(Self {
            realized,
            closed,
            closing_cost: cost,
        })
    }
}

#[cfg(test)]
mod tests;
