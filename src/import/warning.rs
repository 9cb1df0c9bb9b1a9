//! Warnings: rows that can be imported, but are more often a mistake than meant.

use std::fmt;

use crate::domain::{Day, Money, Quantity};

/// A reason to look at a row again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The day is after the day of the import.
    Future {
        /// The day of the row.
        day: Day,
        /// The day of the import in the calendar's time zone.
        today: Day,
    },
    /// A sale or transfer takes more than the portfolio holds, and the portfolio never was short.
    OpensShort {
        /// The symbol of the security.
        symbol: String,
        /// The quantity held before the row.
        held: Quantity,
        /// The quantity that the row takes.
        taken: Quantity,
    },
    /// The amount is not quantity × price, apart from rounding.
    AmountDiffers {
        /// The amount of the row.
        amount: Money,
        /// Quantity × multiplier × price.
        expected: Money,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Future { day, today } => write!(f, "`{day}` is in the future (today: {today})"),
            Self::OpensShort {
                symbol,
                held,
                taken,
            } => write!(
                f,
                "takes {taken} {symbol} of {held} held, which opens a short position"
            ),
            Self::AmountDiffers { amount, expected } => {
                write!(f, "amount {amount} is not quantity × price, {expected}")
            }
        }
    }
}
