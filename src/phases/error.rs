//! Typed reasons for a cell without books; they are stored with a failed phase.
//!
//! A single figure that is not available is no error: it is a [`crate::domain::Figure`] with the
//! reason of its absence.

use thiserror::Error;

use super::market::Market;
use crate::domain::{ActionKind, CashTermsError, CorporateAction, Currency, Day, SecurityId};

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
    /// A transaction or action takes a number out of range, so there are no books from its day on.
    #[error("{}: {error}", .cause.named(|_| None))]
    CausedBy {
        /// The transaction or action that is booked.
        cause: BookingCause,
        /// The number that is out of range.
        error: Box<PhaseError>,
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
            Self::CausedBy { cause, error } => {
                format!("{}: {}", cause.named(symbol), error.with_symbol(market))
            }
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

    /// Adds the transaction or action that is booked to the error of a number out of range.
    pub(super) fn caused_by(self, cause: impl FnOnce() -> BookingCause) -> Self {
        match self {
            Self::HoldingOutOfRange { .. }
            | Self::PriceOutOfRange { .. }
            | Self::TotalOutOfRange { .. } => Self::CausedBy {
                cause: cause(),
                error: Box::new(self),
            },
            other => other,
        }
    }
}

/// A source that is being booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingCause {
    /// The transaction with this reference.
    Transaction(String),
    /// A split of the security.
    Split(SecurityId),
    /// Another corporate action of the security.
    Action(ActionKind, SecurityId),
}

impl BookingCause {
    pub(super) const fn of_action(action: &CorporateAction) -> Self {
        Self::Action(action.kind, action.security)
    }

    /// Names the source, with the symbol of its security if `symbol` knows it.
    fn named<'s>(&self, symbol: impl Fn(SecurityId) -> Option<&'s str>) -> String {
        let security = |id: SecurityId| match symbol(id) {
            Some(symbol) => format!("`{symbol}`"),
            None => format!("security `{}`", id.0),
        };
        match self {
            Self::Transaction(reference) => format!("transaction `{reference}`"),
            Self::Split(id) => format!("split of {}", security(*id)),
            Self::Action(kind, id) => format!("{kind} of {}", security(*id)),
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
