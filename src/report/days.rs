//! Formats days and times: short days for headings, ranges of sessions, and minutes in UTC.

use chrono::{DateTime, Utc};

use super::fit::NBSP;
use super::number::plural;
use crate::domain::Day;

/// The day without its year, such as `01-08`.
pub(super) fn month_day(day: Day) -> String {
    day.to_string().split_off("YYYY-".len())
}

/// The time to the minute, such as `2026-01-08 22:00 UTC`, with [`NBSP`]s.
pub(super) fn minute_utc(at: DateTime<Utc>) -> String {
    plain_minute_utc(at).replace(' ', &NBSP.to_string())
}

/// The time to the minute, such as `2026-01-08 22:00 UTC`, with spaces that may break.
pub(super) fn plain_minute_utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-01-08`, or `2026-01-05 … 2026-01-08, 4 sessions`. `days` must ascend; an empty list gives
/// `no session`.
pub(super) fn day_range(days: &[Day]) -> String {
    match days {
        [] => "no session".to_owned(),
        [day] => day.to_string(),
        [first, .., last] => {
            let sessions = plural(days.len() as u64, "session");
            format!("{first}{NBSP}…{NBSP}{last}, {sessions}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_sessions_are_shown_as_range() {
        let day: Day = "2026-01-05".parse().unwrap();
        let days: Vec<_> = (0..4).map(|n| day.saturating_add(n)).collect();
        assert_eq!(
            day_range(&days).replace(NBSP, " "),
            "2026-01-05 … 2026-01-08, 4 sessions"
        );
        assert_eq!(day_range(&days[..1]), "2026-01-05");
        assert_eq!(day_range(&[]), "no session");
        assert_eq!(month_day(day), "01-05");
    }
}
