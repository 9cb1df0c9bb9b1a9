//! Exact amounts: money, quantities and prices as scaled 64-bit integers.
//!
//! Decimal numbers enter and leave as [`rust_decimal::Decimal`]. In between everything is an
//! integer, products are formed in 128 bits, and every rounding is half to even. An operation
//! whose result does not fit returns `None`; it never wraps.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use thiserror::Error;

/// The reason a text or number is not a valid amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// The number has more decimals than the amount keeps.
    #[error("`{text}` has more than {decimals} decimals")]
    TooManyDecimals {
        /// The number as written.
        text: String,
        /// The number of decimals that the amount keeps.
        decimals: u32,
    },
    /// The number does not fit in 64 bits at the amount's scale.
    #[error("`{text}` is larger than {max}")]
    TooLarge {
        /// The number as written.
        text: String,
        /// The largest amount that fits.
        max: Decimal,
    },
}

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident, $decimals:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// The amount of zero units.
            pub const ZERO: Self = Self(0);
            /// The largest amount that fits in 64 bits.
            pub const MAX: Self = Self(i64::MAX);
            /// The number of decimals that are kept.
            pub const DECIMALS: u32 = $decimals;
            /// Smallest units in a whole: ten to the power of the decimals.
            pub const SCALE: i64 = 10_i64.pow($decimals);

            /// Creates the amount of this many smallest units.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// Creates the amount of this many wholes. Every `i32` fits.
            pub const fn whole(whole: i32) -> Self {
                Self(whole as i64 * Self::SCALE)
            }

            /// Returns the number of smallest units.
            pub const fn units(self) -> i64 {
                self.0
            }

            /// Returns the exact decimal number.
            pub fn decimal(self) -> Decimal {
                Decimal::new(self.0, Self::DECIMALS)
            }

            /// Returns the nearest floating-point number, for ratios and risk figures only.
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / Self::SCALE as f64
            }

            /// Converts a decimal number without rounding.
            ///
            /// # Errors
            ///
            /// Refuses a number with more than [`Self::DECIMALS`] decimals, or one that does not
            /// fit in 64 bits at this scale.
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

            /// Converts a decimal number, rounding half to even.
            ///
            /// # Errors
            ///
            /// Refuses a number that does not fit in 64 bits at this scale.
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

            /// Returns the sum, or `None` if it does not fit.
            pub const fn plus(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// Returns the difference, or `None` if it does not fit.
            pub const fn minus(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// Returns the amount with the other sign, or `None` if it does not fit.
            pub const fn negated(self) -> Option<Self> {
                match self.0.checked_neg() {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// Returns `self × numerator ÷ denominator`, half to even, or `None` if it does not
            /// fit or the denominator is zero.
            pub fn times_ratio(self, numerator: i64, denominator: i64) -> Option<Self> {
                if denominator == 0 {
                    return None;
                }
                let product = i128::from(self.0) * i128::from(numerator);
                // The sign moves to the product, because the division takes a positive divisor.
                let (product, denominator) = if denominator < 0 {
                    (-product, -i128::from(denominator))
                } else {
                    (product, i128::from(denominator))
                };
                i64::try_from(divide_half_even(product, denominator.unsigned_abs()))
                    .ok()
                    .map(Self)
            }

            /// Returns whether the amount is zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Returns whether the amount is below zero.
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
            /// Writes plain digits without trailing zeros, or exactly as many decimals as the
            /// precision says.
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
    /// An amount of money in the currency of its portfolio: four decimals, up to about 9.2 × 10¹⁴.
    Money,
    4
);

amount!(
    /// A quantity of a security: eight decimals, up to about 9.2 × 10¹⁰; negative is short.
    Quantity,
    8
);

amount!(
    /// The price of one unit: eight decimals, up to about 9.2 × 10¹⁰.
    Price,
    8
);

/// Divisor from quantity units × price units to money units: ten to the power of 8 + 8 − 4.
const QUANTITY_PRICE_TO_MONEY: u64 = 1_000_000_000_000;

impl Price {
    /// Returns the value of `quantity` at this price, half to even, or `None` if it does not fit.
    #[inline]
    pub fn value_of(self, quantity: Quantity) -> Option<Money> {
        let product = i128::from(self.0) * i128::from(quantity.0);
        div_trillion_half_even(product).map(Money)
    }

    /// Multiplies this price by a contract's multiplier, half to even. `None` if the product does
    /// not fit.
    pub fn checked_mul(self, factor: Quantity) -> Option<Self> {
        self.times_ratio(factor.0, Quantity::SCALE)
    }
}

/// Divides by 10¹², half to even. `None` if the quotient does not fit in 64 bits.
///
/// Almost every value of a holding takes the first branch, which divides in 64 bits:
/// 10¹² = 2¹² × 5¹², so shifting first leaves room for values up to 7.5 million, and dividing by a
/// constant compiles to a multiplication. Such a quotient is below 2³⁷.
#[inline]
fn div_trillion_half_even(product: i128) -> Option<i64> {
    const FIVES: u64 = 5_u64.pow(12);
    // Half the divisor is added first, so a remainder of zero marks an exact half.
    let raised = product.unsigned_abs() + u128::from(QUANTITY_PRICE_TO_MONEY / 2);
    let Ok(shifted) = u64::try_from(raised >> 12) else {
        return div_trillion_half_even_wide(product);
    };
    let quotient = shifted / FIVES;
    // The 12 bits that were shifted out belong to the remainder.
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

/// Divides, half to even.
pub(super) fn divide_half_even(number: i128, divisor: u128) -> i128 {
    let size = number.unsigned_abs();
    let (quotient, rest) = (size / divisor, size % divisor);
    // `rest` is compared with the other part of the divisor: doubling it could overflow.
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

    proptest! {
        #[test]
        fn fast_division_equals_wide_division(price: i64, quantity: i64, shift in 0_u32..48) {
            let product = i128::from(price >> shift) * i128::from(quantity >> (shift / 2));
            prop_assert_eq!(div_trillion_half_even(product), div_trillion_half_even_wide(product));
        }

        #[test]
        fn division_agrees_with_decimal(number in -1_000_000_000_i64..1_000_000_000, by in 1_i64..10_000) {
            let money = Money::from_units(number).times_ratio(1, by).unwrap();
            let decimal = (Decimal::from(number) / Decimal::from(by)).round();
            prop_assert_eq!(Decimal::from(money.units()), decimal);
        }
    }
}
