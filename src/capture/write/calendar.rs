//! Writes the calendar: one of the built-in calendars of worlds, amended so that it has the captured
//! sessions.

use std::fmt::Write;

use chrono::TimeDelta;

use super::text::list;
use crate::capture::CaptureError;
use crate::capture::state::State;
use crate::domain::{Calendar, Day, DayRange};

/// Days before the first session and after the last that the amendments cover. A world generates
/// closes before its first session, and later nights may be simulated on it.
const MARGIN_DAYS: i32 = 500;

/// Returns the calendar's line at the top of the file, and the table of its amendments.
pub(super) fn calendar_toml(state: &State) -> Result<(String, String), CaptureError> {
    let own = &state.calendar;
    let (name, base) = base_calendar(own);
    let line = format!("calendar = \"{name}\"\n");
    if base == *own {
        return Ok((line, String::new()));
    }
    let amendments = amendments(state, &base)?;
    // Amendments cannot move all closes or the zone, so check that the result has the same last
    // closed session.
    let parsed = toml::from_str(&amendments.replace("[calendar-amendments]", ""));
    let amended = base.with_amendments(&parsed.map_err(|_| unsupported_calendar(own))?)?;
    let last_closed = |calendar: &Calendar| calendar.last_final(state.now, TimeDelta::zero());
    match last_closed(&amended)? == last_closed(own)? {
        true => Ok((line, amendments)),
        false => Err(unsupported_calendar(own)),
    }
}

/// Returns the built-in calendar nearest to `own`: the one with its name, else the first with its
/// time zone, else `weekdays`.
pub(in crate::capture) fn base_calendar(own: &Calendar) -> (&'static str, Calendar) {
    let bases = || {
        [
            ("new-york", Calendar::new_york()),
            ("weekdays", Calendar::weekdays()),
            ("every-day", Calendar::every_day()),
        ]
    };
    let by_name = bases().into_iter().find(|(name, _)| *name == own.name());
    let by_zone = || {
        bases()
            .into_iter()
            .find(|(_, base)| base.zone() == own.zone())
    };
    by_name
        .or_else(by_zone)
        .unwrap_or_else(|| ("weekdays", Calendar::weekdays()))
}

fn unsupported_calendar(calendar: &Calendar) -> CaptureError {
    CaptureError::Calendar(calendar.name().to_owned())
}

fn amendments(state: &State, base: &Calendar) -> Result<String, CaptureError> {
    let own = &state.calendar;
    let today = own.today(state.now);
    let first = state
        .sessions
        .first()
        .copied()
        .unwrap_or(today)
        .saturating_add(-MARGIN_DAYS);
    let last = state
        .sessions
        .last()
        .copied()
        .unwrap_or(today)
        .saturating_add(MARGIN_DAYS);
    let known = [own.known_days(), base.known_days()];
    let first = known.iter().map(|days| days.first()).fold(first, Day::max);
    let last = known.iter().map(|days| days.last()).fold(last, Day::min);
    let Ok(range) = DayRange::new(first, last) else {
        return Ok(String::new());
    };
    let (own_sessions, base_sessions) = (own.sessions(range)?, base.sessions(range)?);
    let difference = |days: &[Day], other: &[Day]| -> Vec<String> {
        let only = days.iter().filter(|day| other.binary_search(day).is_err());
        only.map(ToString::to_string).collect()
    };
    let closed = difference(base_sessions, own_sessions);
    let opened = difference(own_sessions, base_sessions);
    let mut half_days = Vec::new();
    for day in own_sessions {
        let is_new = base_sessions.binary_search(day).is_err() || !base.is_half_day(*day)?;
        if own.is_half_day(*day)? && is_new {
            let close = own.close_time(*day)?.with_timezone(&own.zone());
            half_days.push(format!("{day} = \"{}\"", close.format("%H:%M")));
        }
    }
    let mut text = String::new();
    for (key, days) in [("closed", closed), ("sessions", opened)] {
        // These keys take lists only, and `list` writes a single value without brackets.
        if let [day] = days.as_slice() {
            let _ = writeln!(text, "{key} = [{day}]");
        } else if !days.is_empty() {
            let _ = writeln!(text, "{}", list(key, &days));
        }
    }
    if !half_days.is_empty() {
        let _ = writeln!(text, "half-days = {{ {} }}", half_days.join(", "));
    }
    match text.is_empty() {
        true => Ok(text),
        false => Ok(format!("\n[calendar-amendments]\n{text}")),
    }
}
