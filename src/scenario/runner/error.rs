//! The error that ends a play.

use thiserror::Error;

use crate::engine::EngineError;
use crate::query::QueryError;
use crate::scenario::load::LoadError;
use crate::scenario::world::WorldError;
use crate::store::StoreError;

/// An error that ends a play. Outcomes of steps, refusals included, are results and not errors.
#[derive(Debug, Error)]
pub enum PlayError {
    /// The world of the scenario could not be loaded into a database.
    #[error("failed to load the world into a database")]
    Load(#[from] LoadError),
    /// The sources of the world can't be continued to a day that a step reaches.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Reading the database through a query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Planning or running failed outside of the outcomes that a run can have.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store could not be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
