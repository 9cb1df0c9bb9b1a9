//! Finds the reason that a cell has no books, from the sources as they are now. Writes nothing.

use super::error::EngineError;
use super::inputs::{self, CloseSelection};
use super::settings::Settings;
use crate::domain::{Cell, IdSet};
use crate::phases::{Books, PhaseError};
use crate::store::ReadTransaction;

/// Returns the error with which the books of a cell would fail now; `None` if they can be computed,
/// or if the day is not a session of the portfolio.
///
/// # Errors
///
/// The sources cannot be read.
pub(crate) fn computing_error(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    cell: Cell,
) -> Result<Option<PhaseError>, EngineError> {
    let ids = IdSet::from([cell.portfolio.0]);
    let inputs = inputs::load(reading, settings, &ids, cell.day, CloseSelection::Needed)?;
    let Some(state) = inputs.portfolios.first() else {
        return Ok(None);
    };
    let market = inputs.markets.of(state.id);
    let Ok(session) = market.sessions().binary_search(&cell.day) else {
        return Ok(None);
    };
    let mut books = Books::open(&state.history);
    Ok(books.value_on(market, &state.history, session).err())
}
