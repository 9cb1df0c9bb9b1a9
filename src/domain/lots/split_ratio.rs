//! Splits the quantities of lots without losing what rounding takes away.
//!
//! Three lots of one share are 1/3 share each after a split of one for three, and one share in
//! total. Each lot shows a quantity that fits, and the difference to its exact quantity is kept as a
//! fraction, so that a later split starts from the exact quantities.

use crate::domain::amount::{Quantity, divide_half_even};

/// The differences between the exact quantities of lots and the quantities that they show, in
/// smallest units, over one denominator. Zero for all lots until a split does not come out even.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fractions {
    /// At least 2.
    denominator: i128,
    /// One for each lot, in the order of the lots, none larger than the denominator in size.
    numerators: Vec<i128>,
}

impl Fractions {
    /// Returns the fractions of lots that were split, or `None` if all of them are zero.
    fn reduced(mut denominator: i128, mut numerators: Vec<i128>) -> Option<Self> {
        let divisor = numerators.iter().copied().fold(denominator, common_divisor);
        denominator /= divisor;
        for numerator in &mut numerators {
            *numerator /= divisor;
        }
        (denominator > 1).then_some(Self {
            denominator,
            numerators,
        })
    }

    /// Adds a lot whose quantity is exact.
    pub(super) fn push_exact(&mut self) {
        self.numerators.push(0);
    }

    /// Removes the first `count` lots.
    pub(super) fn remove_first(&mut self, count: usize) {
        self.numerators.drain(..count);
    }
}

/// Quantities after a split, with what rounding took from each.
pub(super) struct SplitQuantities {
    pub(super) quantities: Vec<Quantity>,
    pub(super) fractions: Option<Fractions>,
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
        Some(split) => split.quantities().map(|quantities| SplitQuantities {
            quantities,
            fractions: Fractions::reduced(split.denominator, split.rests),
        }),
        None => split_rounded(quantities, new, old).map(|quantities| SplitQuantities {
            quantities,
            fractions: None,
        }),
    }
}

/// Exact quantities after a split: whole units, and the rest of each over the denominator.
struct ExactSplit {
    units: Vec<i128>,
    rests: Vec<i128>,
    denominator: i128,
}

impl ExactSplit {
    fn quantities(&self) -> Option<Vec<Quantity>> {
        let quantities = self.units.iter().map(|units| from_units(*units));
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
    let divisor = common_divisor(i128::from(new), i128::from(old));
    let (new, old) = (i128::from(new) / divisor, i128::from(old) / divisor);
    let before = fractions.map_or(1, |fractions| fractions.denominator);
    let denominator = before.checked_mul(old)?;
    let mut split = ExactSplit {
        units: Vec::with_capacity(quantities.len()),
        rests: Vec::with_capacity(quantities.len()),
        denominator,
    };
    let (mut total, mut shown) = (0_i128, 0_i128);
    for (at, quantity) in quantities.iter().enumerate() {
        let fraction = fractions.map_or(0, |fractions| fractions.numerators[at]);
        let exact = units(*quantity)
            .checked_mul(before)?
            .checked_add(fraction)?
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

fn units(quantity: Quantity) -> i128 {
    i128::from(quantity.units())
}

fn from_units(units: i128) -> Option<Quantity> {
    units.try_into().ok().map(Quantity::from_units)
}

/// Returns the greatest common divisor, above zero if one of the numbers is not zero.
fn common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
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
        let units: Vec<_> = thirds.quantities.iter().map(|lot| lot.units()).collect();
        assert_eq!(units, [33_333_333, 33_333_334, 33_333_333]);
        let fractions = thirds.fractions.unwrap();
        assert_eq!(fractions.denominator, 3);
        assert_eq!(fractions.numerators, [1, -2, 1]);
    }

    #[test]
    fn quantities_too_fine_for_128_bits_are_split_as_shown() {
        let fine = Fractions {
            denominator: i128::MAX / 4,
            numerators: vec![1],
        };
        let split = split_quantities(&[Quantity::whole(9)], Some(&fine), 1, 3).unwrap();
        assert_eq!(split.quantities, [Quantity::whole(3)]);
        assert_eq!(split.fractions, None);
    }
}
