//! Exchange rates as exact ratios, so that an inverse or a product of rates is not rounded before
//! it multiplies an amount.

use super::amount::{Money, Price, divide_half_even};

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
        let numerator = u128::try_from(price.units()).ok()?;
        (numerator > 0).then_some(Self {
            numerator,
            denominator: Price::SCALE as u128,
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

    /// Returns the rate of two conversions, one after the other. `None` if the exact ratio is
    /// larger than that of any two prices.
    pub fn followed_by(self, next: Self) -> Option<Self> {
        let numerator = self.numerator.checked_mul(next.numerator)?;
        let denominator = self.denominator.checked_mul(next.denominator)?;
        let divisor = greatest_common_divisor(numerator, denominator);
        let rate = Self {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        };
        // `convert` adds two numbers below the denominator in 128 bits.
        (rate.numerator.max(rate.denominator) >> 127 == 0).then_some(rate)
    }

    /// Returns the rate as a floating-point number, for returns.
    pub const fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Converts money at this rate, rounded once, half to even. `None` if the result does not fit.
    pub fn convert(self, money: Money) -> Option<Money> {
        let units = i128::from(money.units());
        let product = (i128::try_from(self.numerator).ok())
            .and_then(|numerator| units.checked_mul(numerator));
        let converted = match product {
            Some(product) => i64::try_from(divide_half_even(product, self.denominator)).ok()?,
            None => self.convert_wide(money.units())?,
        };
        Some(Money::from_units(converted))
    }

    /// Multiplies and divides without forming the product, which takes up to 190 bits: bit by bit
    /// of `units`, as on paper.
    #[cold]
    fn convert_wide(self, units: i64) -> Option<i64> {
        let size = units.unsigned_abs();
        let (whole, part) = (
            self.numerator / self.denominator,
            self.numerator % self.denominator,
        );
        let (mut quotient, mut rest) = (0_u128, 0_u128);
        let add = |rest: &mut u128, more: u128| {
            *rest += more;
            let carry = u128::from(*rest >= self.denominator);
            *rest -= carry * self.denominator;
            carry
        };
        for bit in (0..u64::BITS).rev() {
            let same = rest;
            quotient = quotient.checked_mul(2)? + add(&mut rest, same);
            if size >> bit & 1 == 1 {
                quotient = quotient.checked_add(whole)? + add(&mut rest, part);
            }
            // It only grows from here on.
            if quotient > u128::from(u64::MAX) {
                return None;
            }
        }
        // `rest` is compared with the other part of the divisor: doubling it could overflow.
        let other = self.denominator - rest;
        let up = rest > other || (rest == other && quotient % 2 == 1);
        let quotient = i128::try_from(quotient).ok()? + i128::from(up);
        i64::try_from(if units < 0 { -quotient } else { quotient }).ok()
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
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
    fn halves_round_to_even_in_both_ways_to_divide() {
        let half = rate("0.5");
        for (units, converted) in [(1, 0), (3, 2), (-1, 0), (-3, -2)] {
            let money = Money::from_units(units);
            assert_eq!(half.convert(money), Some(Money::from_units(converted)));
            assert_eq!(half.convert_wide(units), Some(converted));
        }
    }

    #[test]
    fn a_result_that_does_not_fit_is_none() {
        assert_eq!(rate("2").convert(Money::MAX), None);
        let large = rate("90000000000");
        let larger = large.followed_by(large).unwrap();
        assert_eq!(larger.convert(Money::MAX), None);
        assert_eq!(larger.convert_wide(i64::MIN), None);
        assert_eq!(larger.followed_by(larger), None);
    }

    proptest! {
        #[test]
        fn both_ways_to_divide_agree(units: i64, a in 1_i64.., b in 1_i64.., flip: bool) {
            let rate = ExchangeRate::from_price(Price::from_units(a)).unwrap();
            let rate = if flip { rate.inverted() } else { rate };
            prop_assert_eq!(rate.convert(Money::from_units(units)).map(Money::units), rate.convert_wide(units));
            // A cross rate through a currency and back converts to the same.
            let there = ExchangeRate::from_price(Price::from_units(b)).unwrap();
            let back = rate.followed_by(there).and_then(|cross| cross.followed_by(there.inverted()));
            if let Some(back) = back {
                prop_assert_eq!(back.convert(Money::from_units(units)), rate.convert(Money::from_units(units)));
            }
        }
    }
}
