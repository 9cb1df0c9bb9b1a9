//! Finds the portfolios whose risk is complete and has not one figure.

use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, PortfolioId, Scope};
use crate::plan::{Survey, Watermarks};
use crate::query::error::QueryError;
use crate::store::ReadTransaction;

/// Returns the active portfolios of `scope` with holdings whose risk at their watermark has not one
/// figure.
pub(super) fn portfolios_without_figures(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    marks: &Watermarks,
    scope: &Scope,
) -> Result<IdSet, QueryError> {
    let mut by_day: BTreeMap<Day, IdSet> = BTreeMap::new();
    for id in survey.lifecycles.active_members(scope) {
        if let Some(day) = marks.get(PortfolioId(id)) {
            by_day.entry(day).or_default().insert(id);
        }
    }
    let mut portfolios = IdSet::new();
    for (day, ids) in by_day {
        portfolios |= reading.outputs().without_figures(day)? & ids;
    }
    Ok(portfolios)
}
