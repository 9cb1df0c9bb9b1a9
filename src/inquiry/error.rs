//! Why a question could not be answered.

use thiserror::Error;

use crate::domain::{CalendarError, RunId};
use crate::engine::EngineError;
use crate::plan::PlanError;
use crate::store::StoreError;

/// Why a question could not be answered.
#[derive(Debug, Error)]
pub enum InquiryError {
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
    /// The facts can't be read or planned on.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for InquiryError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<PlanError> for InquiryError {
    fn from(error: PlanError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<CalendarError> for InquiryError {
    fn from(error: CalendarError) -> Self {
        Self::Engine(error.into())
    }
}
