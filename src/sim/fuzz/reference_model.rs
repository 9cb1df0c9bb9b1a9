//! What must be done, counted day by day by the plainest rules: no ranges, no bitmaps, no
//! watermark that anything is derived from.

use std::collections::BTreeSet;

use crate::domain::{Calendar, Coverage, Day, Phase, Portfolio, PortfolioId};

/// The cells of active portfolios that a complete run leaves done: every session of a life, up to
/// the target.
pub(super) fn required_cells(
    portfolios: &[Portfolio],
    calendar: &Calendar,
    target: Day,
) -> BTreeSet<(PortfolioId, Day)> {
    let mut cells = BTreeSet::new();
    for one in portfolios {
        if one.lifecycle.deleted_at().is_some() {
            continue;
        }
        let mut day = one.lifecycle.inception();
        while day <= target {
            let closed = one
                .lifecycle
                .closing_day()
                .is_some_and(|closed| day > closed);
            if !closed && calendar.is_session(day) == Ok(true) {
                cells.insert((one.id, day));
            }
            day = day.next();
        }
    }
    cells
}

/// The last day up to which nothing that is required is missing: the day before the first hole,
/// or the target where there is none.
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
    let holes = required.iter().filter(|(id, day)| !is_done(*id, *day));
    match holes.map(|(_, day)| *day).min() {
        None => Some(target),
        Some(hole) => calendar.on_or_before(hole.previous()).ok().flatten(),
    }
}

/// The required cells that are not done.
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
