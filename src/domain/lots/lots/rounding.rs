//! Recognizes the movements that differ from whole lots or whole units by the rounding of splits, and
//! keeps the exact quantities of the lots.

use super::{ClosedLots, Lots};
use crate::domain::fine_amount::Quantity;
use crate::domain::lots::closing::closing_order;
use crate::domain::lots::fractions::{Fractions, LotFraction};
use crate::domain::lots::split_ratio::{Granularity, smallest_difference};

impl Lots {
    /// Returns the movement that closes exactly all lots, or exactly the first of them, or leaves
    /// exactly whole units, if `movement` differs from it by no more than the rounding of splits; else
    /// `movement`. A broker that rounds each lot sells 0.66666666 where two thirds together are
    /// 0.66666667.
    ///
    /// The rounding is one unit of the last decimal for each acquisition before the last split, and
    /// for each acquisition of which the first lots are, as far as they are rounded.
    pub fn within_rounding(&self, movement: Quantity) -> Quantity {
        if movement.is_zero() || (self.rounded == 0 && self.fractions.is_none()) {
            return movement;
        }
        let found = self.all_within_rounding(movement);
        let found = found.or_else(|| self.lots_within_rounding(movement));
        let found = found.or_else(|| self.whole_units_within_rounding(movement));
        found.unwrap_or(movement)
    }

    fn is_closing(&self, movement: Quantity) -> bool {
        movement.is_negative() != self.quantity.is_negative()
    }

    fn all_within_rounding(&self, movement: Quantity) -> Option<Quantity> {
        let closing = self.quantity.negated()?;
        let is_within = movement.minus(closing)?.abs() <= self.rounding_of(self.rounded);
        (self.rounded > 0 && self.is_closing(movement) && is_within).then_some(closing)
    }

    /// Returns the movement that closes the first lots in the order of the method: of several that are
    /// near, the nearest.
    fn lots_within_rounding(&self, movement: Quantity) -> Option<Quantity> {
        let fractions = self.fractions.as_ref()?;
        if !self.is_closing(movement) {
            return None;
        }
        let unit = self.rounding_of(1);
        let (mut closing, mut rounding) = (Quantity::ZERO, Quantity::ZERO);
        let mut nearest: Option<(Quantity, Quantity)> = None;
        let mut counted = None;
        for at in closing_order(self.lots.len(), self.method) {
            closing = closing.minus(self.lots[at].quantity)?;
            let acquisition = Some(self.lots[at].origin.transaction);
            if !fractions.get(at).is_zero() && counted != acquisition {
                rounding = rounding.plus(unit)?;
                counted = acquisition;
            }
            let difference = movement.minus(closing)?.abs();
            if nearest.is_some_and(|(before, _)| before <= difference) {
                break;
            }
            if difference <= rounding {
                nearest = Some((difference, closing));
            }
        }
        nearest.map(|(_, closing)| closing)
    }

    /// Returns the movement after which whole units are left of a holding that a split rounded, such
    /// as the sale of its fraction.
    fn whole_units_within_rounding(&self, movement: Quantity) -> Option<Quantity> {
        self.fractions.as_ref()?;
        let left = self.quantity.plus(movement)?;
        let whole = left.nearest_whole()?;
        let is_within = left.minus(whole)?.abs() <= self.rounding_of(self.rounded);
        let exact = whole.minus(self.quantity)?;
        (is_within && exact.is_negative() == movement.is_negative()).then_some(exact)
    }

    /// Returns what rounding can add to or take from this number of lots.
    pub(super) fn rounding_of(&self, lots: u32) -> Quantity {
        let unit = smallest_difference(
            self.lots.iter().map(|lot| lot.quantity),
            self.fractions.as_deref(),
        );
        unit.times_ratio(lots.into(), 1).unwrap_or(unit)
    }

    /// Closes the fraction of a unit for which a holder is paid, and returns the lots. Exactly whole
    /// units are left, and nothing of them is rounded any more.
    pub fn close_fraction(&mut self) -> Option<ClosedLots> {
        let closed = self.close(self.quantity.fraction().negated()?)?;
        if !self.lots.is_empty() {
            self.settle_whole_units(self.next_to_close());
            self.rounded = 0;
            self.granularity = Granularity::WHOLE;
        }
        Some(closed)
    }

    /// Returns what the exact quantity of the lot at an index is more than the quantity that it shows.
    pub(super) fn fraction(&self, at: usize) -> LotFraction {
        let fractions = self.fractions.as_ref();
        fractions.map_or(LotFraction::ZERO, |fractions| fractions.get(at))
    }

    pub(super) fn lot_fractions(&self) -> Vec<LotFraction> {
        match &self.fractions {
            Some(fractions) => fractions.to_vec(),
            None => vec![LotFraction::ZERO; self.lots.len()],
        }
    }

    /// Returns what the exact quantity of the holding is more than the one that it shows; `None` if
    /// each lot shows its exact quantity.
    pub(super) fn fraction_of_all(&self) -> Option<LotFraction> {
        let fractions = self.fractions.as_ref();
        fractions.map(|fractions| fractions.sum())
    }

    pub(super) fn set_fractions(&mut self, fractions: Option<Fractions>) {
        self.fractions = fractions.map(Box::new);
    }

    /// Adds to the exact quantity of a holding, of which the lot that is closed next takes it.
    pub(super) fn add_fraction(&mut self, fraction: LotFraction) {
        if fraction.is_zero() || self.lots.is_empty() {
            return;
        }
        let (at, mut fractions) = (self.next_to_close(), self.lot_fractions());
        fractions[at] = fractions[at].plus(fraction);
        self.set_rounded(Fractions::of(&fractions));
        self.settle_whole_units(at);
    }

    /// Sets fractions that come from the lots of another holding.
    pub(super) fn set_rounded(&mut self, fractions: Option<Fractions>) {
        let granularity = Granularity::of(fractions.as_ref());
        self.granularity = self.granularity.with(granularity);
        self.rounded = self.acquisitions;
        self.set_fractions(fractions);
    }

    /// Returns the index of the lot that is closed next.
    pub(super) fn next_to_close(&self) -> usize {
        let mut order = closing_order(self.lots.len(), self.method);
        let shown = order.find(|at| !self.lots[*at].quantity.is_zero());
        shown.unwrap_or_default()
    }

    /// Makes the exact quantity of a holding that shows whole units the one that it shows. The lot at
    /// `at` takes the difference.
    pub(super) fn settle_whole_units(&mut self, at: usize) {
        let Some(sum) = self.fraction_of_all() else {
            return;
        };
        if !sum.is_zero() && self.quantity.fraction().is_zero() {
            let mut fractions = self.lot_fractions();
            fractions[at] = fractions[at].plus(sum.negated());
            self.set_fractions(Fractions::of(&fractions));
        }
    }

    /// Gives the last of the closed lots what is missing of the exact quantity that the holding had.
    pub(super) fn give_fraction(&self, before: LotFraction, closed: &mut ClosedLots) {
        let left = self.fraction_of_all().unwrap_or(LotFraction::ZERO);
        let given = closed.iter().map(|lot| lot.fraction);
        let given = given.fold(left, LotFraction::plus);
        if let Some(last) = closed.last_mut() {
            last.fraction = last.fraction.plus(before.plus(given.negated()));
        }
    }
}
