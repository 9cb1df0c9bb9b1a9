//! Finds the complete cells whose books use prices or rates that are older than allowed.

use std::collections::BTreeMap;

use super::concerns::stale_cells;
use super::error::QueryError;
use crate::domain::{Calendar, Day, IdSet};
use crate::plan::Survey;
use crate::store::ReadTransaction;

/// Returns those of `complete`, portfolios with a complete cell by day, whose books use a price or
/// rate that is more than `max_stale` sessions old. `calendar` is that of the survey.
///
/// # Errors
///
/// The store cannot be read.
pub fn cells_with_old_inputs(
    reading: &ReadTransaction<'_>,
    (calendar, survey): (&Calendar, &Survey),
    complete: &BTreeMap<Day, IdSet>,
    max_stale: usize,
) -> Result<BTreeMap<Day, IdSet>, QueryError> {
    let mut old: BTreeMap<Day, IdSet> = BTreeMap::new();
    for cell in stale_cells(reading, calendar, survey, complete, max_stale)? {
        old.entry(cell.day).or_default().insert(cell.id.0);
    }
    Ok(old)
}
