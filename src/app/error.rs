//! The errors of use cases.

use thiserror::Error;

use crate::domain::DayError;
use crate::engine::EngineError;
use crate::import::apply::ApplyError;
use crate::query::QueryError;
use crate::store::StoreError;

/// A use case that was refused or has failed.
#[derive(Debug, Error)]
pub enum AppError {
    /// A forced run without both ends of its range.
    #[error("a forced run needs the first and the last day of its range")]
    ForceWithoutRange,
    /// Unknown portfolios are to be skipped, and none is named.
    #[error("skipping unknown portfolios needs the name of a portfolio")]
    SkipUnknownWithoutNames,
    /// The first day of the range is after its last one.
    #[error(transparent)]
    Range(#[from] DayError),
    /// A portfolio is unknown, or the database could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The inbox could not be imported.
    #[error(transparent)]
    Import(#[from] ApplyError),
    /// The run was refused or has failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl AppError {
    /// Returns the error of the store, if it is one.
    pub const fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Query(error) => error.store_error(),
            Self::Import(ApplyError::Store(error)) | Self::Engine(EngineError::Store(error)) => {
                Some(error)
            }
            Self::ForceWithoutRange
            | Self::SkipUnknownWithoutNames
            | Self::Range(_)
            | Self::Import(_)
            | Self::Engine(_) => None,
        }
    }
}
