//! Sessions of portfolios that change: another calendar of a portfolio, or other sessions of a
//! calendar that portfolios name.
//!
//! The rule is that of the database's calendar: everything covered from the first changed session on.
//! That session is a new one or none any more, and each later one has another previous session,
//! other windows of returns and other ages of prices.

use std::collections::BTreeSet;

use super::carried_lots::invalidations_of_receivers;
use super::closed_sessions::{changed_days, reason};
use super::facts::Facts;
use crate::domain::{
    Calendar, Day, IdSet, InvalidationCause, NewInvalidation, Phase, PhaseCells, Portfolio,
    PortfolioCalendars, PortfolioId, SessionsPerYear,
};
use crate::store::{ReadTransaction, StoreError};

/// The sessions of portfolios.
#[derive(Debug, Clone, Copy)]
struct OwnSessions<'s> {
    /// The sessions of their calendar; `None` for those of the database.
    sessions: Option<&'s [Day]>,
    per_year: SessionsPerYear,
}

impl<'s> OwnSessions<'s> {
    fn new(named: Option<&'s (Vec<Day>, SessionsPerYear)>, of_database: SessionsPerYear) -> Self {
        Self {
            sessions: named.map(|(sessions, _)| &sessions[..]),
            per_year: named.map_or(of_database, |(_, per_year)| *per_year),
        }
    }
}

/// The effect of other sessions of some portfolios.
#[derive(Debug, Default)]
struct Effect {
    /// The sessions of the database that become or cease to be sessions of the portfolios.
    days: BTreeSet<Day>,
    cells: PhaseCells,
}

/// Returns what is invalidated when the calendars that portfolios name are put in force.
pub(super) fn portfolio_calendar_changes(
    reading: &ReadTransaction<'_>,
    configured: &Calendar,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let in_force = reading.security_calendars().of_portfolios_in_force()?;
    // Most databases end here: no portfolio has a calendar.
    if in_force.is_empty() {
        return Ok(Vec::new());
    }
    let current = reading.security_calendars().of_portfolios(configured)?;
    if in_force == current {
        return Ok(Vec::new());
    }
    changes_of_own_sessions(&Facts::under(reading, configured)?, &in_force, &current)
}

/// Returns what is invalidated when the calendars that portfolios name change from `in_force` to
/// `current`, which have the same names and portfolios.
pub(super) fn changes_of_own_sessions(
    facts: &Facts<'_>,
    in_force: &PortfolioCalendars,
    current: &PortfolioCalendars,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let mut changes = Vec::new();
    // Both are in the order of the names that the same portfolios have.
    for (was, now) in in_force.iter().zip(current.iter()) {
        if was == now {
            continue;
        }
        let own = |sessions, per_year| OwnSessions {
            sessions: Some(sessions),
            per_year,
        };
        let effect = effect(
            facts,
            &was.portfolios,
            own(&was.sessions, was.sessions_per_year),
            own(&now.sessions, now.sessions_per_year),
        )?;
        let days: Vec<_> = effect.days.iter().copied().collect();
        changes.push(NewInvalidation {
            cause: InvalidationCause::Calendar,
            reason: match days.is_empty() {
                true => format!(
                    "a year of the calendar {} has {} sessions and not {}",
                    was.name, now.sessions_per_year, was.sessions_per_year
                ),
                false => reason(&was.name, &days),
            },
            cells: effect.cells,
        });
        if let Some(first) = days.first() {
            let ids = was.portfolios.iter().map(PortfolioId);
            changes.extend(changes_of_receivers(facts, ids, *first)?);
        }
    }
    Ok(changes)
}

/// Returns what is invalidated when a portfolio names another calendar.
pub(super) fn calendar_of_portfolio_change(
    facts: &Facts<'_>,
    was: &Portfolio,
    now: &Portfolio,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let (before, after) = (named(facts, was)?, named(facts, now)?);
    let of_database = facts.reading.calendar().sessions_per_year()?;
    let of_database = of_database.unwrap_or_default();
    let effect = effect(
        facts,
        &IdSet::from([now.id.0]),
        OwnSessions::new(before.as_ref(), of_database),
        OwnSessions::new(after.as_ref(), of_database),
    )?;
    let name = |calendar: &Option<String>| calendar.clone().unwrap_or_else(|| "none".to_owned());
    let mut changes = vec![NewInvalidation {
        cause: InvalidationCause::Attribute,
        reason: format!(
            "calendar of {} changed from {} to {}",
            now.name,
            name(&was.calendar),
            name(&now.calendar)
        ),
        cells: effect.cells,
    }];
    if let Some(first) = effect.days.first() {
        changes.extend(changes_of_receivers(facts, [now.id], *first)?);
    }
    Ok(changes)
}

/// Returns the calendar that a portfolio names, as it is in force.
fn named(
    facts: &Facts<'_>,
    portfolio: &Portfolio,
) -> Result<Option<(Vec<Day>, SessionsPerYear)>, StoreError> {
    let calendars = facts.reading.security_calendars();
    match &portfolio.calendar {
        None => Ok(None),
        Some(name) => calendars.named_in_force(name),
    }
}

/// Returns the effect of other sessions of `portfolios`. A day before their first cell and before
/// the first close is in no figure.
fn effect(
    facts: &Facts<'_>,
    portfolios: &IdSet,
    was: OwnSessions<'_>,
    now: OwnSessions<'_>,
) -> Result<Effect, StoreError> {
    let mut effect = Effect::default();
    let mut covered = facts.covered_cells(Day::MIN)?;
    for ids in covered.values_mut() {
        *ids &= portfolios;
    }
    covered.retain(|_, ids| !ids.is_empty());
    let first_cell = covered.keys().next().map(|(day, _)| *day);
    let priced = facts.reading.closes().priced_range()?;
    let Some(start) = first_cell.map(|first| priced.map_or(first, |days| days.first().min(first)))
    else {
        return Ok(effect);
    };
    effect.days = changed_days(facts.sessions(Day::MIN)?, was.sessions, now.sessions);
    effect.days = effect.days.split_off(&start);
    let first = effect.days.first().copied();
    let is_annualised = was.per_year != now.per_year;
    covered.retain(|(day, phase), _| {
        first.is_some_and(|first| first <= *day) || (is_annualised && *phase == Phase::Risk)
    });
    effect.cells = covered;
    Ok(effect)
}

/// Returns what is invalidated because the sessions of givers of lots change from a day on.
fn changes_of_receivers(
    facts: &Facts<'_>,
    givers: impl IntoIterator<Item = PortfolioId>,
    first: Day,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let mut given = Vec::new();
    for giver in givers {
        let entries = facts.reading.entries().of_portfolio(giver)?.into_iter();
        let securities: BTreeSet<_> = entries.filter_map(|entry| entry.security).collect();
        given.extend(securities.into_iter().map(|id| (id, giver, first)));
    }
    invalidations_of_receivers(facts, InvalidationCause::Calendar, given)
}
