//! What is wrong with one row: where, which value, why, and what to do.

use std::fmt;

use thiserror::Error;

use super::Change;
use super::DateOrder;
use crate::domain::{
    AmountError, Day, DayError, LifecycleError, PortfolioKey, Price, TransactionKind, UnknownValue,
};

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The column it is about; `None` when it is about the row.
    pub column: Option<String>,
    /// What stands there.
    pub value: String,
    /// What is wrong with that.
    pub kind: RowErrorKind,
}

impl RowError {
    /// A flaw in a column.
    pub(super) fn in_column(
        column: &str,
        value: impl fmt::Display,
        reason: impl Into<RowErrorKind>,
    ) -> Self {
        Self {
            column: Some(column.to_owned()),
            value: value.to_string(),
            kind: reason.into(),
        }
    }

    /// A flaw of the row.
    pub(super) fn in_row(kind: RowErrorKind) -> Self {
        Self {
            column: None,
            value: String::new(),
            kind,
        }
    }

    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint()
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "column `{column}`: {}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

/// What is wrong with a value or a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowErrorKind {
    /// More or fewer fields than the header has.
    #[error("{found} fields where the header has {expected}")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// Nothing there, and something must be.
    #[error("empty")]
    Missing,
    /// Nothing there, and this kind of transaction needs it.
    #[error("empty, and a {kind} needs it")]
    RequiredByKind {
        /// The kind.
        kind: TransactionKind,
    },
    /// Something there, and this kind of transaction has no such thing.
    #[error("a {kind} has none, found `{value}`")]
    ForbiddenByKind {
        /// The kind.
        kind: TransactionKind,
        /// What is there.
        value: String,
    },
    /// A trade with neither of the two.
    #[error("a {kind} needs a price or an amount")]
    NoPriceAndNoAmount {
        /// The kind.
        kind: TransactionKind,
    },
    /// Not a number, or one that doesn't fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Zero or less.
    #[error("`{0}` is not above zero")]
    NotPositive(String),
    /// Less than zero.
    #[error("`{0}` is below zero")]
    Negative(String),
    /// So small that nothing is left of it.
    #[error("`{0}` rounds to zero at eight decimals")]
    RoundsToZero(String),
    /// No date that can be read.
    #[error("`{0}` is not a date")]
    InvalidDate(String),
    /// No date in the order in which the file's dates are.
    #[error("`{text}` is not a date in the order {order}")]
    DateOrder {
        /// What is written.
        text: String,
        /// The order, declared or proved by another line.
        order: DateOrder,
    },
    /// A date that is not supported.
    #[error(transparent)]
    Day(#[from] DayError),
    /// A moment within a day where a day is meant.
    #[error("`{0}` is a time within a day")]
    TimeOfDay(String),
    /// Not an instant.
    #[error("`{0}` is neither a date nor an instant such as 2026-01-05T16:30:00Z")]
    InvalidInstant(String),
    /// Not a whole number above zero.
    #[error("`{0}` is not a whole number above zero")]
    InvalidCount(String),
    /// Not the ratio of a split.
    #[error("`{0}` is not a ratio of units after to units before, such as 2:1")]
    InvalidRatio(String),
    /// A split that splits nothing.
    #[error("a split of `{0}` changes nothing")]
    SplitWithoutEffect(String),
    /// A word that is not known here.
    #[error(transparent)]
    UnknownWord(#[from] UnknownValue),
    /// A kind of corporate action that isn't kept.
    #[error("`{0}` is no kind of corporate action (known: split)")]
    UnknownAction(String),
    /// Prices that are not one a day.
    #[error("`{0}` is not the period of daily prices, `D`")]
    NotDaily(String),
    /// A pair of currencies whose symbol doesn't say so.
    #[error("`{symbol}` is no pair of currencies priced in `{currency}`")]
    PairMismatch {
        /// The symbol.
        symbol: String,
        /// The currency in which it is priced.
        currency: String,
    },
    /// A lifecycle that can't be.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// A symbol no security has.
    #[error("no security has the symbol `{symbol}`")]
    UnknownSymbol {
        /// The symbol.
        symbol: String,
        /// The symbol nearest to it.
        nearest: Option<String>,
    },
    /// An id or name no portfolio has.
    #[error("no portfolio has the id or name `{word}`")]
    UnknownPortfolio {
        /// What is written.
        word: String,
        /// The name nearest to it.
        nearest: Option<String>,
    },
    /// A name that several portfolios have.
    #[error("`{word}` names several portfolios: {}", keys.iter().map(PortfolioKey::to_string).collect::<Vec<_>>().join(", "))]
    AmbiguousPortfolio {
        /// The name.
        word: String,
        /// Their ids.
        keys: Vec<PortfolioKey>,
    },
    /// A day on which the portfolio does not live yet.
    #[error("`{day}` is a day before the inception of `{portfolio}` on `{inception}`")]
    BeforeInception {
        /// The day.
        day: Day,
        /// The portfolio's name.
        portfolio: String,
        /// Its inception.
        inception: Day,
    },
    /// A day on which the portfolio does not live any more.
    #[error("`{day}` is a day after the closing of `{portfolio}` on `{closed}`")]
    AfterClose {
        /// The day.
        day: Day,
        /// The portfolio's name.
        portfolio: String,
        /// Its last day.
        closed: Day,
    },
    /// An inception that leaves transactions before it.
    #[error("`{inception}` is after the portfolio's first transaction on `{first}`")]
    TransactionsBeforeInception {
        /// The inception.
        inception: Day,
        /// Day of the first transaction.
        first: Day,
    },
    /// A closing day that leaves transactions after it.
    #[error("`{closed}` is before the portfolio's last transaction on `{last}`")]
    TransactionsAfterClose {
        /// The closing day.
        closed: Day,
        /// Day of the last transaction.
        last: Day,
    },
    /// The same transaction id with other content, here or in the books.
    #[error("duplicate id `{id}` with other content{}: {}", line.map_or(String::new(), |line| format!(" than on line {line}")), differences(differs))]
    DuplicateId {
        /// The id.
        id: String,
        /// The line that has the other content; `None` when the books have it.
        line: Option<u64>,
        /// What differs.
        differs: Vec<Change>,
    },
    /// The same thing said twice in a file, in two ways.
    #[error("says otherwise than line {line}: {}", differences(differs))]
    ConflictingRow {
        /// The line that says otherwise.
        line: u64,
        /// What differs: there, and here.
        differs: Vec<Change>,
    },
    /// A close too far from its neighbour.
    #[error(
        "`{close}` is more than 20-fold away from `{neighbour}` on {neighbour_day}, and no known split explains it"
    )]
    Jump {
        /// The close, raw.
        close: Price,
        /// The close it is held against, raw.
        neighbour: Price,
        /// The day of that close.
        neighbour_day: Day,
    },
}

