//! Exact amounts: money, quantities and prices as scaled 64-bit integers.
//!
//! Decimal numbers enter and leave as [`rust_decimal::Decimal`]; in between everything is an
//! integer, products are formed in 128 bits, and every rounding is half-to-even. An operation
//! whose result does not fit says so with `None`, never by wrapping.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use thiserror::Error;

/// Why a text or number is no amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// More decimals than are kept.
    #[error("`{text}` has more than {decimals} decimals")]
    TooManyDecimals {
        /// What was written.
        text: String,
        /// How many decimals are kept.
        decimals: u32,
    },
    /// Too large to be kept.
    #[error("`{text}` is larger than {max}")]
    TooLarge {
        /// What was written.
        text: String,
        /// The largest that is kept.
        max: Decimal,
    },
}

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident, $decimals:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The largest that is kept.
            pub const MAX: Self = Self(i64::MAX);
            /// How many decimals are kept.
            pub const DECIMALS: u32 = $decimals;
            /// Units to the whole: ten to the power of the decimals.
            pub const SCALE: i64 = 10_i64.pow($decimals);

            /// The amount of this many smallest units.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// The amount of this many whole ones; an overflow is a bug of the caller.
            pub const fn whole(whole: i32) -> Self {
                Self(whole as i64 * Self::SCALE)
            }

            /// How many smallest units it is.
            pub const fn units(self) -> i64 {
                self.0
            }

            /// The exact decimal number.
            pub fn decimal(self) -> Decimal {
                Decimal::new(self.0, Self::DECIMALS)
            }

            /// The nearest floating-point number, for ratios and risk.
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / Self::SCALE as f64
            }

            /// The amount of a decimal number; an error where it has too many decimals or is
            /// too large.
            pub fn from_decimal(number: Decimal) -> Result<Self, AmountError> {
                let number = number.normalize();
                if number.scale() > Self::DECIMALS {
                    return Err(AmountError::TooManyDecimals {
                        text: number.to_string(),
                        decimals: Self::DECIMALS,
                    });
                }
                Self::scaled(number)
            }

            /// The amount nearest to a decimal number, half to even; an error where it is too
            /// large.
            pub fn rounded(number: Decimal) -> Result<Self, AmountError> {
                Self::scaled(number.round_dp(Self::DECIMALS).normalize())
            }

            fn scaled(number: Decimal) -> Result<Self, AmountError> {
                number
                    .checked_mul(Decimal::from(Self::SCALE))
                    .and_then(|scaled| scaled.to_i64())
                    .map(Self)
                    .ok_or_else(|| AmountError::TooLarge {
                        text: number.to_string(),
                        max: Self::MAX.decimal(),
                    })
            }

            /// The sum, if it fits.
            pub const fn plus(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// The difference, if it fits.
            pub const fn minus(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// The same size with the other sign, if it fits.
            pub const fn negated(self) -> Option<Self> {
                match self.0.checked_neg() {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// `self × numerator ÷ denominator`, half to even, if it fits and the denominator
            /// is not zero.
            pub fn times_ratio(self, numerator: i64, denominator: i64) -> Option<Self> {
                if denominator == 0 {
                    return None;
                }
                let product = i128::from(self.0) * i128::from(numerator);
                let (product, denominator) = if denominator < 0 {
                    (-product, -i128::from(denominator))
                } else {
                    (product, i128::from(denominator))
                };
                i64::try_from(divide_half_even(product, denominator.unsigned_abs()))
                    .ok()
                    .map(Self)
            }

            /// Whether it is zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether it is below zero.
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }
        }

        impl FromStr for $name {
            type Err = AmountError;

            fn from_str(text: &str) -> Result<Self, AmountError> {
                let number = Decimal::from_str_exact(text)
                    .or_else(|_| Decimal::from_scientific(text))
                    .map_err(|_| AmountError::NotANumber(text.to_owned()))?;
                Self::from_decimal(number)
            }
        }

        impl fmt::Display for $name {
            /// Plain digits without trailing zeros; with a precision, exactly so many decimals.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = match f.precision() {
                    Some(decimals) => {
                        let decimals = decimals as u32;
                        format!("{:.*}", decimals as usize, self.decimal().round_dp(decimals))
                    }
                    None => self.decimal().normalize().to_string(),
                };
                f.pad_integral(!text.starts_with('-'), "", text.trim_start_matches('-'))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.decimal().normalize())
            }
        }
    };
}

amount!(
    /// An amount of money in the currency of its portfolio: four decimals, up to some
    /// 922 million million.
    Money,
    4
);

amount!(
    /// How much of a security: eight decimals, up to some 92 thousand million; negative is short.
    Quantity,
    8
);

amount!(
    /// The price of one unit, or a rate of exchange: eight decimals, up to some 92 thousand
    /// million.
    Price,
    8
);

/// Ten to the power of the decimals that a quantity times a price has more than money.
const QUANTITY_PRICE_TO_MONEY: u64 = 1_000_000_000_000;

