//! Exact amounts of money as scaled 64-bit integers.
//!
//! Decimal numbers enter and leave as [`rust_decimal::Decimal`]. In between everything is an
//! integer, products are formed exactly, and every rounding is half to even. An operation whose
//! result does not fit returns `None`; it never wraps.

use std::fmt;
use std::str::FromStr;

use super::amount_error::AmountError;
use super::decimal_text;
use super::division::divide_half_even;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// An amount of money in the currency of its portfolio: four decimals, up to about 9.2 × 10¹⁴.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// The amount of zero units.
    pub const ZERO: Self = Self(0);
    /// The largest amount that fits in 64 bits.
    pub const MAX: Self = Self(i64::MAX);
    /// The number of decimals that are kept.
    pub const DECIMALS: u32 = 4;
    /// Smallest units in a whole: ten to the power of the decimals.
    pub const SCALE: i64 = 10_i64.pow(4);

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

    /// Reads a number of another program that counts units of 10^-`decimals`, such as `100050` with
    /// two decimals for 1000.50, rounding half to even; `None` if it is not a number or does not fit.
    pub fn from_text_in_units(text: &str, decimals: u32) -> Option<Self> {
        let number: Result<Decimal, _> = text.parse();
        let number = number.or_else(|_| Decimal::from_scientific(text)).ok()?;
        let unit = Decimal::try_new(1, decimals).ok()?;
        Self::rounded(number.checked_mul(unit)?).ok()
    }

    fn scaled(number: Decimal) -> Result<Self, AmountError> {
        number
            .checked_mul(Decimal::from(Self::SCALE))
            .and_then(|scaled| scaled.to_i64())
            .map(Self)
            .ok_or_else(|| AmountError::TooLarge {
                text: number.to_string(),
                max: Self::MAX.to_string(),
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

impl FromStr for Money {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        decimal_text::parse(text, Self::DECIMALS)?
            .and_then(|units| i64::try_from(units).ok())
            .map(Self)
            .ok_or_else(|| AmountError::TooLarge {
                text: text.to_owned(),
                max: Self::MAX.to_string(),
            })
    }
}

impl fmt::Display for Money {
    /// Writes plain digits without trailing zeros, or exactly as many decimals as the
    /// precision says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match f.precision() {
            Some(decimals) => {
                let decimals = decimals as u32;
                format!(
                    "{:.*}",
                    decimals as usize,
                    self.decimal().round_dp(decimals)
                )
            }
            None => self.decimal().normalize().to_string(),
        };
        f.pad_integral(!text.starts_with('-'), "", text.trim_start_matches('-'))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decimal().normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_parse_and_print() {
        let money: Money = "0.1172".parse().unwrap();
        assert_eq!(money.units(), 1_172);
        assert_eq!(money.to_string(), "0.1172");
        assert_eq!(format!("{:.2}", Money::from_units(-1_234_550)), "-123.46");
        assert_eq!(format!("{:>9.2}", Money::whole(7)), "     7.00");
        assert_eq!("1e-3".parse::<Money>().unwrap().to_string(), "0.001");
    }

    #[test]
    fn amounts_that_do_not_fit_are_errors() {
        for text in ["0.12345", "1.23456789012345678901234567890123e0"] {
            assert!(matches!(
                text.parse::<Money>(),
                Err(AmountError::TooManyDecimals { .. })
            ));
        }
        assert!(matches!(
            "1e15".parse::<Money>(),
            Err(AmountError::TooLarge { .. })
        ));
        assert!(matches!(
            "ten".parse::<Money>(),
            Err(AmountError::NotANumber(_))
        ));
    }

    proptest! {
        #[test]
        fn division_agrees_with_decimal(number in -1_000_000_000_i64..1_000_000_000, by in 1_i64..10_000) {
            let money = Money::from_units(number).times_ratio(1, by).unwrap();
            let decimal = (Decimal::from(number) / Decimal::from(by)).round();
            prop_assert_eq!(Decimal::from(money.units()), decimal);
        }
    }
}
