//! Splits the quantities of lots without losing what rounding takes away.
//!
//! Three lots of one share are 1/3 share each after a split of one for three, and one share in
//! total. Each lot shows a quantity that fits, and the difference to its exact quantity is kept as a
//! fraction, so that a later split starts from the exact quantities.

use super::fractions::{Fractions, LotFraction, Unit};
use crate::domain::division::{divide_half_even, greatest_common_divisor};
use crate::domain::fine_amount::Quantity;

/// Quantities after a split, with what rounding took from each.
pub(super) struct SplitQuantities {
    pub(super) quantities: Vec<Quantity>,
    pub(super) fractions: Option<Fractions>,
}

/// Returns one unit of the last decimal that the rounding of a split leaves.
pub(super) fn smallest_difference(
    quantities: impl Iterator<Item = Quantity>,
    fractions: Option<&Fractions>,
) -> Quantity {
    let quantities: Vec<_> = quantities.collect();
    let unit = Unit::of(&quantities, fractions).of_fine_units();
    Quantity::from_fine_units(unit).unwrap_or_default()
}

/// A fraction of which the quantities of a holding are multiples since its splits, as far as that
/// follows from what was moved, and not from the lots that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Granularity {
    numerator: u32,
    denominator: u32,
}

impl Granularity {
    /// Whole units: without a split.
    pub(super) const WHOLE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// Returns whether splits cannot have rounded a quantity.
    pub(super) const fn is_whole(self) -> bool {
        self.denominator == 1
    }

    /// Returns the granularity after a split. One that does not fit is fine enough to stay rounded.
    pub(super) fn split(self, new: u32, old: u32) -> Self {
        let numerator = u64::from(self.numerator) * u64::from(new);
        let denominator = u64::from(self.denominator) * u64::from(old);
        let divisor = greatest_common_divisor(numerator.into(), denominator.into());
        let reduced = |units: u64| u32::try_from(u128::from(units) / divisor).ok();
        match (reduced(numerator), reduced(denominator)) {
            (Some(numerator), Some(denominator)) => Self {
                numerator,
                denominator,
            },
            _ => Self {
                numerator: 1,
                denominator: u32::MAX,
            },
        }
    }

    /// Returns the granularity of lots with these fractions.
    pub(super) fn of(fractions: Option<&Fractions>) -> Self {
        let denominator = fractions.map_or(1, |fractions| fractions.denominator);
        Self {
            numerator: 1,
            denominator: u32::try_from(denominator).unwrap_or(u32::MAX),
        }
    }

    /// Returns the granularity of the lots of two holdings together.
    pub(super) fn with(self, other: Self) -> Self {
        let (own, others) = (u64::from(self.denominator), u64::from(other.denominator));
        let divisor = greatest_common_divisor(own.into(), others.into()) as u64;
        Self {
            numerator: 1,
            denominator: u32::try_from(own / divisor * others).unwrap_or(u32::MAX),
        }
    }

    /// Returns the granularity after whole units moved.
    pub(super) const fn with_whole_units(self) -> Self {
        Self {
            numerator: 1,
            ..self
        }
    }
}

/// Turns each `old` units into `new`. The total is rounded once, half to even, and each lot gets the
/// difference between the rounded totals up to it and up to the lot before, so that the lots add up
/// to the total.
///
/// If the exact quantities do not fit 128 bits, the split starts from the rounded ones. Returns
/// `None` if a quantity does not fit.
pub(super) fn split_quantities(
    quantities: &[Quantity],
    fractions: Option<&Fractions>,
    new: u32,
    old: u32,
) -> Option<SplitQuantities> {
    match split_exactly(quantities, fractions, new, old) {
        Some(split) => {
            let quantities = split.quantities()?;
            let fractions = Fractions::reduced(split.unit, split.denominator, split.rests);
            Some(SplitQuantities {
                quantities,
                fractions,
            })
        }
        None => split_rounded(quantities, new, old).map(|quantities| SplitQuantities {
            quantities,
            fractions: None,
        }),
    }
}

/// Rounds the total of lots once, with their fractions, as a split does.
pub(super) fn round_together(
    quantities: &[Quantity],
    fractions: &[LotFraction],
) -> Option<SplitQuantities> {
    split_quantities(quantities, Fractions::of(fractions).as_ref(), 1, 1)
}

/// Exact quantities after a split: whole units, and the rest of each over the denominator.
struct ExactSplit {
    unit: Unit,
    units: Vec<i128>,
    rests: Vec<i128>,
    denominator: i128,
}

