//! A changed trading calendar.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::closed_sessions::security_calendar_changes;
use super::failures::forget_failures;
use super::ledger::{keep_done, remove_cells};
use super::portfolio_calendars::portfolio_calendar_changes;
use crate::domain::{
    Calendar, Day, DayRange, InvalidationCause, NewInvalidation, Phase, PhaseCells, PhaseSet,
};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// The effect of a calendar that is put in force.
#[derive(Debug, Default)]
pub(super) struct CalendarChange {
    /// The covered days that become or cease to be sessions, ascending.
    pub(super) days: Vec<Day>,
    /// The invalidation by these days.
    of_days: Option<NewInvalidation>,
    /// Its other invalidations, in the order in which they are recorded.
    others: Vec<NewInvalidation>,
}

impl CalendarChange {
    /// Returns the invalidations in the order in which they are recorded.
    pub(super) fn into_invalidations(self) -> impl Iterator<Item = NewInvalidation> {
        self.of_days.into_iter().chain(self.others)
    }
}

/// The changes by a calendar that was put in force, as far as they affect done cells.
#[derive(Debug, Default)]
pub(crate) struct SyncedCalendar {
    /// The covered days that became or ceased to be sessions, ascending.
    pub(crate) days: Vec<Day>,
    /// The other changes as text for people: another start, another number of sessions a year, and the
    /// calendars that securities and portfolios name.
    pub(crate) others: Vec<String>,
}

/// Puts the configured calendar in force, and those that securities and portfolios name. If another
/// one was in force, invalidates all cells from the first changed day on, and all annualised
/// figures if a year has another number of sessions.
pub(crate) fn sync_calendar(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<SyncedCalendar, StoreError> {
    let change = calendar_change(writing, calendar)?;
    forget_failures(writing, |failed| failed.of_calendar(calendar))?;
    let mut others = reasons(writing, &change.others)?;
    let in_force = writing.calendar();
    let has_sessions = in_force.sessions()?.as_deref() == Some(calendar.all_sessions());
    // Other hours or another name change no session.
    if !has_sessions || in_force.of_figures()?.as_ref() != Some(calendar) {
        in_force.set(calendar)?;
    }
    let days = change.days.clone();
    remove_cells(writing, change.into_invalidations().map(Ok), now)?;
    // The database's calendar may be that of a security or portfolio too.
    others.extend(sync_named_calendars(writing, calendar, now)?);
    Ok(SyncedCalendar { days, others })
}

/// Returns the reasons of the invalidations that take cells out of the ledger.
fn reasons(
    reading: &ReadTransaction<'_>,
    invalidations: &[NewInvalidation],
) -> Result<Vec<String>, StoreError> {
    let mut reasons = Vec::new();
    for new in invalidations {
        let mut cells = new.cells.clone();
        keep_done(reading, &mut cells)?;
        if !cells.is_empty() {
            reasons.push(new.reason.clone());
        }
    }
    Ok(reasons)
}

/// Puts the calendars that securities and portfolios name in force, and invalidates the cells that
/// this affects. Returns the reasons.
fn sync_named_calendars(
    writing: &WriteTransaction<'_>,
    configured: &Calendar,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let mut changes = security_calendar_changes(writing, configured)?;
    changes.extend(portfolio_calendar_changes(writing, configured)?);
    let reasons = reasons(writing, &changes)?;
    let (was, current) = (
        writing.security_calendars().of_portfolios_in_force()?,
        writing.security_calendars().of_portfolios(configured)?,
    );
    let annualised = was.iter().zip(current.iter());
    let annualised = annualised.filter(|(was, now)| was.sessions_per_year != now.sessions_per_year);
    let annualised: BTreeSet<_> = annualised.map(|(was, _)| was.name.as_str()).collect();
    let (in_force, current) = (
        writing.security_calendars().in_force()?,
        writing.security_calendars().current(configured)?,
    );
    for name in in_force
        .names()
        .filter(|name| in_force.named(name) != current.named(name) || annualised.contains(name))
    {
        writing.security_calendars().set_current(name, configured)?;
    }
    remove_cells(writing, changes.into_iter().map(Ok), now)?;
    Ok(reasons)
}

/// Returns the effect of `calendar` when it is put in force.
pub(super) fn calendar_change(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
) -> Result<CalendarChange, StoreError> {
    let mut change = CalendarChange::default();
    // The first calendar of a database, or one without a covered day, invalidates nothing.
    let (Some(before), Some(last)) = (reading.calendar().sessions()?, reading.ledger().last_day()?)
    else {
        return Ok(change);
    };
    if before != calendar.all_sessions() {
        change.days = changed_days(&before, calendar.all_sessions(), last);
        change.of_days = Some(NewInvalidation {
            cause: InvalidationCause::Calendar,
            reason: format!("the calendar changed on {}", Day::list(&change.days)),
            cells: affected_by_sessions(reading, &change.days)?,
        });
        let first = |sessions: &[Day]| sessions.first().copied();
        if let (Some(old), Some(new)) = (first(&before), first(calendar.all_sessions())) {
            change.others.extend(start_change(reading, old, new)?);
        }
    }
    let old = reading.calendar().sessions_per_year()?.unwrap_or_default();
    let new = calendar.sessions_per_year();
    if old != new {
        // Only volatility is annualised, of securities and of portfolios.
        let phases = PhaseSet::from_phase(Phase::Securities).with(Phase::Risk);
        let annualised = reading.ledger().coverage(DayRange::ALL, phases)?;
        change.others.push(NewInvalidation {
            cause: InvalidationCause::Calendar,
            reason: format!("a year has {new} sessions and not {old}"),
            cells: annualised.into_cells(),
        });
    }
    Ok(change)
}

/// Returns the invalidation of a calendar that starts on `new` and not on `old`. Closes on sessions
/// that only one of the two knows are in windows of returns and prices as of the later sessions.
fn start_change(
    reading: &ReadTransaction<'_>,
    old: Day,
    new: Day,
) -> Result<Option<NewInvalidation>, StoreError> {
    let start = old.max(new);
    let priced = reading.closes().priced_range()?;
    let has_closes = priced.is_some_and(|priced| priced.first() < start);
    if old == new || !has_closes {
        return Ok(None);
    }
    Ok(Some(NewInvalidation {
        cause: InvalidationCause::Calendar,
        reason: format!("the calendar starts on {new} and not on {old}"),
        cells: affected_cells(reading, &[start])?,
    }))
}

/// Returns the days up to `last` that are a session in exactly one of two ascending lists.
fn changed_days(before: &[Day], after: &[Day], last: Day) -> Vec<Day> {
    // From where both lists start: no cell is before it.
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

/// Returns the cells affected by sessions that change: everything covered from the first changed day
/// on, for a portfolio with a calendar from the first that its calendar has, unless it receives lots,
/// which follow from the sessions of its givers.
fn affected_by_sessions(
    reading: &ReadTransaction<'_>,
    changed: &[Day],
) -> Result<PhaseCells, StoreError> {
    let mut cells = affected_cells(reading, changed)?;
    let receivers = reading.entries().receivers_of_lots()?;
    for own in reading
        .security_calendars()
        .of_portfolios_in_force()?
        .iter()
    {
        let first = changed.iter().find(|day| own.has_session(**day));
        for ((day, phase), ids) in &mut cells {
            // The statistics of holdings are done with risk.
            let is_own = !matches!(phase, Phase::Securities | Phase::Risk);
            if is_own && first.is_none_or(|first| day < first) {
                *ids -= &(&own.portfolios - &receivers);
            }
        }
    }
    cells.retain(|_, ids| !ids.is_empty());
    Ok(cells)
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
