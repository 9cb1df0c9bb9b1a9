//! When a run is due: a pure decision over calendar and clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Calendar, CalendarError, Day};

/// How long to wait after the first refusal; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest wait between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Whether a run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// It is, up to this session.
    Now(Day),
    /// Not before then.
    At(DateTime<Utc>),
}

/// Tries in a row that came to no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedAttempts {
    /// How many.
    pub(super) count: u32,
    /// When the last one was.
    pub(super) last: DateTime<Utc>,
}

/// Which sessions count as final.
#[derive(Debug, Clone, Copy)]
pub(super) struct FinalityRule<'c> {
    pub(super) calendar: &'c Calendar,
    /// How long after its close a session is final.
    pub(super) grace: TimeDelta,
}

/// When the next run is due: as soon as a session later than `made_up_to`, up to which the last
/// run was made, is final; and where tries were refused, not before a pause has passed.
pub(super) fn due(
    closes: FinalityRule<'_>,
    made_up_to: Option<Day>,
    refused: Option<FailedAttempts>,
    now: DateTime<Utc>,
) -> Result<Due, CalendarError> {
    let last = closes.calendar.last_final(now, closes.grace)?;
    if made_up_to.is_some_and(|made| made >= last) {
        return Ok(Due::At(closes.final_after(last)?));
    }
    let again = refused.map(|refused| refused.last + retry_delay(refused.count));
    Ok(match again {
        // A clock that was set back must not make the pause longer than it is.
        Some(again) if again > now => Due::At(again.min(now + LONGEST_PAUSE)),
        _ => Due::Now(last),
    })
}

impl FinalityRule<'_> {
    /// When the session after `session` is final.
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

    fn due_at(made: &str, refused: Option<FailedAttempts>, now: &str) -> Due {
        let calendar = Calendar::new_york();
        let closes = FinalityRule {
            calendar: &calendar,
            grace: TimeDelta::minutes(30),
        };
        let made = (!made.is_empty()).then(|| day(made));
        due(closes, made, refused, at(now)).unwrap()
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
        for (made, now, next) in [
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
            assert_eq!(due_at(made, None, now), Due::At(at(next)), "{now}");
        }
    }

    #[test]
    fn refused_attempts_are_retried_with_backoff_up_to_an_hour() {
        let last = at("2026-01-08T22:00:00Z");
        let next = |times| {
            let refused = Some(FailedAttempts { count: times, last });
            match due_at("2026-01-07", refused, "2026-01-08T22:00:00Z") {
                Due::At(next) => (next - last).num_minutes(),
                Due::Now(_) => 0,
            }
        };
        let pauses: Vec<_> = [1, 2, 3, 6, 7, 8, 1_000].map(next).into();
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60, 60]);
        let refused = Some(FailedAttempts { count: 1, last });
        let now = Due::Now(day("2026-01-08"));
        assert_eq!(due_at("2026-01-07", refused, "2026-01-08T22:01:00Z"), now);
    }

    #[test]
    fn setting_the_clock_back_never_exceeds_the_longest_pause() {
        let last = at("2026-01-20T22:00:00Z");
        let refused = Some(FailedAttempts { count: 1, last });
        let hour = Due::At(at("2026-01-08T23:00:00Z"));
        assert_eq!(due_at("2026-01-07", refused, "2026-01-08T22:00:00Z"), hour);
    }

    #[test]
    fn beyond_the_last_known_year_it_is_an_error() {
        let calendar = Calendar::new_york();
        let closes = FinalityRule {
            calendar: &calendar,
            grace: TimeDelta::zero(),
        };
        let last = calendar.known_days().last();
        let late = at("2036-01-01T03:00:00Z");
        assert!(due(closes, Some(last), None, late).is_err());
    }
}
