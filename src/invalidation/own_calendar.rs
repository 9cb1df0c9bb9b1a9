//! A calendar of the user's own that is registered, or replaced by another one of its name.

use chrono::{DateTime, Utc};

use super::closed_sessions::{changed_days, changes_of_closed_sessions};
use super::facts::Facts;
use super::failures::forget_failures;
use super::ledger::remove_cells;
use super::portfolio_calendars::changes_of_own_sessions;
use crate::domain::calendar::Definition;
use crate::domain::{Calendar, Day, PhaseCells};
use crate::store::{StoreError, WriteTransaction};

/// The effect of a calendar that was registered under a name.
#[derive(Debug, Default)]
pub(crate) struct RegisteredCalendar {
    /// The covered sessions of the database that became or ceased to be sessions of the calendar,
    /// ascending; none if the name is new.
    pub(crate) days: Vec<Day>,
    /// The cells that were taken out of the ledger.
    pub(crate) removed: PhaseCells,
}

/// Registers a calendar, which `own` defines, under its name. If another one had the name, invalidates
/// the cells of the securities and portfolios that name it, as far as their sessions differ.
///
/// The sessions of the database are those in force: a calendar of the database that is only
/// configured is put in force by the next run, which invalidates its own effect.
pub(crate) fn register_calendar(
    writing: &WriteTransaction<'_>,
    (own, calendar): (&Definition, &Calendar),
    configured: &Calendar,
    now: DateTime<Utc>,
) -> Result<RegisteredCalendar, StoreError> {
    let named = writing.security_calendars();
    let (in_force, of_portfolios) = (named.in_force()?, named.of_portfolios_in_force()?);
    let Some(before) = in_force.named(calendar.name()) else {
        named.set_own(own)?;
        writing.increment_revision()?;
        return Ok(RegisteredCalendar::default());
    };
    let facts = Facts::new(writing, configured)?;
    let sessions = facts.sessions(Day::MIN)?;
    let days = changed_days(sessions, Some(before), Some(calendar.all_sessions()));
    let all = calendar.all_sessions().to_vec();
    let current = in_force.with_sessions(calendar.name(), all);
    let mut changes = changes_of_closed_sessions(&facts, &in_force, &current)?;
    forget_failures(writing, |failed| {
        failed.of_named_calendars(&in_force, &current)
    })?;
    let current = of_portfolios.with_sessions_of(calendar);
    changes.extend(changes_of_own_sessions(&facts, &of_portfolios, &current)?);
    named.set_own(own)?;
    writing.increment_revision()?;
    facts.check_unpriced_from(writing, Day::MIN)?;
    Ok(RegisteredCalendar {
        days: days.into_iter().collect(),
        removed: remove_cells(writing, changes.into_iter().map(Ok), now)?,
    })
}
