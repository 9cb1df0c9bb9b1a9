//! Finds the complete cells whose books use prices or rates that are older than allowed, and marks
//! them in a grid.

use std::collections::BTreeMap;

use super::concerns::stale_cells;
use super::error::QueryError;
use super::grid::{Grid, Mark};
use crate::domain::{Calendar, Day, IdSet, PortfolioId};
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

impl Grid {
    /// Returns the portfolios with one of `marks`, by day. `names` are those of the rows.
    pub fn cells_with(
        &self,
        names: &BTreeMap<PortfolioId, String>,
        marks: &[Mark],
    ) -> BTreeMap<Day, IdSet> {
        let mut cells: BTreeMap<Day, IdSet> = BTreeMap::new();
        for (row, id) in self.rows.iter().zip(names.keys()) {
            for (mark, day) in row.marks.iter().zip(&self.days) {
                if marks.contains(mark) {
                    cells.entry(*day).or_default().insert(id.0);
                }
            }
        }
        cells
    }

    /// Marks the cells that were complete before and that `old` has, portfolios by day. `names` are
    /// those of the rows.
    #[must_use]
    pub fn with_old_inputs(
        mut self,
        names: &BTreeMap<PortfolioId, String>,
        old: &BTreeMap<Day, IdSet>,
    ) -> Self {
        for (row, id) in self.rows.iter_mut().zip(names.keys()) {
            for (mark, day) in row.marks.iter_mut().zip(&self.days) {
                let is_old = old.get(day).is_some_and(|ids| ids.contains(id.0));
                if is_old && *mark == Mark::DoneBefore {
                    *mark = Mark::OldInputs;
                }
            }
        }
        self
    }
}
