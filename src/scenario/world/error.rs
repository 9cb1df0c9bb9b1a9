//! Errors of reading a world.

use std::fmt;

use thiserror::Error;

use super::values::Span;
use crate::domain::{
    ActionError, CalendarError, CashTermsError, Currency, Day, DayError, DayRange, LifecycleError,
    Nearest,
};
use crate::scenario::limits::TooMany;

/// A kind of record that can name a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarOwner {
    /// A security of the world.
    Security,
    /// A portfolio of the world.
    Portfolio,
}

impl fmt::Display for CalendarOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Security => "security",
            Self::Portfolio => "portfolio",
        })
    }
}

/// Errors of reading a world.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum WorldError {
    /// Not TOML, an unknown key, or an invalid value. The source shows line and column.
    #[error("invalid world{nearest}")]
    Text {
        /// The error of the TOML parser.
        source: toml::de::Error,
        /// The known key most similar to the unknown one.
        nearest: Nearest,
    },
    /// The world and its fixture have no `now`.
    #[error("missing `now`, the time at the start of the world")]
    MissingNow,
    /// An invalid range of names, or an empty name.
    #[error("invalid portfolio name `{0}` (expected a name, `A..F` or `P1..P20`)")]
    InvalidNameRange(String),
    /// A count is above its bound.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Two keys name the same portfolio.
    #[error("duplicate portfolio `{0}`")]
    DuplicatePortfolio(String),
    /// A symbol that is not listed.
    #[error("unknown symbol `{symbol}`{nearest}")]
    UnknownSymbol {
        /// The symbol in the file.
        symbol: String,
        /// The known symbol most similar to it.
        nearest: Nearest,
    },
    /// A portfolio that the world does not have.
    #[error("unknown portfolio `{name}`{nearest}")]
    UnknownPortfolio {
        /// The name or id in the file.
        name: String,
        /// The known name most similar to it.
        nearest: Nearest,
    },
    /// Two securities have one symbol on one day.
    #[error("`{symbol}` and `{other}` have one symbol on the same day")]
    SymbolTaken {
        /// The present symbol of one security.
        symbol: String,
        /// The present symbol of the other.
        other: String,
    },
    /// A security or portfolio names a calendar that is neither built in nor one of the world.
    #[error("unknown calendar `{calendar}` of the {owner} `{label}`{nearest}")]
    UnknownCalendar {
        /// The kind of record that names the calendar.
        owner: CalendarOwner,
        /// The symbol of the security, or the label of the portfolio.
        label: String,
        /// The name in the file.
        calendar: String,
        /// The known name most similar to it.
        nearest: Nearest,
    },
    /// An `[[own-calendar]]` with the name of another calendar.
    #[error("`{0}` is the name of two calendars: give the `[[own-calendar]]` another one")]
    OwnCalendarName(String),
    /// An `[[own-calendar]]` that contradicts itself.
    #[error("invalid `[[own-calendar]]`")]
    OwnCalendar(#[source] CalendarError),
    /// A sector that the generated market does not have.
    #[error("unknown sector `{sector}`{nearest}")]
    UnknownSector {
        /// The sector in the file.
        sector: String,
        /// The known sector most similar to it.
        nearest: Nearest,
    },
    /// Inception, closing day and deletion contradict each other.
    #[error("invalid lifecycle of the portfolio `{portfolio}`")]
    Lifecycle {
        /// The name of the portfolio.
        portfolio: String,
        /// The rule that is broken.
        source: LifecycleError,
    },
    /// `restored-at` without an earlier `deleted-at`.
    #[error("the portfolio `{0}` is restored, but not deleted before that")]
    RestoredNotDeleted(String),
    /// Days without a session between inception and closing day.
    #[error("`{span}` contains no session in the lifetime of the portfolio `{portfolio}`")]
    NoActiveSession {
        /// The name of the portfolio.
        portfolio: String,
        /// The days in the file.
        span: Span,
    },
    /// A day after the last session of the market.
    #[error("`{span}` of the portfolio `{portfolio}` is after the last session, `{last}`")]
    AfterLastSession {
        /// The name of the portfolio.
        portfolio: String,
        /// The days in the file.
        span: Span,
        /// The last session that has closed.
        last: Day,
    },
    /// Later phases are done without the snapshot that they are computed from.
    #[error("the portfolio `{portfolio}` has other phases of `{day}` done without the snapshot")]
    WithoutSnapshot {
        /// The name of the portfolio.
        portfolio: String,
        /// The day without a snapshot.
        day: Day,
    },
    /// `like` names a portfolio that the file does not have, or one that has `like` itself.
    #[error("the portfolio `{portfolio}` cannot inherit from `{like}`{nearest}")]
    InvalidLike {
        /// The portfolio that has the key `like`.
        portfolio: String,
        /// The value of `like`.
        like: String,
        /// The known key most similar to it.
        nearest: Nearest,
    },
    /// An entry for several portfolios has an `id` or `name`.
    #[error("`{0}` means several portfolios, which cannot share an `id` or `name`")]
    SharedIdentity(String),
    /// The `id` of a portfolio is not a UUID.
    #[error("invalid UUID `{id}` of the portfolio `{portfolio}`")]
    InvalidId {
        /// The name of the portfolio.
        portfolio: String,
        /// The id in the file.
        id: String,
    },
    /// A portfolio has both `blocked` days and holdings or a style.
    #[error(
        "the portfolio `{0}` has `blocked` days, for which its holdings are generated: remove \
         `cash`, `holdings`, `style` and `capital`"
    )]
    BlockedWithHoldings(String),
    /// A span of `unpriced` has no session among the days with closes.
    #[error("`unpriced` of the market: `{span}` is not a span of sessions in {priced}")]
    UnpricedOutside {
        /// The span in the file.
        span: Span,
        /// The days with closes.
        priced: DayRange,
    },
    /// An entry of `[[run]]` has the state `running`.
    #[error("run {place} of the world is running: use `[run-left-running]` for it")]
    RunningRun {
        /// The position in the file, from 1.
        place: usize,
    },
    /// A key of generated sources, in a world whose sources are given.
    #[error("`{key}` of {place} generates sources, but the world has `sources = \"given\"`")]
    MadeUpKeyWithGivenSources {
        /// The key that generates sources.
        key: &'static str,
        /// The table that has it: `the market`, or ``the portfolio `A` ``.
        place: String,
    },
    /// A portfolio has `holdings` or `cash`, and also `style` or `capital`.
    #[error(
        "the portfolio `{0}` has holdings or cash, so no history is generated: remove `style` and \
         `capital`"
    )]
    HoldingsWithStyle(String),
    /// The currency of a portfolio has no exchange rate.
    #[error("no pair of `{currency}` and USD is listed, which the history of `{portfolio}` needs")]
    MissingRate {
        /// The name of the portfolio.
        portfolio: String,
        /// The currency of its books.
        currency: Currency,
    },
    /// A transaction lacks a key, or has an invalid amount.
    #[error("transaction {place} of the world {fault}")]
    Transaction {
        /// The position in the file, from 1.
        place: usize,
        /// The rule that it breaks.
        fault: TransactionFault,
    },
    /// A split with zero units.
    #[error("invalid split of `{symbol}`, {new} for {old} on `{day}` (expected units above zero)")]
    Split {
        /// The symbol of the security.
        symbol: String,
        /// The day in the file.
        day: Day,
        /// Units after the split.
        new: u32,
        /// Units before the split.
        old: u32,
    },
    /// A corporate action with impossible terms.
    #[error("invalid action of `{symbol}` on `{day}`")]
    Action {
        /// The symbol of the security.
        symbol: String,
        /// The day in the file.
        day: Day,
        /// The term that is wrong.
        #[source]
        reason: ActionError,
    },
    /// A range of accepted prices ends before it starts.
    #[error("invalid `[[accepted-prices]]`")]
    AcceptedPrices(#[source] DayError),
    /// The first day of the market is after its last.
    #[error("the market has no days")]
    Market(#[source] DayError),
    /// The calendar does not cover a day, or its amendments contradict it.
    #[error("the calendar does not cover the world")]
    Calendar(#[from] CalendarError),
}

impl WorldError {
    /// Wraps an error of the TOML parser, with the nearest known key.
    pub(in crate::scenario) fn text(source: toml::de::Error) -> Self {
        Self::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        }
    }
}

/// Rules that a transaction can break. The texts follow `transaction N of the world`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransactionFault {
    /// It moves a holding, and has no symbol.
    #[error("moves a holding and has no `symbol`")]
    NoSecurity,
    /// It moves a holding, and its quantity is missing or not above zero.
    #[error("moves a holding and has no `quantity` above zero")]
    NoQuantity,
    /// It moves cash, and has no amount.
    #[error("moves cash and has no `amount`")]
    NoAmount,
    /// Its amount is negative, although its kind sets the direction.
    #[error(
        "has an `amount` below zero, which only `dividend`, `interest`, `fee` and `tax` may have"
    )]
    NegativeAmount,
    /// Its currencies contradict its kind.
    #[error("is invalid: {0}")]
    Cash(#[from] CashTermsError),
}