fn differences(differs: &[Change]) -> String {
    let texts: Vec<String> = differs.iter().map(Change::to_string).collect();
    texts.join(", ")
}

impl RowErrorKind {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownSymbol { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "import the security first: `plimsoll import securities FILE`".to_owned(),
            },
            Self::UnknownPortfolio { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "import the portfolio first: `plimsoll import portfolios FILE`".to_owned(),
            },
            Self::AmbiguousPortfolio { .. } => "write the portfolio's id".to_owned(),
            Self::FieldCount { .. } => {
                "quote fields that hold the separator or a line break".to_owned()
            }
            Self::Amount(AmountError::NotANumber(_)) => {
                "write a plain number: a point before the decimals, no thousands separator"
                    .to_owned()
            }
            Self::Amount(AmountError::TooManyDecimals { decimals, .. }) => {
                format!("round it to {decimals} decimals")
            }
            Self::InvalidDate(_) | Self::DateOrder { .. } => "write dates as YYYY-MM-DD".to_owned(),
            Self::TimeOfDay(_) => "give the day alone; prices are one close a day".to_owned(),
            Self::Negative(_) => {
                "amounts carry no sign: the kind says in which direction they move".to_owned()
            }
            Self::ForbiddenByKind { kind, .. } if kind.is_movement() => {
                "a transfer moves no cash; its cost goes into `price`".to_owned()
            }
            Self::ForbiddenByKind { .. } => {
                "leave it empty; a holding is moved by buy, sell, transfer-in or transfer-out"
                    .to_owned()
            }
            Self::BeforeInception { .. } => {
                "correct the day, or import the portfolio with an earlier inception".to_owned()
            }
            Self::AfterClose { .. } => {
                "correct the day, or import the portfolio with a later closing day".to_owned()
            }
            Self::DuplicateId { .. } => {
                "give a new transaction an id of its own; a wrong one is undone by an opposite one"
                    .to_owned()
            }
            Self::ConflictingRow { .. } => "remove one of the two lines".to_owned(),
            Self::Jump { .. } => {
                "import the split first, correct the price, or say `--allow-jumps`".to_owned()
            }
            Self::PairMismatch { .. } => {
                "write the pair as base and quote, such as EURUSD in USD".to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }
}
