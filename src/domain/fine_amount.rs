//! Quantities and prices: exact decimal numbers with up to 18 decimals.
//!
//! Almost every one has at most eight decimals and fits in 64 bits at that scale, its *compact*
//! form. The other form costs memory and time only where it is needed: code that computes with
//! many amounts takes the compact forms first.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::amount::Money;
use super::amount_error::AmountError;
use super::decimal_text;
use super::division::divide_half_even;
use super::wide::product_ratio;

/// Smallest units in a unit of the compact form.
pub(super) const FINE: i128 = 10_i128.pow(18 - 8);

/// Bits that hold the units below the compact form; the other bits of the second word hold what
/// does not fit in the first.
const FINE_BITS: u32 = 34;

/// Largest number of smallest units: ten quintillions less one smallest unit.
const MAX_UNITS: i128 = 10_i128.pow(37) - 1;

macro_rules! fine_amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name {
            /// The lowest 64 bits of the number of compact units, rounded down.
            low: i64,
            /// The higher bits, and the smallest units above that; zero in the compact form.
            rest: i64,
        }

        impl $name {
            /// The amount of zero units.
            pub const ZERO: Self = Self { low: 0, rest: 0 };
            /// The largest amount that fits.
            pub const MAX: Self = Self::split_units(MAX_UNITS);
            /// The number of decimals that are kept.
            pub const DECIMALS: u32 = 18;
            /// The number of decimals of the compact form.
            pub const COMPACT_DECIMALS: u32 = 8;
            /// Compact units in a whole.
            pub const SCALE: i64 = 10_i64.pow(Self::COMPACT_DECIMALS);

            /// Creates the amount of this many compact units, of 10⁻⁸.
            pub const fn from_units(units: i64) -> Self {
                Self { low: units, rest: 0 }
            }

            /// Creates the amount of this many wholes. Every `i32` fits.
            pub const fn whole(whole: i32) -> Self {
                Self::from_units(whole as i64 * Self::SCALE)
            }

            /// Returns the number of compact units, of 10⁻⁸, if the amount has the compact form.
            #[inline(always)]
            pub const fn compact(self) -> Option<i64> {
                if self.rest == 0 { Some(self.low) } else { None }
            }

            /// Returns the number of smallest units, of 10⁻¹⁸.
            #[inline]
            pub const fn fine_units(self) -> i128 {
                let high = (self.rest >> FINE_BITS) as i128;
                let fine = self.rest & ((1 << FINE_BITS) - 1);
                ((high << 64) + self.low as i128) * FINE + fine as i128
            }

            /// Creates the amount of this many smallest units, of 10⁻¹⁸. `None` if it is larger
            /// than [`Self::MAX`].
            #[inline]
            pub const fn from_fine_units(units: i128) -> Option<Self> {
                if units >= -MAX_UNITS && units <= MAX_UNITS {
                    Some(Self::split_units(units))
                } else {
                    None
                }
            }

            const fn split_units(units: i128) -> Self {
                let compact = units.div_euclid(FINE);
                let low = compact as i64;
                let high = ((compact - low as i128) >> 64) as i64;
                let fine = units.rem_euclid(FINE) as i64;
                Self {
                    low,
                    rest: high << FINE_BITS | fine,
                }
            }

            /// Returns the decimal number, rounded to the 28 digits that a [`Decimal`] holds.
            pub fn decimal(self) -> Decimal {
                if let Some(units) = self.compact() {
                    return Decimal::new(units, Self::COMPACT_DECIMALS);
                }
                let mut units = self.fine_units();
                let mut decimals = Self::DECIMALS;
                loop {
                    match Decimal::try_from_i128_with_scale(units, decimals) {
                        Ok(number) => return number,
                        Err(_) => {
                            units = divide_half_even(units, 10);
                            decimals -= 1;
                        }
                    }
                }
            }

            /// Returns the nearest floating-point number, for ratios and risk figures only.
            #[inline]
            pub fn to_f64(self) -> f64 {
                match self.compact() {
                    Some(units) => units as f64 / Self::SCALE as f64,
                    None => self.fine_units() as f64 / 1e18,
                }
            }

            /// Returns the nearest floating-point number of compact units.
            #[inline]
            pub fn to_compact_f64(self) -> f64 {
                match self.compact() {
                    Some(units) => units as f64,
                    None => self.fine_units() as f64 / FINE as f64,
                }
            }

            /// Converts a decimal number without rounding.
            ///
            /// # Errors
            ///
            /// Refuses a number with more than [`Self::DECIMALS`] decimals, or one that is larger
            /// than [`Self::MAX`].
            pub fn from_decimal(number: Decimal) -> Result<Self, AmountError> {
                let number = number.normalize();
                if number.scale() > Self::DECIMALS {
                    return Err(AmountError::TooManyDecimals {
                        text: number.to_string(),
                        decimals: Self::DECIMALS,
                    });
                }
                10_i128
                    .pow(Self::DECIMALS - number.scale())
                    .checked_mul(number.mantissa())
                    .and_then(Self::from_fine_units)
                    .ok_or_else(|| Self::too_large(&number.to_string()))
            }

            /// Converts a decimal number, rounding half to even to the decimals of the compact
            /// form.
            ///
            /// # Errors
            ///
            /// Refuses a number that is larger than [`Self::MAX`].
            pub fn rounded(number: Decimal) -> Result<Self, AmountError> {
                Self::from_decimal(number.round_dp(Self::COMPACT_DECIMALS))
            }

            fn too_large(text: &str) -> AmountError {
                AmountError::TooLarge {
                    text: text.to_owned(),
                    max: Self::MAX.to_string(),
                }
            }

            /// Returns the sum, or `None` if it does not fit.
            #[inline]
            pub fn plus(self, other: Self) -> Option<Self> {
                if let (Some(a), Some(b)) = (self.compact(), other.compact())
                    && let Some(units) = a.checked_add(b)
                {
                    return Some(Self::from_units(units));
                }
                Self::from_fine_units(self.fine_units() + other.fine_units())
            }

            /// Returns the difference, or `None` if it does not fit.
            #[inline]
            pub fn minus(self, other: Self) -> Option<Self> {
                self.plus(other.negated()?)
            }

            /// Returns the amount with the other sign; it always fits.
            #[inline]
            pub fn negated(self) -> Option<Self> {
                Some(match self.compact().and_then(i64::checked_neg) {
                    Some(units) => Self::from_units(units),
                    None => Self::split_units(-self.fine_units()),
                })
            }

            /// Returns the amount without its sign.
            #[must_use]
            pub fn abs(self) -> Self {
                if self.is_negative() { Self::ZERO.minus(self).unwrap_or(Self::MAX) } else { self }
            }

            /// Returns `self × numerator ÷ denominator`, half to even, or `None` if it does not
            /// fit or the denominator is zero. An amount of the compact form is rounded to its
            /// decimals, another one to all.
            pub fn times_ratio(self, numerator: i64, denominator: i64) -> Option<Self> {
                let ratio = (numerator.unsigned_abs(), denominator.unsigned_abs());
                let units = match self.compact() {
                    Some(units) => i128::from(units),
                    None => self.fine_units(),
                };
                let scaled = scale(units.unsigned_abs(), ratio)?;
                let is_negative =
                    (units < 0) ^ (numerator < 0) ^ (denominator < 0);
                let scaled = if is_negative { -scaled } else { scaled };
                match (self.compact(), i64::try_from(scaled)) {
                    (Some(_), Ok(units)) => Some(Self::from_units(units)),
                    (Some(_), Err(_)) => Self::from_fine_units(scaled.checked_mul(FINE)?),
                    (None, _) => Self::from_fine_units(scaled),
                }
            }

            /// Returns `self × numerator ÷ denominator` with all decimals, half to even, or `None` if
            /// it does not fit or the denominator is zero.
            pub fn times_ratio_to_all_decimals(
                self,
                numerator: i64,
                denominator: i64,
            ) -> Option<Self> {
                let units = self.fine_units();
                let ratio = (numerator.unsigned_abs(), denominator.unsigned_abs());
                let scaled = scale(units.unsigned_abs(), ratio)?;
                let is_negative = (units < 0) ^ (numerator < 0) ^ (denominator < 0);
                Self::from_fine_units(if is_negative { -scaled } else { scaled })
            }

            /// Returns whether the amount is zero.
            pub const fn is_zero(self) -> bool {
                self.low == 0 && self.rest == 0
            }

            /// Returns whether the amount is below zero.
            pub const fn is_negative(self) -> bool {
                match self.compact() {
                    Some(units) => units < 0,
                    None => self.fine_units() < 0,
                }
            }
        }

        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> Ordering {
                match (self.compact(), other.compact()) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    _ => self.fine_units().cmp(&other.fine_units()),
                }
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl FromStr for $name {
            type Err = AmountError;

            fn from_str(text: &str) -> Result<Self, AmountError> {
                decimal_text::parse(text, Self::DECIMALS)?
                    .and_then(Self::from_fine_units)
                    .ok_or_else(|| Self::too_large(text))
            }
        }

        impl fmt::Display for $name {
            /// Writes plain digits without trailing zeros, or exactly as many decimals as the
            /// precision says.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let units = self.fine_units().unsigned_abs();
                let text = match f.precision() {
                    Some(places) => decimal_text::write_rounded(units, Self::DECIMALS, places),
                    None => decimal_text::write(units, Self::DECIMALS),
                };
                f.pad_integral(!self.is_negative(), "", &text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}

fine_amount!(
    /// A quantity of a security: up to 18 decimals, below 10¹⁹; negative is short.
    Quantity
);

fine_amount!(
    /// The price of one unit: up to 18 decimals, below 10¹⁹.
    Price
);

/// Returns `size × numerator ÷ denominator`, half to even; `None` if the denominator is zero or the
/// result does not fit.
fn scale(size: u128, (numerator, denominator): (u64, u64)) -> Option<i128> {
    if denominator == 0 {
        return None;
    }
    let product = size.checked_mul(numerator.into());
    match product.and_then(|product| i128::try_from(product).ok()) {
        Some(product) => Some(divide_half_even(product, denominator.into())),
        None => {
            let scaled = product_ratio(&[size, numerator.into()], &[denominator.into()])?;
            i128::try_from(scaled).ok()
        }
    }
}

impl Money {
    /// Returns this amount × `part` ÷ `whole`, half to even, or `None` if it does not fit or the
    /// whole is zero.
    pub fn share(self, part: Quantity, whole: Quantity) -> Option<Self> {
        if let (Some(part), Some(whole)) = (part.compact(), whole.compact()) {
            return self.times_ratio(part, whole);
        }
        if whole.is_zero() {
            return None;
        }
        let (part, whole) = (part.fine_units(), whole.fine_units());
        let size = product_ratio(
            &[self.units().unsigned_abs().into(), part.unsigned_abs()],
            &[whole.unsigned_abs()],
        )?;
        let size = i128::try_from(size).ok()?;
        let is_negative = self.is_negative() ^ (part < 0) ^ (whole < 0);
        let units = i64::try_from(if is_negative { -size } else { size }).ok()?;
        Some(Self::from_units(units))
    }
}

#[cfg(test)]
mod tests;
