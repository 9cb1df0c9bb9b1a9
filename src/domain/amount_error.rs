//! Defines the reasons that a text or number is not a valid amount.

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
    /// The number has more digits than are read.
    #[error("`{text}` has more than {digits} digits")]
    TooManyDigits {
        /// The number as written.
        text: String,
        /// The number of digits that are read.
        digits: usize,
    },
    /// The number is larger than the largest amount.
    #[error("`{text}` is larger than {max}")]
    TooLarge {
        /// The number as written.
        text: String,
        /// The largest amount that fits.
        max: String,
    },
}
