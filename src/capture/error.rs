//! Why a state could not be captured.

use thiserror::Error;

use crate::domain::CalendarError;
use crate::engine::EngineError;
use crate::store::StoreError;

/// Why a state could not be captured.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The calendar has closes that none of the calendars of a world can be amended to.
    #[error("the calendar `{0}` cannot be said in a world: its sessions close at other times")]
    Calendar(String),
    /// The calendar doesn't know days that the state speaks of.
    #[error(transparent)]
    Days(#[from] CalendarError),
    /// The facts can't be read or planned on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
