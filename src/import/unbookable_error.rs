//! Defines the reasons for which no books could hold a transaction.

use thiserror::Error;

use crate::domain::{Currency, Money, Quantity};

/// The reason why a transaction is refused that no later file could make bookable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnbookableError {
    /// The counterpart is the portfolio itself.
    #[error("the counterpart is the portfolio itself")]
    OwnCounterpart,
    /// The lots that a transfer carries have their cost in another currency.
    #[error(
        "the counterpart is kept in {counterpart}, and this portfolio in {own}: a cost cannot be carried from one to the other"
    )]
    CurrencyOfCounterpart {
        /// The currency of the counterpart.
        counterpart: Currency,
        /// The currency of the row's portfolio.
        own: Currency,
    },
    /// A stored transfer carries lots from or to a portfolio in another currency.
    #[error(
        "transaction `{reference}` carries lots from or to `{counterpart}`, which is kept in {currency}: a cost cannot be carried from one currency to another"
    )]
    CurrencyUnderTransfer {
        /// The id of the transaction.
        reference: String,
        /// The name of the counterpart.
        counterpart: String,
        /// The currency of the counterpart after the file.
        currency: Currency,
    },
    /// The portfolio keeps one average cost, so it has no lots to choose.
    #[error("`{portfolio}` keeps an average cost, so its lots cannot be chosen")]
    LotsAtAverageCost {
        /// The name of the portfolio.
        portfolio: String,
    },
    /// A stored transaction of the portfolio chooses lots, which an average cost does not have.
    #[error("transaction `{reference}` chooses its lots, which an average cost does not have")]
    AverageCostOfChosenLots {
        /// The id of the transaction.
        reference: String,
    },
    /// Quantity × multiplier × price does not fit.
    #[error("quantity × multiplier × price is beyond {max}, the largest amount")]
    ValueBeyondMoney {
        /// The largest amount that books hold.
        max: Money,
    },
    /// The cash of the portfolio does not fit after the row.
    #[error("with this row the portfolio's cash in {currency} is beyond {max}, the largest amount")]
    CashBeyondMoney {
        /// The currency of the cash.
        currency: Currency,
        /// The largest amount that books hold.
        max: Money,
    },
    /// The units of a security do not fit after the row.
    #[error(
        "with this row the portfolio's units of `{symbol}` are beyond {max}, the largest quantity"
    )]
    UnitsBeyondRange {
        /// The symbol of the security.
        symbol: String,
        /// The largest quantity that books hold.
        max: Quantity,
    },
}

impl UnbookableError {
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OwnCounterpart => return None,
            Self::CurrencyOfCounterpart { .. } => {
                "leave `counterpart` empty: a transfer-out here, and there a transfer-in with its cost as `price`"
                    .to_owned()
            }
            Self::CurrencyUnderTransfer {
                reference,
                counterpart,
                ..
            } => format!(
                "give `{counterpart}` the same currency in the same file, or first import `{reference}` without `counterpart`, with `--correct`"
            ),
            Self::LotsAtAverageCost { .. } => {
                "leave `lots` empty, or import the portfolio with another `cost_basis`, such as fifo"
                    .to_owned()
            }
            Self::AverageCostOfChosenLots { reference } => format!(
                "leave `cost_basis` as it is, or first import `{reference}` without `lots`, with `--correct`"
            ),
            Self::ValueBeyondMoney { .. }
            | Self::CashBeyondMoney { .. }
            | Self::UnitsBeyondRange { .. } => {
                "correct the number; a real one of this size needs a larger unit of currency or security"
                    .to_owned()
            }
        };
        Some(hint)
    }
}
