//! Determines the required cells day by day, by the simplest rules: without ranges, bitmaps or a
//! stored watermark. Apart from domain types it shares no code with the planner, so that it cannot
//! share its faults.

use std::collections::BTreeSet;

use crate::domain::{Calendar, Coverage, Day, Phase, Portfolio, PortfolioId};

/// Returns the cells that a complete run leaves done: every session of each active lifecycle, up to
/// the target.
pub(super) fn required_cells(
    portfolios: &[Portfolio],
    calendar: &Calendar,
    target: Day,
) -> BTreeSet<(PortfolioId, Day)> {
    let mut cells = BTreeSet::new();
    for portfolio in portfolios {
        if portfolio.lifecycle.deleted_at().is_some() {
            continue;
        }
        let mut day = portfolio.lifecycle.inception();
        while day <= target {
            let closed = portfolio
                .lifecycle
                .closing_day()
                .is_some_and(|closed| day > closed);
            if !closed && calendar.is_session(day) == Ok(true) {
                cells.insert((portfolio.id, day));
            }
            // One day at a time, weekends included: slow and obvious.
            day = day.next();
        }
    }
    cells
}

/// Returns the last session before the first gap, or the target if there is no gap.
pub(super) fn watermark(
    required: &BTreeSet<(PortfolioId, Day)>,
    done: &Coverage,
    calendar: &Calendar,
    target: Day,
) -> Option<Day> {
    let is_done = |id: PortfolioId, day: Day| {
        let mut phases = Phase::CELL_PHASES.into_iter();
        phases.all(|phase| done.contains(day, phase, id))
    };
    let gaps = required.iter().filter(|(id, day)| !is_done(*id, *day));
    match gaps.map(|(_, day)| *day).min() {
        None => Some(target),
        Some(gap) => calendar.on_or_before(gap.previous()).ok().flatten(),
    }
}

/// Returns the required cells with a phase that is not done.
pub(super) fn missing_cells(
    required: &BTreeSet<(PortfolioId, Day)>,
    done: &Coverage,
) -> Vec<(PortfolioId, Day)> {
    let cells = required.iter().copied();
    let is_missing = |(id, day): &(PortfolioId, Day)| {
        let mut phases = Phase::CELL_PHASES.into_iter();
        phases.any(|phase| !done.contains(*day, phase, *id))
    };
    cells.filter(is_missing).collect()
}
