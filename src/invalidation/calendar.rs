//! A changed trading calendar.

use chrono::{DateTime, Utc};

use super::ledger::remove_cells;
use crate::domain::{
    Calendar, Day, DayRange, InvalidationCause, NewInvalidation, PhaseCells, PhaseSet,
};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Puts the configured calendar in force. If another one was in force, invalidates all cells from
/// the first changed day on. Returns the covered days that became or ceased to be sessions,
/// ascending.
pub(crate) fn sync_calendar(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<Vec<Day>, StoreError> {
    let change = calendar_change(writing, calendar)?;
    let in_force = writing.calendar();
    let has_sessions = in_force.sessions()?.as_deref() == Some(calendar.all_sessions());
    // Other hours or another name change no session.
    if !has_sessions || in_force.in_force()?.as_ref() != Some(calendar) {
        in_force.set(calendar)?;
    }
    let Some((changed, new)) = change else {
        return Ok(Vec::new());
    };
    remove_cells(writing, [Ok(new)], now)?;
    Ok(changed)
}

/// Returns the covered days that become or cease to be sessions when `calendar` is put in force,
/// ascending, and what that invalidates. `None` if no session changes.
pub(super) fn calendar_change(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
) -> Result<Option<(Vec<Day>, NewInvalidation)>, StoreError> {
    let configured = calendar.all_sessions();
    let known = reading.calendar().sessions()?;
    if known.as_deref() == Some(configured) {
        return Ok(None);
    }
    // The first calendar of a database, or one without a covered day, invalidates nothing.
    let (Some(before), Some(last)) = (known, reading.ledger().last_day()?) else {
        return Ok(None);
    };
    let changed = changed_days(&before, configured, last);
    let days: Vec<_> = changed.iter().map(ToString::to_string).collect();
    let new = NewInvalidation {
        cause: InvalidationCause::Calendar,
        reason: format!("the calendar changed on {}", days.join(", ")),
        cells: affected_cells(reading, &changed)?,
    };
    Ok(Some((changed, new)))
}

/// Returns the days up to `last` that are a session in exactly one of two ascending lists.
fn changed_days(before: &[Day], after: &[Day], last: Day) -> Vec<Day> {
    // From where both lists start: years that only one calendar knows are not a change.
    let first = before.first().max(after.first()).copied().unwrap_or(last);
    let within = |day: &&Day| first <= **day && **day <= last;
    let removed = before
        .iter()
        .filter(|day| after.binary_search(day).is_err());
    let added = after
        .iter()
        .filter(|day| before.binary_search(day).is_err());
    let mut changed: Vec<Day> = removed.chain(added).filter(within).copied().collect();
    changed.sort_unstable();
    changed
}

/// Returns everything covered from the first changed day on. The changed day itself is not a
/// session any more, or is a new one; every later day has another previous session, other windows
/// of returns and other ages of prices.
fn affected_cells(
    reading: &ReadTransaction<'_>,
    changed: &[Day],
) -> Result<PhaseCells, StoreError> {
    let Some(range) = (changed.first()).and_then(|first| DayRange::new(*first, Day::MAX).ok())
    else {
        return Ok(PhaseCells::new());
    };
    Ok(reading
        .ledger()
        .coverage(range, PhaseSet::ALL)?
        .into_cells())
}
