//! Defines the sources of a [`super::Market`], and the errors in them.

use thiserror::Error;

use crate::domain::{
    CorporateAction, Day, Price, RiskModel, Security, SecurityCalendars, SecurityId,
    SessionsPerYear, Split,
};

/// One close as it was imported, not adjusted for splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// The security that closed.
    pub security: SecurityId,
    /// The calendar day of the close.
    pub day: Day,
    /// Price of one unit, in the security's currency.
    pub price: Price,
}

/// Sources shared by all portfolios.
#[derive(Debug, Clone, Default)]
pub struct MarketSources {
    /// Sessions of the calendar, ascending and without a gap.
    pub sessions: Vec<Day>,
    /// Sessions of a year of the calendar, by which figures are annualised.
    pub sessions_per_year: SessionsPerYear,
    /// All securities, in any order.
    pub securities: Vec<Security>,
    /// The calendars that securities name. One that is missing closes no security.
    pub calendars: SecurityCalendars,
    /// Closes in any order; those of unknown securities or of days without a session are ignored.
    pub closes: Vec<Close>,
    /// All splits, in any order.
    pub splits: Vec<Split>,
    /// All other corporate actions, in any order.
    pub actions: Vec<CorporateAction>,
    /// Benchmark, factors and shocks of risk.
    pub model: RiskModel,
}

/// A contradiction in the sources of a market.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MarketError {
    /// The sessions are not in ascending order.
    #[error("session `{0}` is not after the one before it")]
    UnorderedSessions(Day),
    /// Two securities share an id.
    #[error("duplicate security id `{}`", .0.0)]
    DuplicateSecurity(SecurityId),
    /// A security has two closes on one day.
    #[error("security `{}` has two closes on `{day}`", .security.0)]
    DuplicateClose {
        /// The security with two closes.
        security: SecurityId,
        /// The day of both closes.
        day: Day,
    },
    /// A split has a ratio with a zero.
    #[error("split of security `{}` on `{}` has a zero in its ratio", .0.security.0, .0.day)]
    InvalidSplit(Split),
    /// No security has the benchmark's symbol.
    #[error("no security has the benchmark's symbol `{0}`")]
    UnknownBenchmark(String),
    /// No security has the symbol of a factor.
    #[error("no security has the symbol `{symbol}` of the factor `{factor}`")]
    UnknownFactor {
        /// The name of the factor.
        factor: String,
        /// The symbol that no security has.
        symbol: String,
    },
    /// A move of a shock is not a ratio between −1,000 and 1,000.
    #[error("shock `{0}` has a move that is not a ratio between -1000 and 1000")]
    InvalidShock(String),
}