impl Price {
    /// What `quantity` is worth at this price, half to even, if it fits.
    #[inline]
    pub fn value_of(self, quantity: Quantity) -> Option<Money> {
        let product = i128::from(self.0) * i128::from(quantity.0);
        div_trillion_half_even(product).map(Money)
    }

    /// This price times a factor that is a quantity (a contract's multiplier), half to even.
    pub fn checked_mul(self, factor: Quantity) -> Option<Self> {
        self.times_ratio(factor.0, Quantity::SCALE)
    }

    /// One divided by this rate, half to even; nothing for a rate of zero.
    pub fn checked_recip(self) -> Option<Self> {
        Self(Self::SCALE).times_ratio(Self::SCALE, self.0)
    }
}

impl Money {
    /// This money converted at a rate of exchange, half to even, if it fits.
    pub fn checked_convert(self, rate: Price) -> Option<Self> {
        self.times_ratio(rate.0, Price::SCALE)
    }
}

/// Division by 10¹², half to even, if it fits. Almost every value of a holding takes the first
/// branch, which divides in 64 bits: 10¹² = 2¹² × 5¹², so shifting first leaves room for values up
/// to 7.5 million, and dividing by a constant is a multiplication. Such a quotient is below 2³⁷.
///
/// With half the divisor added first, what is left of the division tells a half by being nothing.
#[inline]
fn div_trillion_half_even(product: i128) -> Option<i64> {
    const FIVES: u64 = 5_u64.pow(12);
    let raised = product.unsigned_abs() + u128::from(QUANTITY_PRICE_TO_MONEY / 2);
    let Ok(shifted) = u64::try_from(raised >> 12) else {
        return div_trillion_half_even_wide(product);
    };
    let quotient = shifted / FIVES;
    let rest = (shifted - quotient * FIVES) | (raised as u64 & 0xfff);
    let even = quotient & !u64::from(rest == 0);
    Some(if product < 0 {
        -(even as i64)
    } else {
        even as i64
    })
}

#[cold]
fn div_trillion_half_even_wide(product: i128) -> Option<i64> {
    i64::try_from(divide_half_even(
        product,
        u128::from(QUANTITY_PRICE_TO_MONEY),
    ))
    .ok()
}

fn divide_half_even(number: i128, divisor: u128) -> i128 {
    let size = number.unsigned_abs();
    let (quotient, rest) = (size / divisor, size % divisor);
    let up = rest > divisor - rest || (rest == divisor - rest && quotient % 2 == 1);
    let quotient = (quotient + u128::from(up)) as i128;
    if number < 0 { -quotient } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_parse_and_print() {
        let price: Price = "0.117203".parse().unwrap();
        assert_eq!(price.units(), 11_720_300);
        assert_eq!(price.to_string(), "0.117203");
        assert_eq!(format!("{:.2}", Money::from_units(-1_234_550)), "-123.46");
        assert_eq!(format!("{:>9.2}", Money::whole(7)), "     7.00");
        assert_eq!("1e-3".parse::<Price>().unwrap().to_string(), "0.001");
    }

    #[test]
    fn amounts_that_do_not_fit_are_errors() {
        assert!(matches!(
            "0.12345".parse::<Money>(),
            Err(AmountError::TooManyDecimals { .. })
        ));
        assert!(matches!(
            "1e15".parse::<Money>(),
            Err(AmountError::TooLarge { .. })
        ));
        assert!(matches!(
            "ten".parse::<Money>(),
            Err(AmountError::NotANumber(_))
        ));
        assert!(matches!(
            "NaN".parse::<Price>(),
            Err(AmountError::NotANumber(_))
        ));
        assert_eq!(Price::MAX.value_of(Quantity::MAX), None);
    }

    #[test]
    fn halves_round_to_even() {
        let half_a_unit = Price::from_units(5_000);
        assert_eq!(half_a_unit.value_of(Quantity::whole(1)), Some(Money::ZERO));
        assert_eq!(
            half_a_unit.value_of(Quantity::whole(3)),
            Some(Money::from_units(2))
        );
        assert_eq!(
            half_a_unit.value_of(Quantity::whole(-3)),
            Some(Money::from_units(-2))
        );
    }

    #[test]
    fn a_rate_and_its_inverse() {
        let rate: Price = "1.25".parse().unwrap();
        assert_eq!(rate.checked_recip().unwrap().to_string(), "0.8");
        assert_eq!(
            Money::whole(100).checked_convert(rate),
            Some(Money::whole(125))
        );
        assert_eq!(Price::ZERO.checked_recip(), None);
    }

    proptest! {
        #[test]
        fn fast_division_equals_wide_division(price: i64, quantity: i64, shift in 0_u32..48) {
            let product = i128::from(price >> shift) * i128::from(quantity >> (shift / 2));
            prop_assert_eq!(div_trillion_half_even(product), div_trillion_half_even_wide(product));
        }

        #[test]
        fn division_agrees_with_decimal(number in -1_000_000_000_i64..1_000_000_000, by in 1_i64..10_000) {
            let ours = Money::from_units(number).times_ratio(1, by).unwrap();
            let theirs = (Decimal::from(number) / Decimal::from(by)).round();
            prop_assert_eq!(Decimal::from(ours.units()), theirs);
        }
    }
}
