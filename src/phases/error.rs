//! Why a cell has no books: the typed reasons that end up beside a failed phase.
//!
//! A figure that is merely not available is no error; it is a [`crate::domain::Figure`] with its
//! absence.

use thiserror::Error;

use crate::domain::{Currency, Day, SecurityId};

/// Why a cell has no books.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PhaseError {
    /// A transaction names a security that the market does not have.
    #[error("security `{}` is not known", .security.0)]
    UnknownSecurity {
        /// Which.
        security: SecurityId,
    },
    /// A foreign amount cannot be converted. A missing rate is never taken for 1.
    #[error("no rate from `{from}` to `{to}` on `{day}` or before")]
    MissingRate {
        /// The currency of the amount.
        from: Currency,
        /// The currency of the portfolio.
        to: Currency,
        /// The session.
        day: Day,
    },
    /// The quantity, value or cost of a holding does not fit.
    #[error("quantity, value or cost of security `{}` is out of range on `{day}`", .security.0)]
    HoldingOutOfRange {
        /// Which.
        security: SecurityId,
        /// On which day.
        day: Day,
    },
    /// Cash or a total does not fit.
    #[error("cash or a total is out of range on `{day}`")]
    TotalOutOfRange {
        /// On which day.
        day: Day,
    },
    /// A transaction that cannot be booked, and with it no books from its day on.
    #[error("transaction `{reference}` {reason}")]
    Unbookable {
        /// The transaction's id outside.
        reference: String,
        /// What is wrong with it.
        reason: BookingError,
    },
}

/// Why a transaction cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BookingError {
    /// Its kind moves a holding, and it names no security.
    #[error("names no security")]
    NoSecurity,
    /// It has neither an amount nor a price to make one from.
    #[error("has neither an amount nor a price")]
    NoAmount,
    /// A quantity or amount is negative, where the kind already says the direction.
    #[error("has a negative quantity or amount")]
    Negative,
    /// It transfers out more than is held.
    #[error("transfers out more than is held")]
    ExceedsHolding,
}
