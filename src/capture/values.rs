//! Parses days, instants, booleans and run states as other programs write them.

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};

use crate::domain::Day;
use crate::store::RunState;

/// Parses a date, or the date of a time as it is written, without converting its zone.
pub(crate) fn parse_day(text: &str) -> Option<Day> {
    text.get(..10)?.parse().ok().filter(|_| {
        let rest = &text[10..];
        rest.is_empty() || rest.starts_with([' ', 'T']) && parse_instant(text).is_some()
    })
}

/// Parses a time with an offset, or without one as UTC; a date counts as its midnight in UTC.
pub(super) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(day) = text.parse::<Day>() {
        return Some(day.to_date().and_time(NaiveTime::MIN).and_utc());
    }
    let text = text.trim_end_matches(" UTC");
    for with_offset in ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"] {
        if let Ok(at) = DateTime::parse_from_str(text, with_offset) {
            return Some(at.to_utc());
        }
    }
    for without in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, without) {
            return Some(at.and_utc());
        }
    }
    None
}

pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" => Some(true),
        "0" | "f" | "false" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// Parses the usual words for the state of a run.
pub(super) fn parse_run_state(text: &str) -> Option<RunState> {
    Some(match text.to_ascii_lowercase().as_str() {
        "complete" | "completed" | "success" | "succeeded" | "ok" | "done" => RunState::Complete,
        "incomplete" | "partial" | "partially_completed" => RunState::Incomplete,
        "cancelled" | "canceled" | "stopped" => RunState::Cancelled,
        "abandoned" | "timeout" | "lost" => RunState::Abandoned,
        "failed" | "failure" | "error" => RunState::Failed,
        "running" | "started" | "in_progress" | "pending" => RunState::Running,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_databases_write_them() {
        for text in [
            "2026-01-08 14:00:00+00",
            "2026-01-08 14:00:00.000000+00:00",
            "2026-01-08T14:00:00Z",
            "2026-01-08T09:00:00-05:00",
            "2026-01-08 14:00:00",
            "2026-01-08T14:00:00.0",
            "2026-01-08 14:00:00 UTC",
        ] {
            let at = parse_instant(text).map(|at| at.to_rfc3339());
            assert_eq!(at.as_deref(), Some("2026-01-08T14:00:00+00:00"), "{text}");
            assert_eq!(parse_day(text).unwrap().to_string(), "2026-01-08");
        }
        assert_eq!(
            parse_instant("2026-01-08"),
            parse_instant("2026-01-08 00:00:00")
        );
        for text in [
            "",
            "yesterday",
            "20260108",
            "1767880800",
            "2026-01-08x",
            "2026-01-08 noon",
        ] {
            assert!(
                parse_instant(text).is_none() && parse_day(text).is_none(),
                "{text}"
            );
        }
    }

    #[test]
    fn booleans_are_read_as_databases_write_them() {
        assert_eq!(["1", "t", "TRUE", "yes"].map(parse_bool), [Some(true); 4]);
        assert_eq!(["0", "f", "False", "no"].map(parse_bool), [Some(false); 4]);
        assert_eq!(parse_bool("maybe"), None);
    }
}
