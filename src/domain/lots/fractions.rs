//! Keeps what rounding takes from the quantities of lots.
//!
//! A third of a share shows 0.33333333. The difference to the exact quantity stays with the lot: through
//! a transfer to another portfolio, and through units received for it.

use crate::domain::division::greatest_common_divisor;
use crate::domain::fine_amount::{FINE, Quantity};

/// The difference between the exact quantity of a lot and the quantity that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotFraction {
    unit: Unit,
    numerator: i128,
    /// At least 1, and reduced.
    denominator: i128,
}

impl LotFraction {
    /// The difference of a lot that shows its exact quantity.
    pub const ZERO: Self = Self {
        unit: Unit::Compact,
        numerator: 0,
        denominator: 1,
    };

    fn new(unit: Unit, numerator: i128, denominator: i128) -> Self {
        if numerator == 0 {
            return Self::ZERO;
        }
        let (size, whole) = (numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = greatest_common_divisor(size, whole) as i128;
        Self {
            unit,
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        }
    }

    /// Returns whether the lot shows its exact quantity.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Returns the sum; zero if it does not fit.
    pub(super) fn plus(self, other: Self) -> Self {
        let sum = Fractions::of(&[self, other]).map(|both| both.sum());
        sum.unwrap_or(Self::ZERO)
    }

    pub(super) fn negated(self) -> Self {
        Self {
            numerator: -self.numerator,
            ..self
        }
    }
}

/// The differences between the exact quantities of lots and the quantities that they show, in
/// units, over one denominator. Not all of them are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fractions {
    pub(super) unit: Unit,
    /// At least 2, and reduced.
    pub(super) denominator: i128,
    /// One for each lot, in the order of the lots.
    pub(super) numerators: Vec<i128>,
}

impl Fractions {
    /// Returns the fractions of lots that were split, or `None` if all of them are zero.
    pub(super) fn reduced(
        unit: Unit,
        mut denominator: i128,
        mut numerators: Vec<i128>,
    ) -> Option<Self> {
        let sizes = numerators.iter().map(|numerator| numerator.unsigned_abs());
        let divisor = sizes.fold(denominator.unsigned_abs(), greatest_common_divisor) as i128;
        denominator /= divisor;
        for numerator in &mut numerators {
            *numerator /= divisor;
        }
        numerators
            .iter()
            .any(|numerator| *numerator != 0)
            .then_some(Self {
                unit,
                denominator,
                numerators,
            })
    }

    /// Returns the fractions of lots over a common denominator, or `None` if all of them are zero or
    /// the denominator does not fit.
    pub(super) fn of(fractions: &[LotFraction]) -> Option<Self> {
        let inexact = fractions.iter().filter(|fraction| !fraction.is_zero());
        let (mut unit, mut denominator) = (Unit::Compact, 1_i128);
        for fraction in inexact {
            if fraction.unit == Unit::Fine {
                unit = Unit::Fine;
            }
            let other = fraction.denominator;
            let divisor =
                greatest_common_divisor(denominator.unsigned_abs(), other.unsigned_abs()) as i128;
            denominator = denominator.checked_mul(other / divisor)?;
        }
        let numerators = fractions.iter().map(|fraction| {
            let scale = fraction.unit.of_fine_units() / unit.of_fine_units();
            let scaled = fraction.numerator.checked_mul(scale.max(1))?;
            scaled.checked_mul(denominator / fraction.denominator)
        });
        Self::reduced(unit, denominator, numerators.collect::<Option<_>>()?)
    }

    /// Returns that of the lot at an index.
    pub(super) fn get(&self, at: usize) -> LotFraction {
        LotFraction::new(self.unit, self.numerators[at], self.denominator)
    }

    /// Returns those of all lots.
    pub(super) fn to_vec(&self) -> Vec<LotFraction> {
        (0..self.numerators.len()).map(|at| self.get(at)).collect()
    }

    /// Returns the difference between the exact quantity of all lots and the quantity that they show.
    pub(super) fn sum(&self) -> LotFraction {
        let mut numerators = self.numerators.iter();
        let sum = numerators.try_fold(0_i128, |sum, numerator| sum.checked_add(*numerator));
        LotFraction::new(self.unit, sum.unwrap_or(0), self.denominator)
    }

    /// Adds a lot whose quantity is exact.
    pub(super) fn push_exact(&mut self) {
        self.numerators.push(0);
    }

    /// Returns those of the lots at the indices that `keep` accepts.
    pub(super) fn keeping(mut self, keep: impl Fn(usize) -> bool) -> Option<Self> {
        let mut at = 0..;
        self.numerators.retain(|_| at.next().is_some_and(&keep));
        Self::reduced(self.unit, self.denominator, self.numerators)
    }
}

/// The unit to which the quantities of a holding are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 10⁻⁸, while all quantities have the compact form.
    Compact,
    /// Steps of 10⁻¹⁸, the finest.
    Fine,
}

impl Unit {
    /// Returns the unit of lots, given the fractions of earlier splits.
    pub(super) fn of(quantities: &[Quantity], fractions: Option<&Fractions>) -> Self {
        let is_compact = quantities.iter().all(|lot| lot.compact().is_some());
        match fractions {
            Some(fractions) if fractions.unit == Self::Fine => Self::Fine,
            _ if is_compact => Self::Compact,
            _ => Self::Fine,
        }
    }

    pub(super) const fn of_fine_units(self) -> i128 {
        match self {
            Self::Compact => FINE,
            Self::Fine => 1,
        }
    }

    pub(super) fn count(self, quantity: Quantity) -> i128 {
        match (self, quantity.compact()) {
            (Self::Compact, Some(units)) => units.into(),
            _ => quantity.fine_units() / self.of_fine_units(),
        }
    }

    pub(super) fn quantity(self, units: i128) -> Option<Quantity> {
        match (self, i64::try_from(units)) {
            (Self::Compact, Ok(units)) => Some(Quantity::from_units(units)),
            _ => Quantity::from_fine_units(units.checked_mul(self.of_fine_units())?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(numerator: i128, denominator: i128) -> LotFraction {
        LotFraction::new(Unit::Compact, numerator, denominator)
    }

    #[test]
    fn fractions_have_a_common_denominator() {
        let fractions = Fractions::of(&[part(1, 6), part(0, 1), part(-1, 4)]).unwrap();
        assert_eq!(fractions.denominator, 12);
        assert_eq!(fractions.numerators, [2, 0, -3]);
        assert_eq!(fractions.sum(), part(-1, 12));
        assert_eq!(fractions.to_vec()[2], part(-1, 4));
        assert_eq!(fractions.keeping(|at| at == 1), None);
        assert_eq!(part(1, 3).plus(part(-1, 3)), LotFraction::ZERO);
    }

    #[test]
    fn a_fine_fraction_makes_the_unit_of_all_finer() {
        let fine = LotFraction::new(Unit::Fine, 1, 2);
        let fractions = Fractions::of(&[part(1, 3), fine]).unwrap();
        assert_eq!(fractions.unit, Unit::Fine);
        assert_eq!(fractions.numerators, [2 * FINE, 3]);
        assert_eq!(fractions.get(0), LotFraction::new(Unit::Fine, FINE, 3));
    }

    #[test]
    fn fractions_that_do_not_fit_are_dropped() {
        assert_eq!(Fractions::of(&[part(1, i128::MAX), part(1, 3)]), None);
    }
}
