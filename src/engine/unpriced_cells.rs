//! Finds the done cells of sessions that became unpriced. What all portfolios hold decides that, so
//! a deleted close, a voided purchase or a deleted portfolio can make the cells of others wait.
//!
//! A change only notes the first day that it may concern: closes often follow the transactions that
//! need them. The next run judges the sessions from that day on, and a survey sees what it will find.

use chrono::{DateTime, Utc};

use super::session_prices::SessionPrices;
use super::settings::Settings;
use crate::domain::{
    Day, DayRange, InvalidationCause, NewInvalidation, PhaseCells, PhaseSet, pluralize,
};
use crate::invalidation::remove_cells;
use crate::store::{ReadTransaction, StoreError, UnpricedCheck, WriteTransaction};

/// Returns the invalidations of done cells whose session is unpriced, one a session. Judged are the
/// sessions that a change since the last run may have made unpriced; all of them after a change of the
/// `calendars` or of the share of the configuration.
pub(super) fn unpriced_cells(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    calendars: CalendarState,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let UnpricedCheck { from, share } = reading.unpriced_check()?;
    let is_all = calendars == CalendarState::Changed
        || share.is_some_and(|share| share != settings.price_wait.max_unpriced_share);
    let from = if is_all { Some(Day::MIN) } else { from };
    // Most surveys end here.
    from.map_or(Ok(Vec::new()), |from| {
        unpriced_cells_from(reading, settings, from)
    })
}

/// Returns the same for all sessions from a day on.
pub(crate) fn unpriced_cells_from(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    from: Day,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let Ok(range) = DayRange::new(from, Day::MAX) else {
        return Ok(Vec::new());
    };
    let done = reading.ledger().coverage(range, PhaseSet::CELL_PHASES)?;
    let done = done.into_cells();
    let mut days: Vec<Day> = done.keys().map(|(day, _)| *day).collect();
    days.dedup();
    let mut prices = SessionPrices::new(reading, settings)?;
    let unpriced = prices.unpriced_among(days.into_iter())?;
    let holders = prices.holders_on(&unpriced)?;
    let mut invalidations = Vec::new();
    for (day, session) in unpriced {
        let mut cells = PhaseCells::new();
        for phase in PhaseSet::CELL_PHASES.iter() {
            let Some(ids) = done.get(&(day, phase)) else {
                continue;
            };
            let waiting = holders.get(&day).map_or(ids.clone(), |of| ids & of);
            if !waiting.is_empty() {
                cells.insert((day, phase), waiting);
            }
        }
        let (missing, held) = (session.missing, session.held);
        invalidations.push(NewInvalidation {
            cause: InvalidationCause::Price,
            reason: format!(
                "{day} became an unpriced session: {missing} of {held} held {} without a close",
                pluralize(held.into(), "security")
            ),
            cells,
        });
    }
    invalidations.retain(|new| !new.cells.is_empty());
    Ok(invalidations)
}

/// Tells whether the calendars of a survey are those in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CalendarState {
    InForce,
    Changed,
}

impl CalendarState {
    pub(super) const fn changed_if(is_changed: bool) -> Self {
        match is_changed {
            true => Self::Changed,
            false => Self::InForce,
        }
    }
}

/// Invalidates the done cells of sessions that became unpriced, and notes that they were judged.
pub(super) fn sync_unpriced(
    writing: &WriteTransaction<'_>,
    settings: &Settings,
    calendars: CalendarState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let new = unpriced_cells(writing, settings, calendars)?;
    remove_cells(writing, new.into_iter().map(Ok), now)?;
    writing.set_unpriced_checked(settings.price_wait.max_unpriced_share)
}
