//! Decides when a run is due. Pure: depends on calendar, clock and past attempts only.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Calendar, CalendarError, Day};

/// The pause after the first failed attempt; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The decision whether a run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// A run up to this session is due.
    Now(Day),
    /// No run is due before this time.
    At(DateTime<Utc>),
}

/// Consecutive attempts that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedAttempts {
    /// The number of failed attempts.
    pub(super) count: u32,
    /// The time of the last failed attempt.
    pub(super) last: DateTime<Utc>,
}

/// The rule by which sessions become final.
#[derive(Debug, Clone, Copy)]
pub(super) struct FinalityRule<'c> {
    pub(super) calendar: &'c Calendar,
    /// The time from the close of a session until it is final.
    pub(super) grace: TimeDelta,
}

/// Decides when the next run is due: as soon as a session after `completed_up_to` is final, but not
/// before the pause after failed attempts has passed.
pub(super) fn due(
    finality: FinalityRule<'_>,
    completed_up_to: Option<Day>,
    failures: Option<FailedAttempts>,
    now: DateTime<Utc>,
) -> Result<Due, CalendarError> {
    let last = finality.calendar.last_final(now, finality.grace)?;
    if completed_up_to.is_some_and(|completed| completed >= last) {
        return Ok(Due::At(finality.final_after(last)?));
    }
    let retry_at = failures.map(|failures| failures.last + retry_delay(failures.count));
    Ok(match retry_at {
        // If the clock was set back, `last` is in the future; the pause must not grow by that.
        Some(retry_at) if retry_at > now => Due::At(retry_at.min(now + LONGEST_PAUSE)),
        _ => Due::Now(last),
    })
}

impl FinalityRule<'_> {
    /// The time at which the session after `session` becomes final.
    fn final_after(self, session: Day) -> Result<DateTime<Utc>, CalendarError> {
        match self.calendar.next(session)? {
            Some(next) => Ok(self.calendar.close_time(next)? + self.grace),
            None => Err(CalendarError::UnknownDay {
                calendar: self.calendar.name().to_owned(),
                day: session.next(),
                known: self.calendar.known_days(),
            }),
        }
    }
}

fn retry_delay(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(16);
    LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(doublings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn due_at(completed: &str, failures: Option<FailedAttempts>, now: &str) -> Due {
        let calendar = Calendar::new_york();
        let finality = FinalityRule {
            calendar: &calendar,
            grace: TimeDelta::minutes(30),
        };
        let completed = (!completed.is_empty()).then(|| day(completed));
        due(finality, completed, failures, at(now)).unwrap()
    }

    #[test]
    fn a_run_is_due_when_the_session_is_final_and_not_before() {
        let next = Due::At(at("2026-01-08T21:30:00Z"));
        assert_eq!(due_at("2026-01-07", None, "2026-01-08T21:29:59Z"), next);
        let now = Due::Now(day("2026-01-08"));
        assert_eq!(due_at("2026-01-07", None, "2026-01-08T21:30:00Z"), now);
    }

    #[test]
    fn a_newly_started_server_catches_up_at_once() {
        let friday = Due::Now(day("2026-01-09"));
        assert_eq!(due_at("", None, "2026-01-11T12:00:00Z"), friday);
        assert_eq!(due_at("2025-12-19", None, "2026-01-11T12:00:00Z"), friday);
    }

    #[test]
    fn weekends_holidays_half_days_and_dst_move_the_due_time() {
        for (completed, now, next) in [
            // Friday evening: Monday.
            ("2026-01-09", "2026-01-10T00:00:00Z", "2026-01-12T21:30:00Z"),
            // Before Martin Luther King's day: Tuesday.
            ("2026-01-16", "2026-01-16T22:00:00Z", "2026-01-20T21:30:00Z"),
            // The day before Thanksgiving: Friday's half-day.
            ("2025-11-26", "2025-11-26T22:00:00Z", "2025-11-28T18:30:00Z"),
            // Clocks go forward on Sunday.
            ("2026-03-06", "2026-03-06T22:00:00Z", "2026-03-09T20:30:00Z"),
            // And back.
            ("2026-10-30", "2026-10-30T21:00:00Z", "2026-11-02T21:30:00Z"),
        ] {
            assert_eq!(due_at(completed, None, now), Due::At(at(next)), "{now}");
        }
    }

    #[test]
    fn refused_attempts_are_retried_with_backoff_up_to_an_hour() {
        let last = at("2026-01-08T22:00:00Z");
        let next = |times| {
            let failures = Some(FailedAttempts { count: times, last });
            match due_at("2026-01-07", failures, "2026-01-08T22:00:00Z") {
                Due::At(next) => (next - last).num_minutes(),
                Due::Now(_) => 0,
            }
        };
        let pauses: Vec<_> = [1, 2, 3, 6, 7, 8, 1_000].map(next).into();
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60, 60]);
        let failures = Some(FailedAttempts { count: 1, last });
        let now = Due::Now(day("2026-01-08"));
        assert_eq!(due_at("2026-01-07", failures, "2026-01-08T22:01:00Z"), now);
    }

    #[test]
    fn setting_the_clock_back_never_exceeds_the_longest_pause() {
        let last = at("2026-01-20T22:00:00Z");
        let failures = Some(FailedAttempts { count: 1, last });
        let hour = Due::At(at("2026-01-08T23:00:00Z"));
        assert_eq!(due_at("2026-01-07", failures, "2026-01-08T22:00:00Z"), hour);
    }

    #[test]
    fn beyond_the_last_known_year_it_is_an_error() {
        let calendar = Calendar::new_york();
        let finality = FinalityRule {
            calendar: &calendar,
            grace: TimeDelta::zero(),
        };
        let last = calendar.known_days().last();
        let late = at("2036-01-01T03:00:00Z");
        assert!(due(finality, Some(last), None, late).is_err());
    }
}
