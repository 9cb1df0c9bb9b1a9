//! The errors of queries.

use thiserror::Error;

use crate::domain::{CalendarError, Portfolio, PortfolioKey, RunId, Security, nearest};
use crate::engine::EngineError;
use crate::plan::{PlanError, ScopeError};
use crate::store::StoreError;

/// A query that could not be answered.
#[derive(Debug, Error)]
pub enum QueryError {
    /// The database has no runs.
    #[error("no runs yet")]
    NoRuns,
    /// No run has an id with this prefix.
    #[error("no run has an id that starts with `{0}`")]
    UnknownRun(String),
    /// Several runs have an id with this prefix.
    #[error("{} runs have an id that starts with `{prefix}`", .candidates.len())]
    AmbiguousRun {
        /// The prefix as it was typed.
        prefix: String,
        /// The runs with this prefix, newest first.
        candidates: Vec<RunId>,
    },
    /// The record stored with a run is not valid JSON.
    #[error("failed to read the record of run {run}")]
    Record {
        /// The run of the record.
        run: RunId,
        /// The error of the JSON parser.
        #[source]
        source: serde_json::Error,
    },
    /// Unknown names, or a scope without portfolios.
    #[error(transparent)]
    Scope(#[from] ScopeError<String>),
    /// A name or id that no portfolio has.
    #[error("unknown portfolio `{name}`")]
    UnknownPortfolio {
        /// The name or id as it was typed.
        name: String,
        /// The most similar name, if one is similar.
        nearest: Option<String>,
    },
    /// Names or ids that no portfolio in the tables of another program has.
    #[error("unknown {}", quoted(names))]
    UnknownInTables {
        /// The names and ids as they were typed.
        names: Vec<String>,
        /// The name that is most similar to the first of them, if one is similar.
        nearest: Option<String>,
    },
    /// A name or id that several portfolios have.
    #[error("{} portfolios have the name or id `{name}`: {}", candidates.len(), list(candidates))]
    AmbiguousPortfolio {
        /// The name or id as it was typed.
        name: String,
        /// The names and ids of these portfolios.
        candidates: Vec<(String, PortfolioKey)>,
    },
    /// A run names deleted portfolios, which no run fills.
    #[error("deleted {}: no run fills a deleted portfolio", quoted(.0))]
    DeletedPortfolios(Vec<String>),
    /// No portfolio is active: a run or plan of all active ones would look complete.
    #[error("{}", no_active_portfolio_text(*.deleted))]
    NoActivePortfolio {
        /// The number of deleted portfolios.
        deleted: u64,
    },
    /// The transactions of a portfolio cannot be booked up to the day.
    #[error("failed to book the transactions of `{portfolio}`: {reason}")]
    Unbookable {
        /// The name of the portfolio.
        portfolio: String,
        /// The transaction or split, and the reason.
        reason: String,
    },
    /// The sum of the realized profits does not fit.
    #[error("the realized profits of `{portfolio}` are out of range")]
    RealizedOutOfRange {
        /// The name of the portfolio.
        portfolio: String,
    },
    /// No transaction has or had the id.
    #[error("no transaction has the id `{0}`")]
    UnknownTransaction(String),
    /// No security has the symbol.
    #[error("no security has the symbol `{symbol}`")]
    UnknownSymbol {
        /// The symbol as it was typed.
        symbol: String,
        /// The most similar symbol, if one is similar.
        nearest: Option<String>,
    },
    /// The database could not be read, or no plan could be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl QueryError {
    /// Returns the error of a symbol that none of the securities has, with the nearest one.
    pub(super) fn unknown_symbol(symbol: &str, securities: &[Security]) -> Self {
        let symbols = securities.iter().map(|security| security.symbol.as_str());
        Self::UnknownSymbol {
            nearest: nearest(symbol, symbols),
            symbol: symbol.to_owned(),
        }
    }

    /// Returns the error of the store, if it is one.
    pub const fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Engine(EngineError::Store(error)) => Some(error),
            _ => None,
        }
    }

    pub(super) fn unbookable(portfolio: &Portfolio, reason: String) -> Self {
        let portfolio = portfolio.name.clone();
        Self::Unbookable { portfolio, reason }
    }

    pub(super) fn out_of_range(portfolio: &Portfolio) -> Self {
        let portfolio = portfolio.name.clone();
        Self::RealizedOutOfRange { portfolio }
    }
}

/// States that no portfolio is active, with the reason.
pub fn no_active_portfolio_text(deleted: u64) -> String {
    let reason = match deleted {
        0 => "the database has none".to_owned(),
        1 => "the only one is deleted".to_owned(),
        deleted => format!("all {deleted} are deleted"),
    };
    format!("no active portfolio: {reason}")
}

/// Lists candidates as "`Name` (id)".
fn list(candidates: &[(String, PortfolioKey)]) -> String {
    let candidates = candidates
        .iter()
        .map(|(name, key)| format!("`{name}` ({key})"));
    candidates.collect::<Vec<_>>().join(", ")
}

/// Lists names as "portfolio `A`" or "portfolios `A`, `B`".
fn quoted(names: &[String]) -> String {
    let noun = match names {
        [_] => "portfolio",
        _ => "portfolios",
    };
    let names = names.iter().map(|name| format!("`{name}`"));
    format!("{noun} {}", names.collect::<Vec<_>>().join(", "))
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<PlanError> for QueryError {
    fn from(error: PlanError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<CalendarError> for QueryError {
    fn from(error: CalendarError) -> Self {
        Self::Engine(error.into())
    }
}
