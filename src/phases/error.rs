//! Typed reasons for a cell without books; they are stored with a failed phase.
//!
//! A single figure that is not available is no error: it is a [`crate::domain::Figure`] with the
//! reason of its absence.

use thiserror::Error;

use super::market::Market;
use crate::domain::{CashTermsError, Currency, Day, SecurityId};

/// The reason that a cell has no books.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PhaseError {
    /// A transaction names a security that the market does not have.
    #[error("unknown security `{}`", .security.0)]
    UnknownSecurity {
        /// The id that the transaction names.
        security: SecurityId,
    },
    /// A foreign amount cannot be converted. A missing rate is never taken for 1.
    #[error("no rate from `{from}` to `{to}` on `{day}` or before")]
    MissingRate {
        /// The currency of the amount.
        from: Currency,
        /// The currency of the portfolio.
        to: Currency,
        /// The session of the conversion.
        day: Day,
    },
    /// The quantity, value or cost of a holding is too large for its type.
    #[error("quantity, value or cost of security `{}` is out of range on `{day}`", .security.0)]
    HoldingOutOfRange {
        /// The security of the holding.
        security: SecurityId,
        /// The session or transaction day of the overflow.
        day: Day,
    },
    /// The last close, carried through the splits since, is too large for its type.
    #[error("the price of security `{}`, carried through splits, is out of range on `{day}`", .security.0)]
    PriceOutOfRange {
        /// The security of the price.
        security: SecurityId,
        /// The session without a price.
        day: Day,
    },
    /// Cash or a total is too large for its type.
    #[error("cash or a total is out of range on `{day}`")]
    TotalOutOfRange {
        /// The session or transaction day of the overflow.
        day: Day,
    },
    /// A transaction cannot be booked, so there are no books from its day on.
    #[error("transaction `{reference}` {reason}")]
    Unbookable {
        /// The transaction's reference in its source.
        reference: String,
        /// The reason that it cannot be booked.
        reason: BookingError,
    },
}

impl PhaseError {
    /// Returns the error as text for people, with the symbol of its security.
    pub fn with_symbol(&self, market: &Market) -> String {
        let symbol = |id| market.security(id).map(|known| known.symbol.as_str());
        match self {
            Self::HoldingOutOfRange { security, day } => match symbol(*security) {
                Some(symbol) => {
                    format!("quantity, value or cost of `{symbol}` is out of range on `{day}`")
                }
                None => self.to_string(),
            },
            Self::PriceOutOfRange { security, day } => match symbol(*security) {
                Some(symbol) => format!(
                    "the price of `{symbol}`, carried through splits, is out of range on `{day}`"
                ),
                None => self.to_string(),
            },
            other => other.to_string(),
        }
    }
}

/// The reason that a transaction cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BookingError {
    /// Its kind moves a holding, but it names no security.
    #[error("names no security")]
    NoSecurity,
    /// It has neither an amount nor a price to make one from.
    #[error("has neither an amount nor a price")]
    NoAmount,
    /// A quantity or amount is negative although the kind already gives the direction.
    #[error("has a negative quantity or amount")]
    Negative,
    /// It transfers out more than is held.
    #[error("transfers out more than is held")]
    ExceedsHolding,
    /// It chooses lots that are not held in that quantity.
    #[error("closes lots that are not held in that quantity")]
    LotsNotHeld,
    /// It chooses lots of a portfolio with one average cost.
    #[error("chooses lots, but the portfolio keeps an average cost")]
    LotsAtAverageCost,
    /// It names a counterpart that transfers out no such quantity to it on that day.
    #[error("has no equal transfer out of its counterpart on that day")]
    NoTransferOfCounterpart,
    /// Its counterpart has another currency, so that a cost would mean another amount.
    #[error("names a counterpart in another currency")]
    CurrencyOfCounterpart,
    /// The movements of its counterpart up to the transfer cannot be booked.
    #[error("carries lots that its counterpart cannot book")]
    CounterpartUnbookable,
    /// Transfers of one day carry the same lots in a circle.
    #[error("is part of a circle of transfers")]
    CircularTransfer,
    /// The currencies of its cash contradict its kind.
    #[error("has invalid currencies: {0}")]
    Cash(CashTermsError),
}
