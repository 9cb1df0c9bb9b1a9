//! The books of a cell: those that Plimsoll computed, or the amounts that another program wrote.

use std::collections::BTreeMap;

use crate::domain::output::Snapshot;
use crate::domain::{Money, Quality};
use crate::scenario::script::Amount;

/// The books of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum CellBooks {
    /// The snapshot that Plimsoll computed.
    Computed(Box<Snapshot>),
    /// The amounts in the mapped columns of a row. One without a value is absent.
    Mapped(BTreeMap<Amount, Money>),
}

impl CellBooks {
    /// Returns an amount; `None` if the books do not have it.
    pub(super) fn amount(&self, amount: Amount) -> Option<Money> {
        let books = match self {
            Self::Computed(books) => books,
            Self::Mapped(amounts) => return amounts.get(&amount).copied(),
        };
        match amount {
            Amount::Nav => Some(books.nav),
            Amount::Cash => Some(books.cash),
            Amount::Pnl => Some(books.pnl),
            Amount::Realized => Some(books.realized),
            Amount::Unrealized => Some(books.unrealized),
            Amount::FxGain => books.fx_gain(),
            Amount::CashIn(currency) => {
                let mut cash = books.foreign_cash.iter();
                let found = cash.find(|of| of.currency == currency);
                Some(found.map_or(Money::ZERO, |of| of.balance))
            }
        }
    }

    /// Returns the numbers of holdings by kind of price; `None` if they are not known.
    pub(super) fn quality(&self) -> Option<Quality> {
        match self {
            Self::Computed(books) => Some(books.quality),
            Self::Mapped(_) => None,
        }
    }
}
