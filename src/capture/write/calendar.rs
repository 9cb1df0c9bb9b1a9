//! By which days the world trades: one of the calendars that every world knows, amended so that
//! it has the captured sessions.

use std::fmt::Write;

use chrono::TimeDelta;

use super::text::list;
use crate::capture::CaptureError;
use crate::capture::state::State;
use crate::domain::{Calendar, Day, DayRange};

/// How many days before the first session and after the last the calendar has to be right: a
/// world makes up closes from before, and is asked about the sessions to come.
const MARGIN_DAYS: i32 = 500;

/// The calendar's lines at the top of the file, and its amendments.
pub(super) fn calendar_toml(state: &State) -> Result<(String, String), CaptureError> {
    let own = &state.calendar;
    let (word, base) = base_calendar(own);
    let line = format!("calendar = \"{word}\"\n");
    if base == *own {
        return Ok((line, String::new()));
    }
    let amendments = amendments(state, &base)?;
    let read = toml::from_str(&amendments.replace("[calendar-amendments]", ""));
    let amended = base.with_amendments(&read.map_err(|_| unsupported_calendar(own))?)?;
    let final_as = |calendar: &Calendar| calendar.last_final(state.now, TimeDelta::zero());
    match final_as(&amended)? == final_as(own)? {
        true => Ok((line, amendments)),
        false => Err(unsupported_calendar(own)),
    }
}

/// The calendar of a world that is nearest to one: that of its name, or of its place, or that of
/// the days of the week.
pub(in crate::capture) fn base_calendar(own: &Calendar) -> (&'static str, Calendar) {
    let bases = || {
        [
            ("new-york", Calendar::new_york()),
            ("weekdays", Calendar::weekdays()),
            ("every-day", Calendar::every_day()),
        ]
    };
    let named = bases().into_iter().find(|(word, _)| *word == own.name());
    let placed = || {
        bases()
            .into_iter()
            .find(|(_, base)| base.zone() == own.zone())
    };
    named
        .or_else(placed)
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
    let (ours, theirs) = (own.sessions(range)?, base.sessions(range)?);
    let only = |these: &[Day], those: &[Day]| -> Vec<String> {
        let only = these.iter().filter(|day| those.binary_search(day).is_err());
        only.map(ToString::to_string).collect()
    };
    let closed = only(theirs, ours);
    let opened = only(ours, theirs);
    let mut half_days = Vec::new();
    for day in ours {
        let is_new = theirs.binary_search(day).is_err() || !base.is_half_day(*day)?;
        if own.is_half_day(*day)? && is_new {
            let close = own.close_time(*day)?.with_timezone(&own.zone());
            half_days.push(format!("{day} = \"{}\"", close.format("%H:%M")));
        }
    }
    let mut text = String::new();
    for (key, days) in [("closed", closed), ("sessions", opened)] {
        if let [one] = days.as_slice() {
            let _ = writeln!(text, "{key} = [{one}]");
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
