//! Sessions on which a security is closed that change: another calendar of a security, or other
//! sessions of a calendar that securities name.
//!
//! A session on which the security has a close is never affected: a close is fresh, closed or not.
//! Without one, the age of the price differs from that session until the next close.

use std::collections::BTreeSet;

use super::affected_cells::AffectedCells;
use super::affected_sessions::{AffectedSessions, CloseSpan};
use super::facts::Facts;
use super::freshest_prices::{FreshestPrices, PairCalendars};
use super::price_uses::affected_by_price_uses;
use crate::domain::{
    Calendar, Day, InvalidationCause, NewInvalidation, Security, SecurityCalendars, is_closed,
};
use crate::phases::{LONGEST_WINDOW, MAX_SESSIONS_WITHOUT_CLOSE};
use crate::store::{ReadTransaction, StoreError};

/// Returns what is invalidated when the calendars that securities name are put in force, one
/// invalidation a calendar.
pub(super) fn security_calendar_changes(
    reading: &ReadTransaction<'_>,
    configured: &Calendar,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let in_force = reading.security_calendars().in_force()?;
    // Most databases end here: no security has a calendar.
    if in_force.is_empty() {
        return Ok(Vec::new());
    }
    let current = reading.security_calendars().current(configured)?;
    if in_force == current {
        return Ok(Vec::new());
    }
    changes_of_closed_sessions(&Facts::under(reading, configured)?, &in_force, &current)
}

/// Returns what is invalidated when the calendars that securities name change from `in_force` to
/// `current`, which have the same names. One invalidation a calendar.
pub(super) fn changes_of_closed_sessions(
    facts: &Facts<'_>,
    in_force: &SecurityCalendars,
    current: &SecurityCalendars,
) -> Result<Vec<NewInvalidation>, StoreError> {
    let mut pairs = PairCalendars::default();
    for security in facts.securities()?.values() {
        if let Some(name) = security.calendar.as_deref() {
            let (was, now) = (in_force.named(name), current.named(name));
            if was != now {
                pairs.add(facts.sessions(Day::MIN)?, security, was, now);
            }
        }
    }
    let mut changes = Vec::new();
    for name in in_force.names() {
        let (was, now) = (in_force.named(name), current.named(name));
        let days = changed_days(facts.sessions(Day::MIN)?, was, now);
        if days.is_empty() {
            continue;
        }
        let mut affected = AffectedCells::default();
        let securities = facts.securities()?.values();
        for security in securities.filter(|known| known.calendar.as_deref() == Some(name)) {
            let sessions = (was, now);
            affected = affected.union(facts.affected(|facts| {
                affected_by_closed_sessions(facts, security, sessions, &pairs)
            })?);
        }
        let cells = affected.into_cells();
        let first = cells.keys().map(|(day, _)| *day).min();
        let days: Vec<Day> =
            first.map_or(Vec::new(), |first| days.range(first..).copied().collect());
        changes.push(NewInvalidation {
            cause: InvalidationCause::Calendar,
            reason: reason(name, &days),
            cells,
        });
    }
    Ok(changes)
}

/// Words the change of the sessions of a calendar on these days, ascending.
pub(super) fn reason(name: &str, days: &[Day]) -> String {
    format!("the calendar {name} changed on {}", Day::list(days))
}

/// Returns the cells affected if a security had the sessions `was` and has the sessions `now`, each
/// `None` for those of the database. `pairs` are all currency pairs whose calendars change with it.
pub(super) fn affected_by_closed_sessions(
    facts: &Facts<'_>,
    security: &Security,
    (was, now): (Option<&[Day]>, Option<&[Day]>),
    pairs: &PairCalendars,
) -> Result<AffectedCells, StoreError> {
    let differs = changed_days(facts.sessions(Day::MIN)?, was, now);
    let Some(first) = differs.first() else {
        return Ok(AffectedCells::default());
    };
    // From the session before, whose close is that of the price.
    let sessions = facts.sessions(*first)?;
    let mut closes = BTreeSet::new();
    let days = sessions.iter().copied();
    (facts.reading.closes()).for_each_of([security.id], days, |_, day, _| {
        closes.insert(day);
    })?;
    let mut days: BTreeSet<Day> = differs.difference(&closes).copied().collect();
    // Before its first close a security has no price that could be older.
    let all = facts.sessions(Day::MIN)?;
    let earlier =
        &all[..all.partition_point(|day| sessions.first().is_some_and(|first| day < first))];
    if facts
        .reading
        .closes()
        .first_on(security.id, earlier)?
        .is_none()
    {
        let first = closes.first().copied();
        days.retain(|day| first.is_some_and(|first| first < *day));
    }
    let spans: Vec<CloseSpan> = (days.iter())
        .map(|day| CloseSpan {
            day: *day,
            next: closes.range(*day..).next().copied(),
        })
        .collect();
    let mut changed = AffectedSessions::from_closes(sessions, spans.clone(), LONGEST_WINDOW);
    // The returns differ only where a price grows too old for one.
    let old = spans
        .into_iter()
        .filter(|span| can_be_outdated(sessions, &closes, *span));
    changed.by_return = AffectedSessions::from_closes(sessions, old, LONGEST_WINDOW).by_return;
    let owners = facts.ownership(security.id, sessions, |_| true)?;
    let freshest = FreshestPrices::Calendars(pairs);
    affected_by_price_uses(facts, security, &freshest, &changed, &owners)
}

/// Returns the `sessions` on which a security becomes closed, or ceases to be.
pub(super) fn changed_days(
    sessions: &[Day],
    was: Option<&[Day]>,
    now: Option<&[Day]>,
) -> BTreeSet<Day> {
    let sessions = sessions.iter().copied();
    let differs = sessions.filter(|day| is_closed(was, *day) != is_closed(now, *day));
    differs.collect()
}

/// Returns whether so many sessions lie between the closes around a day that the next session has no
/// return. Without a known close before the day it is assumed.
fn can_be_outdated(sessions: &[Day], closes: &BTreeSet<Day>, span: CloseSpan) -> bool {
    let Some(before) = closes.range(..span.day).next_back() else {
        return true;
    };
    let index = |day: &Day| sessions.partition_point(|session| session < day);
    let next = span.next.map_or(sessions.len(), |next| index(&next));
    next - index(before) > usize::from(MAX_SESSIONS_WITHOUT_CLOSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalidation::sample::{day, sessions};

    #[test]
    fn only_sessions_of_the_database_that_differ_are_changed() {
        let sessions = sessions(5);
        let own = [day(0), day(2), day(8)];
        let changed = |was, now| {
            changed_days(&sessions, was, now)
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(changed(None, Some(&own[..])), [day(4), day(6)]);
        let moved = [day(0), day(4), day(6), day(8)];
        assert_eq!(
            changed(Some(&own[..]), Some(&moved[..])),
            [day(2), day(4), day(6)]
        );
        assert!(changed(Some(&own[..]), Some(&own[..])).is_empty());
    }

    #[test]
    fn returns_are_affected_only_by_gaps_of_more_than_ten_sessions() {
        let sessions = sessions(20);
        let closes = |days: &[i32]| days.iter().map(|at| day(*at)).collect::<BTreeSet<_>>();
        let gap = |next: i32| {
            let span = CloseSpan {
                day: day(4),
                next: Some(day(next)),
            };
            can_be_outdated(&sessions, &closes(&[2, next]), span)
        };
        assert!(!gap(6));
        assert!(!gap(22), "ten sessions");
        assert!(gap(24));
    }
}
