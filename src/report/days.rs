//! Days as people write them: short in headings, and lists of sessions folded into ranges; and
//! moments.

use chrono::{DateTime, Utc};

use super::fit::NBSP;
use super::number::plural;
use crate::domain::Day;

/// `01-08`: a session where the year is clear.
pub(super) fn month_day(day: Day) -> String {
    day.to_string().split_off("YYYY-".len())
}

/// `2026-01-08 22:00 UTC`.
pub(super) fn minute_utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC")
        .to_string()
        .replace(' ', &NBSP.to_string())
}

/// `2026-01-08`, or `2026-01-05 … 2026-01-08, 4 sessions`. The days ascend; an empty list is
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
