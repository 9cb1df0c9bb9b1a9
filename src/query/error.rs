//! The errors of queries.

use thiserror::Error;

use crate::domain::{CalendarError, RunId};
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
    /// A name that several portfolios have.
    #[error("{count} portfolios have the name `{name}`: use the id instead")]
    AmbiguousPortfolio {
        /// The name as it was typed.
        name: String,
        /// Number of portfolios with this name.
        count: usize,
    },
    /// The database could not be read, or no plan could be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
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
