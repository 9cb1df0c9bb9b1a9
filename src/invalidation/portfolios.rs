//! Changed portfolios. Only the currency affects cells: the name is text for people, and a
//! lifecycle decides which cells are expected, not their values.

use chrono::{DateTime, Utc};

use super::facts::Facts;
use super::ledger::remove_cells;
use crate::domain::{
    Calendar, Correction, Day, IdSet, InvalidationCause, NewInvalidation, PhaseCells, Portfolio,
};
use crate::store::{StoreError, WriteTransaction};

/// Invalidates all cells of the portfolios whose currency changed, and returns them.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_currencies(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    corrected: &[Correction<Portfolio>],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let changed = corrected
        .iter()
        .filter(|Correction { was, now }| was.currency != now.currency);
    let invalidations = changed.map(|Correction { was, now }| {
        let (name, from, to) = (&now.name, was.currency, now.currency);
        let mut cells = facts.covered_cells(Day::MIN)?;
        for ids in cells.values_mut() {
            *ids = IdSet::from([now.id.0]);
        }
        Ok(NewInvalidation {
            cause: InvalidationCause::Attribute,
            reason: format!("currency of {name} changed from {from} to {to}"),
            cells,
        })
    });
    remove_cells(writing, invalidations, now)
}
