//! Builds the calendar: one of the built-in calendars of worlds, amended so that it has the captured
//! sessions.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::capture::CaptureError;
use crate::capture::state::State;
use crate::domain::calendar::Amendments;
use crate::domain::{Calendar, Day, DayRange};
use crate::scenario::world::spec::CalendarSpec;

/// Days before the first session and after the last that the amendments cover. A world generates
/// closes before its first session, and later nights may be simulated on it.
const MARGIN_DAYS: i32 = 500;

/// Returns the calendar, and its amendments if it needs any.
pub(super) fn calendar_spec(
    state: &State,
) -> Result<(CalendarSpec, Option<Amendments>), CaptureError> {
    let own = &state.calendar;
    let spec = base_calendar(own);
    let base = spec.calendar();
    if base == *own {
        return Ok((spec, None));
    }
    let amendments = amendments(state, &base)?;
    // Amendments cannot move all closes or the zone, so check that the result has the same last
    // closed session.
    let amended = base.with_amendments(&amendments)?;
    let last_closed = |calendar: &Calendar| calendar.last_final(state.now, TimeDelta::zero());
    match last_closed(&amended)? == last_closed(own)? {
        true => Ok((spec, Some(amendments))),
        false => Err(CaptureError::Calendar(own.name().to_owned())),
    }
}

/// Returns the built-in calendar nearest to `own`: the one with its name, else the first with its
/// time zone, else `weekdays`.
pub(in crate::capture) fn base_calendar(own: &Calendar) -> CalendarSpec {
    let bases = CalendarSpec::ALL.map(|spec| (spec, spec.calendar()));
    let by_name = bases.iter().find(|(_, base)| base.name() == own.name());
    let by_zone = || bases.iter().find(|(_, base)| base.zone() == own.zone());
    (by_name.or_else(by_zone)).map_or(CalendarSpec::Weekdays, |(spec, _)| *spec)
}

fn amendments(state: &State, base: &Calendar) -> Result<Amendments, CaptureError> {
    let own = &state.calendar;
    let today = own.today(state.now);
    let first = state.sessions.first().copied().unwrap_or(today);
    let last = state.sessions.last().copied().unwrap_or(today);
    let known = [own.known_days(), base.known_days()];
    let first =
        (known.iter().map(|days| days.first())).fold(first.saturating_add(-MARGIN_DAYS), Day::max);
    let last =
        (known.iter().map(|days| days.last())).fold(last.saturating_add(MARGIN_DAYS), Day::min);
    let Ok(range) = DayRange::new(first, last) else {
        return Ok(Amendments::default());
    };
    let (own_sessions, base_sessions) = (own.sessions(range)?, base.sessions(range)?);
    let difference = |days: &[Day], other: &[Day]| -> Vec<Day> {
        let only = days.iter().filter(|day| other.binary_search(day).is_err());
        only.copied().collect()
    };
    let mut half_days = BTreeMap::new();
    for day in own_sessions {
        let is_new = base_sessions.binary_search(day).is_err() || !base.is_half_day(*day)?;
        if own.is_half_day(*day)? && is_new {
            let close = own.close_time(*day)?.with_timezone(&own.zone());
            half_days.insert(*day, close.time());
        }
    }
    Ok(Amendments {
        closed: difference(base_sessions, own_sessions),
        sessions: difference(own_sessions, base_sessions),
        half_days,
    })
}