impl ExactSplit {
    fn quantities(&self) -> Option<Vec<Quantity>> {
        let quantities = self.units.iter().map(|units| self.unit.quantity(*units));
        quantities.collect()
    }
}

/// Returns `None` if an exact quantity does not fit 128 bits.
fn split_exactly(
    quantities: &[Quantity],
    fractions: Option<&Fractions>,
    new: u32,
    old: u32,
) -> Option<ExactSplit> {
    let divisor = greatest_common_divisor(new.into(), old.into()) as i128;
    let (new, old) = (i128::from(new) / divisor, i128::from(old) / divisor);
    let unit = Unit::of(quantities, fractions);
    let before = fractions.map_or(1, |fractions| fractions.denominator);
    let denominator = before.checked_mul(old)?;
    // Fractions of an earlier split may be those of larger units.
    let scale = fractions.map_or(1, |fractions| {
        fractions.unit.of_fine_units() / unit.of_fine_units()
    });
    let mut split = ExactSplit {
        unit,
        units: Vec::with_capacity(quantities.len()),
        rests: Vec::with_capacity(quantities.len()),
        denominator,
    };
    let (mut total, mut shown) = (0_i128, 0_i128);
    for (at, quantity) in quantities.iter().enumerate() {
        let fraction = fractions.map_or(0, |fractions| fractions.numerators[at]);
        let exact = unit
            .count(*quantity)
            .checked_mul(before)?
            .checked_add(fraction.checked_mul(scale)?)?
            .checked_mul(new)?;
        total = total.checked_add(exact)?;
        let rounded = divide_half_even(total, denominator.unsigned_abs());
        let lot = rounded - shown;
        shown = rounded;
        split.units.push(lot);
        split.rests.push(exact - lot.checked_mul(denominator)?);
    }
    Some(split)
}

/// Splits the quantities as they are shown. Returns `None` if a quantity does not fit.
fn split_rounded(quantities: &[Quantity], new: u32, old: u32) -> Option<Vec<Quantity>> {
    let (mut total, mut shown) = (Quantity::ZERO, Quantity::ZERO);
    let split = quantities.iter().map(|quantity| {
        total = total.plus(*quantity)?;
        let rounded = total.times_ratio(i64::from(new), i64::from(old))?;
        let lot = rounded.minus(shown)?;
        shown = rounded;
        Some(lot)
    });
    split.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_that_comes_out_even_keeps_no_fraction() {
        let split = split_quantities(&[Quantity::whole(3)], None, 5, 3).unwrap();
        assert_eq!(split.quantities, [Quantity::whole(5)]);
        assert_eq!(split.fractions, None);
    }

    #[test]
    fn rests_are_spread_over_the_lots() {
        let thirds = split_quantities(&[Quantity::whole(1); 3], None, 1, 3).unwrap();
        let units: Vec<_> = thirds.quantities.iter().map(Quantity::to_string).collect();
        assert_eq!(units, ["0.33333333", "0.33333334", "0.33333333"]);
        let fractions = thirds.fractions.unwrap();
        assert_eq!(fractions.denominator, 3);
        assert_eq!(fractions.numerators, [1, -2, 1]);
    }

    #[test]
    fn a_fine_lot_makes_the_unit_of_all_lots_finer() {
        let thirds = split_quantities(&[Quantity::whole(1)], None, 1, 3).unwrap();
        let fractions = thirds.fractions.unwrap();
        let fine: Quantity = "0.000000000000000001".parse().unwrap();
        let mut lots = thirds.quantities;
        lots.push(fine);
        let mut fractions = fractions;
        fractions.push_exact();
        let back = split_quantities(&lots, Some(&fractions), 3, 1).unwrap();
        assert_eq!(back.quantities[0], Quantity::whole(1));
        assert_eq!(back.quantities[1], "0.000000000000000003".parse().unwrap());
        assert_eq!(back.fractions, None);
    }

    #[test]
    fn quantities_too_fine_for_128_bits_are_split_as_shown() {
        let fine = Fractions {
            unit: Unit::Compact,
            denominator: i128::MAX / 4,
            numerators: vec![1],
        };
        let split = split_quantities(&[Quantity::whole(9)], Some(&fine), 1, 3).unwrap();
        assert_eq!(split.quantities, [Quantity::whole(3)]);
        assert_eq!(split.fractions, None);
    }
}
