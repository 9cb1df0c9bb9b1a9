//! Why a question could not be answered.

use thiserror::Error;

use crate::domain::{CalendarError, RunId};
use crate::engine::EngineError;
use crate::plan::{PlanError, ScopeError};
use crate::store::StoreError;

/// Why a question could not be answered.
#[derive(Debug, Error)]
pub enum QueryError {
    /// No run was ever made.
    #[error("no run was made yet")]
    NoRuns,
    /// No run has such an id.
    #[error("no run has an id that starts with `{0}`")]
    UnknownRun(String),
    /// Several runs have such an id.
    #[error("{} runs have an id that starts with `{prefix}`", .candidates.len())]
    AmbiguousRun {
        /// What was given.
        prefix: String,
        /// The runs that could be meant, newest first.
        candidates: Vec<RunId>,
    },
    /// The record kept with a run can't be read.
    #[error("the record of run {run} cannot be read")]
    Record {
        /// Which run.
        run: RunId,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Names that nobody bears.
    #[error(transparent)]
    Scope(#[from] ScopeError<String>),
    /// A name or id that no portfolio bears.
    #[error("no portfolio is known as `{name}`")]
    UnknownPortfolio {
        /// What was typed.
        name: String,
        /// The name that is most like it.
        nearest: Option<String>,
    },
    /// A name that several portfolios bear.
    #[error("{count} portfolios are called `{name}`: name the one that is meant by its id")]
    AmbiguousPortfolio {
        /// The name.
        name: String,
        /// How many bear it.
        count: usize,
    },
    /// The facts can't be read or planned on.
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
