//! What the books are made from: transactions, corporate actions and closes.

use std::fmt;
use std::str::FromStr;

use super::{Day, Money, PortfolioId, Price, Quantity, SecurityId, UnknownValue};

/// What a transaction does. The order here is the order within a day: what comes in is booked
/// before what goes out, whatever the order in which it was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionKind {
    /// Cash put in.
    Deposit,
    /// A holding put in, with the cost it brings along. Opening positions are this.
    TransferIn,
    /// A purchase.
    Buy,
    /// Cash received on a holding.
    Dividend,
    /// Cash received (or, when negative, paid) on cash.
    Interest,
    /// A sale; below zero it opens a short.
    Sell,
    /// A holding taken out.
    TransferOut,
    /// Cash paid for a service.
    Fee,
    /// Cash paid as tax.
    Tax,
    /// Cash taken out.
    Withdrawal,
}

impl TransactionKind {
    /// All of them, in the order within a day.
    pub const ALL: [Self; 10] = [
        Self::Deposit,
        Self::TransferIn,
        Self::Buy,
        Self::Dividend,
        Self::Interest,
        Self::Sell,
        Self::TransferOut,
        Self::Fee,
        Self::Tax,
        Self::Withdrawal,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::TransferIn => "transfer-in",
            Self::Buy => "buy",
            Self::Dividend => "dividend",
            Self::Interest => "interest",
            Self::Sell => "sell",
            Self::TransferOut => "transfer-out",
            Self::Fee => "fee",
            Self::Tax => "tax",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// Whether it moves a quantity of a security.
    pub const fn is_movement(self) -> bool {
        matches!(
            self,
            Self::Buy | Self::Sell | Self::TransferIn | Self::TransferOut
        )
    }
}

impl fmt::Display for TransactionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TransactionKind {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "kind of transaction",
                known: "deposit, withdrawal, buy, sell, transfer-in, transfer-out, dividend, interest, fee, tax",
            })
    }
}

/// One entry in a portfolio's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Whose.
    pub portfolio: PortfolioId,
    /// The day it counts from.
    pub day: Day,
    /// What it does.
    pub kind: TransactionKind,
    /// What it moves or is paid on; always there where the kind moves a holding.
    pub security: Option<SecurityId>,
    /// How much of it, never negative; zero where nothing is moved.
    pub quantity: Quantity,
    /// Price of one unit in the security's currency: the price of a trade, or the cost that a
    /// transfer brings along. `None` on a transfer: the day's own price.
    pub price: Option<Price>,
    /// Cash that moved, in the portfolio's currency and before the fee; never negative but for
    /// interest. `None` on a trade: quantity × multiplier × price, converted at the day's rate.
    pub amount: Option<Money>,
    /// Fee in the portfolio's currency, taken from cash beside the amount.
    pub fee: Money,
    /// Its id outside, unique over all portfolios; the last word on the order within a day.
    pub reference: String,
}

/// A split: from `day` on, each `old` units are `new` units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// What is split.
    pub security: SecurityId,
    /// The first session at the new quantity and the new price.
    pub day: Day,
    /// Units after.
    pub new: u32,
    /// Units before.
    pub old: u32,
}

/// A raw close that is set: new where there was none before, and corrected otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseChange {
    /// Whose.
    pub security: SecurityId,
    /// On which day.
    pub day: Day,
    /// What it was.
    pub previous: Option<Price>,
    /// What it is.
    pub price: Price,
}
