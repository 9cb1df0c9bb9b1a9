//! Why a text is no world.

use std::fmt;

use thiserror::Error;

use super::lenient::Span;
use crate::domain::{CalendarError, Currency, Day, DayError, LifecycleError, nearest};

/// Why a text is no world.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum WorldError {
    /// Not TOML, an unknown key, or a value that can't be. The source shows line and column.
    #[error("the text is no world{nearest}")]
    Text {
        /// What TOML says.
        source: toml::de::Error,
        /// The key that was probably meant.
        nearest: Nearest,
    },
    /// It does not say what time it is.
    #[error("the world does not say what time it is: `now` is missing")]
    MissingNow,
    /// A range that can't be followed, or an empty name.
    #[error("`{0}` names no portfolio (expected a name, `A..F` or `P1..P20`)")]
    InvalidNameRange(String),
    /// Two keys name the same portfolio.
    #[error("the portfolio `{0}` is named twice")]
    DuplicatePortfolio(String),
    /// A symbol that nothing lists.
    #[error("no security has the symbol `{symbol}`{nearest}")]
    UnknownSymbol {
        /// What was written.
        symbol: String,
        /// What was probably meant.
        nearest: Nearest,
    },
    /// A portfolio that the world doesn't have.
    #[error("the world has no portfolio `{name}`{nearest}")]
    UnknownPortfolio {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Nearest,
    },
    /// A sector that the made-up market doesn't have.
    #[error("the market has no sector `{sector}`{nearest}")]
    UnknownSector {
        /// What was written.
        sector: String,
        /// What was probably meant.
        nearest: Nearest,
    },
    /// A life that can't be.
    #[error("the portfolio `{portfolio}` can't live")]
    Lifecycle {
        /// Whose.
        portfolio: String,
        /// Why not.
        source: LifecycleError,
    },
    /// Restored without having been deleted before.
    #[error("the portfolio `{0}` is restored, but not deleted before that")]
    RestoredNotDeleted(String),
    /// Days without a session on which the portfolio lives.
    #[error("`{span}` holds no session in the life of the portfolio `{portfolio}`")]
    NoActiveSession {
        /// Whose.
        portfolio: String,
        /// The days.
        span: Span,
    },
    /// A day after the market's last.
    #[error("`{span}` of the portfolio `{portfolio}` goes beyond the last session, `{last}`")]
    AfterLastSession {
        /// Whose.
        portfolio: String,
        /// The days.
        span: Span,
        /// The last session that has closed.
        last: Day,
    },
    /// Later phases done on a day without the snapshot that they are made from.
    #[error("the portfolio `{portfolio}` can't have other phases of `{day}` without its snapshot")]
    WithoutSnapshot {
        /// Whose.
        portfolio: String,
        /// The day.
        day: Day,
    },
    /// A portfolio is to be like one that the file doesn't have, or that is itself like another.
    #[error("the portfolio `{portfolio}` can't be like `{like}`{nearest}")]
    InvalidLike {
        /// Whose line it is.
        portfolio: String,
        /// Whom it names.
        like: String,
        /// The key that was probably meant.
        nearest: Nearest,
    },
    /// An id or a name is said of several portfolios at once.
    #[error("`{0}` names several portfolios, which can't share an `id` or `name`")]
    SharedIdentity(String),
    /// A text that is to be an id and is no UUID.
    #[error("the id `{id}` of the portfolio `{portfolio}` is no UUID")]
    InvalidId {
        /// Whose.
        portfolio: String,
        /// What was written.
        id: String,
    },
    /// A portfolio waits for prices, and what it holds is said.
    #[error("the portfolio `{0}` has `blocked` days, so what it holds is made up for them")]
    BlockedWithHoldings(String),
    /// A run that ended is said to be running.
    #[error("run {place} of the world is running: say it with `[run-left-running]`")]
    RunningRun {
        /// Its place in the file, from 1.
        place: usize,
    },
    /// A key that makes something up, in a world whose sources are given.
    #[error("`{key}` of {place} makes something up, and the world says `sources = \"given\"`")]
    MadeUpKeyWithGivenSources {
        /// The key.
        key: &'static str,
        /// Where it stands, in words.
        place: String,
    },
    /// Holdings or cash are given beside what makes them up.
    #[error(
        "the portfolio `{0}` has holdings or cash, so nothing is made up: no `style` or `capital`"
    )]
    HoldingsWithStyle(String),
    /// The books of a portfolio are in a currency that has no rate.
    #[error(
        "no pair of `{currency}` and USD is listed, which a history of `{portfolio}` would need"
    )]
    MissingRate {
        /// Whose.
        portfolio: String,
        /// Its currency.
        currency: Currency,
    },
    /// A transaction that can't be.
    #[error("transaction {place} of the world {fault}")]
    Transaction {
        /// Its place in the file, from 1.
        place: usize,
        /// Why it can't be.
        fault: TransactionFault,
    },
    /// A split on a day that is no session, or into or out of no unit.
    #[error(
        "`{symbol}` can't split {new} for {old} on `{day}` (expected a session, units above zero)"
    )]
    Split {
        /// What is split.
        symbol: String,
        /// When.
        day: Day,
        /// Units after.
        new: u32,
        /// Units before.
        old: u32,
    },
    /// The market's first day lies after its last.
    #[error("the market has no days")]
    Market(#[source] DayError),
    /// The calendar can't answer, or can't be amended so.
    #[error("the calendar does not cover the world")]
    Calendar(#[from] CalendarError),
}

impl WorldError {
    /// That a text can't be read, with the key that was probably meant.
    pub(in crate::scenario) fn text(source: toml::de::Error) -> Self {
        Self::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        }
    }
}

/// Why a transaction can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransactionFault {
    /// It moves a holding, and doesn't say of what.
    #[error("moves a holding and names no `symbol`")]
    NoSecurity,
    /// It moves a holding, and doesn't say how much, or nothing or less.
    #[error("moves a holding and has no `quantity` above zero")]
    NoQuantity,
    /// It moves cash, and doesn't say how much.
    #[error("moves cash and has no `amount`")]
    NoAmount,
    /// Cash below zero, where the kind already says the direction.
    #[error("has an `amount` below zero, which only interest may have")]
    NegativeAmount,
}

/// The known name that is nearest to an unknown one, if any is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest(Option<String>);

impl Nearest {
    /// The nearest to `word` among `known`, if one is near enough to have been meant.
    pub(in crate::scenario) fn find<'a>(
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self(nearest(word, known))
    }

    /// The nearest to the key that a message of serde calls unknown, among those it expected:
    /// the words in back-ticks, the first of which is the unknown one.
    pub fn from_message(message: &str) -> Self {
        let mut words = message.split('`').skip(1).step_by(2);
        match words.next() {
            Some(unknown) if message.starts_with("unknown ") => Self::find(unknown, words),
            _ => Self(None),
        }
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, " (did you mean `{name}`?)"),
            None => Ok(()),
        }
    }
}
