//! Exchange rates as exact ratios, so that an inverse or a product of rates is not rounded before
//! it multiplies an amount.

use super::amount::Money;
use super::division::{divide_size_half_even, greatest_common_divisor};
use super::fine_amount::Price;
use super::wide::product_ratio;

/// A rate between two currencies: the units of one for a unit of the other, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeRate {
    numerator: u128,
    denominator: u128,
}

impl ExchangeRate {
    /// The rate from a currency to itself.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// Returns the rate that the price of a currency pair states; `None` unless it is above zero.
    pub fn from_price(price: Price) -> Option<Self> {
        let (units, denominator) = match price.compact() {
            Some(units) => (units.into(), Price::SCALE as u128),
            None => (price.fine_units(), 10_u128.pow(Price::DECIMALS)),
        };
        let numerator = u128::try_from(units).ok()?;
        (numerator > 0).then_some(Self {
            numerator,
            denominator,
        })
    }

    /// Returns the rate in the other direction.
    #[must_use]
    pub const fn inverted(self) -> Self {
        Self {
            numerator: self.denominator,
            denominator: self.numerator,
        }
    }

    /// Returns the rate of two conversions, one after the other: exact if numerator and denominator
    /// fit in 127 bits, as those of two prices of up to 19 digits do. Otherwise both keep the
    /// highest bits, at least 64 of each. `None` if the rate is too large or small for that.
    pub fn followed_by(self, next: Self) -> Option<Self> {
        let rate = self.exactly_followed_by(next);
        rate.or_else(|| self.roughly_followed_by(next))
    }

    fn exactly_followed_by(self, next: Self) -> Option<Self> {
        let numerator = self.numerator.checked_mul(next.numerator)?;
        let denominator = self.denominator.checked_mul(next.denominator)?;
        let divisor = greatest_common_divisor(numerator, denominator);
        let rate = Self {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        };
        // Rates divide by numbers below 2¹²⁷.
        (rate.numerator.max(rate.denominator) >> 127 == 0).then_some(rate)
    }

    /// Returns the rate as a floating-point number, for returns.
    pub const fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    #[cold]
    fn roughly_followed_by(self, next: Self) -> Option<Self> {
        let bits = |a: u128, b: u128| 256 - a.leading_zeros() - b.leading_zeros();
        let numerator_bits = bits(self.numerator, next.numerator);
        let denominator_bits = bits(self.denominator, next.denominator);
        let shift = numerator_bits.max(denominator_bits).saturating_sub(126);
        let halves = [1 << (shift / 2), 1 << (shift - shift / 2)];
        let numerator = product_ratio(&[self.numerator, next.numerator], &halves)?;
        let denominator = product_ratio(&[self.denominator, next.denominator], &halves)?;
        (numerator.min(denominator) >> 63 != 0).then_some(Self {
            numerator,
            denominator,
        })
    }

    /// Converts money at this rate, rounded once, half to even. `None` if the result does not fit.
    pub fn convert(self, money: Money) -> Option<Money> {
        let size = u128::from(money.units().unsigned_abs());
        let converted = match size.checked_mul(self.numerator) {
            Some(product) => divide_size_half_even(product, self.denominator),
            None => product_ratio(&[size, self.numerator], &[self.denominator])?,
        };
        let converted = i128::try_from(converted).ok()?;
        let converted = if money.is_negative() {
            -converted
        } else {
            converted
        };
        i64::try_from(converted).ok().map(Money::from_units)
    }

    pub(super) const fn numerator(self) -> u128 {
        self.numerator
    }

    pub(super) const fn denominator(self) -> u128 {
        self.denominator
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> ExchangeRate {
        ExchangeRate::from_price(text.parse().unwrap()).unwrap()
    }

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_and_its_inverse() {
        assert_eq!(rate("1.25").convert(money("100")), Some(money("125")));
        assert_eq!(
            rate("1.25").inverted().convert(money("100")),
            Some(money("80"))
        );
        assert_eq!(ExchangeRate::from_price(Price::ZERO), None);
        assert_eq!(ExchangeRate::from_price(Price::from_units(-1)), None);
        assert_eq!(ExchangeRate::ONE.convert(money("7")), Some(money("7")));
    }

    #[test]
    fn an_inverse_is_not_rounded_before_it_multiplies() {
        let pounds = rate("30000").inverted().convert(money("9000000"));
        assert_eq!(pounds, Some(money("300")));
        let rupiah = rate("20082.05").inverted().convert(money("1000000000"));
        assert_eq!(rupiah, Some(money("49795.7131")));
        let dong = rate("26345").inverted().convert(money("10000000000"));
        assert_eq!(dong, Some(money("379578.6677")));
    }

    #[test]
    fn a_cross_rate_is_rounded_once() {
        let cross = rate("1.5").followed_by(rate("1.2").inverted()).unwrap();
        assert_eq!(cross.convert(money("100")), Some(money("125")));
        let through_dollars = rate("26345").inverted().followed_by(rate("16000")).unwrap();
        assert_eq!(
            through_dollars.convert(money("10000")),
            Some(money("6073.2587"))
        );
    }

    #[test]
    fn halves_round_to_even() {
        let half = rate("0.5");
        for (units, converted) in [(1, 0), (3, 2), (-1, 0), (-3, -2)] {
            let money = Money::from_units(units);
            assert_eq!(half.convert(money), Some(Money::from_units(converted)));
        }
    }

    #[test]
    fn a_result_that_does_not_fit_is_none() {
        assert_eq!(rate("2").convert(Money::MAX), None);
        let large = rate("90000000000");
        let larger = large.followed_by(large).unwrap();
        assert_eq!(larger.convert(Money::MAX), None);
        assert_eq!(larger.followed_by(larger), None);
    }

    #[test]
    fn rates_of_many_digits_cross_to_thirty_digits() {
        let dong = rate("26345.123456789012345678").inverted();
        let rupiah = rate("16000.987654321098765432");
        let cross = dong.followed_by(rupiah).unwrap();
        // 1e9 × 16000.987654321098765432 ÷ 26345.123456789012345678
        assert_eq!(
            cross.convert(money("1000000000")),
            Some(money("607360511.351"))
        );
    }

    proptest! {
        #[test]
        fn a_cross_rate_and_back_converts_to_the_same(units: i64, a in 1_i64.., b in 1_i64.., flip: bool) {
            let rate = ExchangeRate::from_price(Price::from_units(a)).unwrap();
            let rate = if flip { rate.inverted() } else { rate };
            let there = ExchangeRate::from_price(Price::from_units(b)).unwrap();
            let back = rate.followed_by(there).and_then(|cross| cross.followed_by(there.inverted()));
            if let Some(back) = back {
                prop_assert_eq!(back.convert(Money::from_units(units)), rate.convert(Money::from_units(units)));
            }
        }
    }
}
