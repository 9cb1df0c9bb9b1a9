//! What a [`super::Market`] is made from, and why some sources make none.

use thiserror::Error;

use crate::domain::{Day, Price, RiskModel, Security, SecurityId, Split};

/// One raw close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// Of which security.
    pub security: SecurityId,
    /// Of which day.
    pub day: Day,
    /// At which price of one unit, in the security's currency.
    pub price: Price,
}

/// Everything that every portfolio shares.
#[derive(Debug, Clone, Default)]
pub struct MarketSources {
    /// Ascending, and contiguous in the calendar.
    pub sessions: Vec<Day>,
    /// In any order.
    pub securities: Vec<Security>,
    /// In any order; closes of days that are no session here, or of securities that are not
    /// here, are left out.
    pub closes: Vec<Close>,
    /// In any order.
    pub splits: Vec<Split>,
    /// Benchmark, factors and shocks.
    pub model: RiskModel,
}

/// Why sources make no market.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MarketError {
    /// Sessions are not ascending.
    #[error("session `{0}` is not after the one before it")]
    UnorderedSessions(Day),
    /// Two securities share an id.
    #[error("security `{}` is there twice", .0.0)]
    DuplicateSecurity(SecurityId),
    /// A security has two closes on one day.
    #[error("security `{}` has two closes on `{day}`", .security.0)]
    DuplicateClose {
        /// Which.
        security: SecurityId,
        /// On which day.
        day: Day,
    },
    /// A split from or into nothing.
    #[error("security `{}` splits from or into nothing on `{}`", .0.security.0, .0.day)]
    InvalidSplit(Split),
    /// A price carried through a split does not fit.
    #[error("the price of security `{}` is out of range on `{day}`", .security.0)]
    PriceOutOfRange {
        /// Which.
        security: SecurityId,
        /// On which session.
        day: Day,
    },
    /// The benchmark names no security.
    #[error("no security has the benchmark's symbol `{0}`")]
    UnknownBenchmark(String),
    /// A factor names no security.
    #[error("no security has the symbol `{symbol}` of the factor `{factor}`")]
    UnknownFactor {
        /// The factor's name.
        factor: String,
        /// Its symbol.
        symbol: String,
    },
    /// A shock's move is no ratio between −1,000 and 1,000.
    #[error("the shock `{0}` has a move that is no ratio between -1000 and 1000")]
    InvalidShock(String),
}
