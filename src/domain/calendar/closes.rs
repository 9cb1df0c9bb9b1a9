//! Computes the closing times of sessions, and the last session that is final at an instant.
//!
//! A close is kept as a local time of day, so that daylight saving time moves it in UTC. The
//! instant is always an argument; no clock is read.

use chrono::{DateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};

use super::error::CalendarError;
use super::sessions::Calendar;
use crate::domain::day::Day;

impl Calendar {
    /// Returns the instant at which `session` closes, half-days included.
    ///
    /// If the local clocks show the closing time twice, it is the second, so that no session is
    /// final early.
    ///
    /// # Errors
    ///
    /// Refuses a day that is not a session or not known, and a close that the clocks skip.
    pub fn close_time(&self, session: Day) -> Result<DateTime<Utc>, CalendarError> {
        let close = self.local_close(session)?;
        self.zone()
            .from_local_datetime(&session.to_date().and_time(close))
            .latest()
            .map(|instant| instant.to_utc())
            .ok_or_else(|| CalendarError::SkippedClose {
                calendar: self.name().to_owned(),
                day: session,
                close,
                zone: self.zone(),
            })
    }

    /// Returns whether `session` closes early.
    ///
    /// # Errors
    ///
    /// Refuses a day that is not a session or not known.
    pub fn is_half_day(&self, session: Day) -> Result<bool, CalendarError> {
        self.local_close(session)?;
        Ok(self.table.half_days.contains_key(&session))
    }

    /// Returns the last session whose close plus `grace` has passed at `now`.
    ///
    /// # Errors
    ///
    /// Fails if `now` less `grace` is outside the known days, or no known session had closed by
    /// then.
    pub fn last_final(&self, now: DateTime<Utc>, grace: TimeDelta) -> Result<Day, CalendarError> {
        let cut_off = now
            .checked_sub_signed(grace)
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        // Today's session may still be open, and a long grace can span several days.
        let mut candidate = self.on_or_before(self.today(cut_off))?;
        while let Some(session) = candidate {
            if self.close_time(session)? <= cut_off {
                return Ok(session);
            }
            candidate = self.previous(session)?;
        }
        Err(CalendarError::NoFinalSession {
            calendar: self.name().to_owned(),
            at: cut_off,
        })
    }

    /// Returns the exchange's local date at `now`, clamped to [`Day::MIN`]..[`Day::MAX`].
    pub fn today(&self, now: DateTime<Utc>) -> Day {
        let utc = now.naive_utc();
        let offset = self.zone().offset_from_utc_datetime(&utc).fix();
        // The addition fails only at the two ends of chrono's range, which no `Day` reaches.
        let date = utc.checked_add_offset(offset).unwrap_or(utc).date();
        let days = date.signed_duration_since(Day::MIN.to_date()).num_days();
        Day::MIN.saturating_add(
            i32::try_from(days).expect("all dates of chrono lie within 32 bits of days"),
        )
    }

    fn local_close(&self, session: Day) -> Result<NaiveTime, CalendarError> {
        if !self.is_session(session)? {
            return Err(CalendarError::NotASession {
                calendar: self.name().to_owned(),
                day: session,
            });
        }
        let early = self.table.half_days.get(&session);
        Ok(*early.unwrap_or(&self.table.close))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn final_at(now: &str) -> String {
        let grace = TimeDelta::minutes(30);
        let session = Calendar::new_york().last_final(at(now), grace);
        session.unwrap().to_string()
    }

    #[test]
    fn a_session_is_final_once_its_grace_has_passed() {
        assert_eq!(final_at("2026-01-08T21:29:59Z"), "2026-01-07");
        assert_eq!(final_at("2026-01-08T21:30:00Z"), "2026-01-08");
    }

    #[test]
    fn a_half_day_is_final_in_the_early_afternoon() {
        assert_eq!(final_at("2025-11-28T18:29:59Z"), "2025-11-26");
        assert_eq!(final_at("2025-11-28T18:30:00Z"), "2025-11-28");
    }

    #[test]
    fn today_uses_the_exchange_time_zone() {
        let evening = "2026-01-09T02:00:00Z";
        assert_eq!(Calendar::new_york().today(at(evening)), day("2026-01-08"));
        assert_eq!(Calendar::weekdays().today(at(evening)), day("2026-01-09"));
        assert_eq!(final_at(evening), "2026-01-08");
    }

    #[test]
    fn summer_time_moves_the_close_by_an_hour_in_utc() {
        let calendar = Calendar::new_york();
        let friday = calendar.close_time(day("2026-03-06"));
        let monday = calendar.close_time(day("2026-03-09"));
        assert_eq!(friday, Ok(at("2026-03-06T21:00:00Z")));
        assert_eq!(monday, Ok(at("2026-03-09T20:00:00Z")));
        assert_eq!(final_at("2026-03-09T20:29:59Z"), "2026-03-06");
        assert_eq!(final_at("2026-03-09T20:30:00Z"), "2026-03-09");
        assert_eq!(final_at("2026-11-02T20:30:00Z"), "2026-10-30");
        assert_eq!(final_at("2026-11-02T21:30:00Z"), "2026-11-02");
    }

    #[test]
    fn friday_is_the_last_final_session_all_weekend() {
        for now in [
            "2026-01-10T15:00:00Z",
            "2026-01-11T23:00:00Z",
            "2026-01-12T14:00:00Z",
        ] {
            assert_eq!(final_at(now), "2026-01-09");
        }
    }

    #[test]
    fn grace_can_span_several_days() {
        let calendar = Calendar::new_york();
        let tuesday = at("2026-01-13T22:00:00Z");
        assert_eq!(
            calendar.last_final(tuesday, TimeDelta::days(2)),
            Ok(day("2026-01-09"))
        );
    }

    #[test]
    fn no_session_is_final_before_the_first_close() {
        let calendar = Calendar::new_york();
        let morning = calendar.last_final(at("1990-01-02T15:00:00Z"), TimeDelta::zero());
        assert!(matches!(morning, Err(CalendarError::NoFinalSession { .. })));
    }

    #[test]
    fn a_clock_outside_the_known_days_is_an_error() {
        let calendar = Calendar::new_york();
        for now in [
            at("2036-01-02T22:00:00Z"),
            DateTime::<Utc>::MAX_UTC,
            DateTime::<Utc>::MIN_UTC,
        ] {
            let result = calendar.last_final(now, TimeDelta::minutes(30));
            assert!(
                matches!(result, Err(CalendarError::UnknownDay { .. })),
                "{now}"
            );
        }
        assert_eq!(calendar.today(DateTime::<Utc>::MAX_UTC), Day::MAX);
        assert_eq!(calendar.today(DateTime::<Utc>::MIN_UTC), Day::MIN);
    }

    #[test]
    fn a_day_without_trading_has_no_close() {
        let calendar = Calendar::new_york();
        let closed = day("2025-01-09");
        let none = CalendarError::NotASession {
            calendar: "new-york".to_owned(),
            day: closed,
        };
        assert_eq!(calendar.close_time(closed), Err(none.clone()));
        assert_eq!(calendar.is_half_day(closed), Err(none));
    }
}
