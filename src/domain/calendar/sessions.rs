//! Defines the calendar: looks up sessions, their neighbours and the distance of two days.
//!
//! Sessions are one ascending list, so every answer is a binary search or a slice of it. Closing
//! times are in `closes`, holiday rules in `rules`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::error::CalendarError;
use super::sessions_per_year::SessionsPerYear;
use crate::domain::day::{Day, DayRange};

/// Closing time of the calendars without an exchange, in UTC.
const DEFAULT_CLOSE: NaiveTime = NaiveTime::from_hms_opt(16, 0, 0).expect("16:00 is a time of day");

/// The sessions of an exchange and their closes, over the days it knows. Cheap to clone.
///
/// Every query returns an error for a day outside the known days; it never answers "no session".
#[derive(Clone, PartialEq)]
pub struct Calendar {
    pub(super) table: Arc<Timetable>,
}

/// The data of a calendar.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Timetable {
    pub(super) name: String,
    pub(super) zone: Tz,
    pub(super) known_days: DayRange,
    /// Closing time of ordinary sessions, local to `zone`.
    pub(super) close: NaiveTime,
    /// Strictly ascending, within `known_days`.
    pub(super) sessions: Vec<Day>,
    /// Closing times of half-days, local to `zone`: sessions only, and before `close`.
    pub(super) half_days: BTreeMap<Day, NaiveTime>,
    pub(super) sessions_per_year: SessionsPerYear,
}

impl Calendar {
    pub(super) fn build_weekdays() -> Self {
        Self::from_rule("weekdays", SessionsPerYear::WEEKDAYS, is_weekday)
    }

    pub(super) fn build_every_day() -> Self {
        Self::from_rule("every-day", SessionsPerYear::EVERY_DAY, |_| true)
    }

    fn from_rule(name: &str, per_year: SessionsPerYear, is_session: fn(Day) -> bool) -> Self {
        let day = |text: &str| text.parse::<Day>().expect("the limit is a date");
        let known =
            DayRange::new(day("1950-01-01"), day("2099-12-31")).expect("the limits are in order");
        Self::from_timetable(Timetable {
            name: name.to_owned(),
            zone: Tz::UTC,
            known_days: known,
            close: DEFAULT_CLOSE,
            sessions: days(known).filter(|day| is_session(*day)).collect(),
            half_days: BTreeMap::new(),
            sessions_per_year: per_year,
        })
        .expect("only half-days can be invalid, and there are none")
    }

    /// Builds the calendar of a timetable whose sessions are ascending and known. Refuses a
    /// half-day that is not a session or not early.
    pub(super) fn from_timetable(table: Timetable) -> Result<Self, CalendarError> {
        for (&day, &close) in &table.half_days {
            if table.sessions.binary_search(&day).is_err() {
                return Err(CalendarError::NotASession {
                    calendar: table.name,
                    day,
                });
            }
            if close >= table.close {
                return Err(CalendarError::HalfDayNotEarly {
                    calendar: table.name,
                    day,
                    close,
                    regular_close: table.close,
                });
            }
        }
        Ok(Self {
            table: Arc::new(table),
        })
    }

    /// Returns the name, as configuration and errors write it.
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// Returns the first known day if it is after `inception`: a portfolio that is older than the
    /// calendar has no cells before it.
    pub fn cells_from(&self, inception: Day) -> Option<Day> {
        let first = self.known_days().first();
        (inception < first).then_some(first)
    }

    /// Returns the time zone of the exchange.
    pub fn zone(&self) -> Tz {
        self.table.zone
    }

    /// Returns the closing time of ordinary sessions, local to the time zone.
    pub fn ordinary_close(&self) -> NaiveTime {
        self.table.close
    }

    /// Returns the number of sessions of a year, by which figures are annualised.
    pub fn sessions_per_year(&self) -> SessionsPerYear {
        self.table.sessions_per_year
    }

    /// Returns this calendar with another number of sessions of a year.
    #[must_use]
    pub fn with_sessions_per_year(&self, sessions_per_year: SessionsPerYear) -> Self {
        let mut table = Timetable::clone(&self.table);
        table.sessions_per_year = sessions_per_year;
        Self {
            table: Arc::new(table),
        }
    }

    /// Returns the days for which the calendar can answer.
    pub fn known_days(&self) -> DayRange {
        self.table.known_days
    }

    /// Returns all sessions of the known days, ascending.
    pub fn all_sessions(&self) -> &[Day] {
        &self.table.sessions
    }

    /// Returns the sessions in `range`, ascending.
    ///
    /// # Errors
    ///
    /// Refuses a range that leaves the known days.
    pub fn sessions(&self, range: DayRange) -> Result<&[Day], CalendarError> {
        let start = self.count_before(range.first())?;
        let end = self.count_through(range.last())?;
        Ok(&self.table.sessions[start..end])
    }

    /// Returns whether `day` is a session.
    ///
    /// # Errors
    ///
    /// Refuses a day outside the known days.
    pub fn is_session(&self, day: Day) -> Result<bool, CalendarError> {
        self.check_known(day)?;
        Ok(self.table.sessions.binary_search(&day).is_ok())
    }

    /// Returns the last session on or before `day`, or `None` if no known session is.
    ///
    /// # Errors
    ///
    /// Refuses a day outside the known days.
    pub fn on_or_before(&self, day: Day) -> Result<Option<Day>, CalendarError> {
        let count = self.count_through(day)?;
        Ok(count.checked_sub(1).map(|at| self.table.sessions[at]))
    }

    /// Returns the first session on or after `day`, or `None` if no known session is.
    ///
    /// # Errors
    ///
    /// Refuses a day outside the known days.
    pub fn on_or_after(&self, day: Day) -> Result<Option<Day>, CalendarError> {
        let at = self.count_before(day)?;
        Ok(self.table.sessions.get(at).copied())
    }

    /// Returns the last session before `session`, which may be any known day, or `None` if no
    /// known session is.
    ///
    /// # Errors
    ///
    /// Refuses a day outside the known days.
    pub fn previous(&self, session: Day) -> Result<Option<Day>, CalendarError> {
        let count = self.count_before(session)?;
        Ok(count.checked_sub(1).map(|at| self.table.sessions[at]))
    }

    /// Returns the first session after `session`, which may be any known day, or `None` if no
    /// known session is.
    ///
    /// # Errors
    ///
    /// Refuses a day outside the known days.
    pub fn next(&self, session: Day) -> Result<Option<Day>, CalendarError> {
        let at = self.count_through(session)?;
        Ok(self.table.sessions.get(at).copied())
    }

    /// Counts the sessions after `from` up to and including `to`; 0 if `to` is not after `from`.
    ///
    /// # Errors
    ///
    /// Refuses a day outside the known days.
    pub fn distance(&self, from: Day, to: Day) -> Result<usize, CalendarError> {
        let before = self.count_through(from)?;
        Ok(self.count_through(to)?.saturating_sub(before))
    }

    /// Returns an error unless `day` is among the known days.
    pub(super) fn check_known(&self, day: Day) -> Result<(), CalendarError> {
        if self.table.known_days.contains(day) {
            return Ok(());
        }
        Err(CalendarError::UnknownDay {
            calendar: self.table.name.clone(),
            known: self.table.known_days,
            day,
        })
    }

    fn count_before(&self, day: Day) -> Result<usize, CalendarError> {
        self.check_known(day)?;
        Ok(self
            .table
            .sessions
            .partition_point(|session| *session < day))
    }

    fn count_through(&self, day: Day) -> Result<usize, CalendarError> {
        self.check_known(day)?;
        Ok(self
            .table
            .sessions
            .partition_point(|session| *session <= day))
    }
}

impl fmt::Debug for Calendar {
    /// Writes the number of sessions instead of the sessions, of which there are over ten thousand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar")
            .field("name", &self.table.name)
            .field("known", &self.table.known_days)
            .field("sessions", &self.table.sessions.len())
            .finish_non_exhaustive()
    }
}

/// Iterates over the days of a range, ascending.
pub(super) fn days(range: DayRange) -> impl Iterator<Item = Day> {
    (range.first().number()..=range.last().number()).filter_map(Day::from_number)
}

/// Returns whether `day` is Monday to Friday.
pub(super) fn is_weekday(day: Day) -> bool {
    !day.is_weekend()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    /// Built once for the hundreds of cases of a property.
    static NEW_YORK: LazyLock<Calendar> = LazyLock::new(Calendar::new_york);

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_outside_the_known_days_is_an_error_that_names_it() {
        let calendar = Calendar::new_york();
        let error = calendar.is_session(day("2036-01-02")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`2036-01-02` is outside the days 1990-01-01..2035-12-31 of the calendar `new-york`"
        );
        let leaving = DayRange::new(day("1989-12-29"), day("1990-01-05")).unwrap();
        assert!(calendar.sessions(leaving).is_err());
        assert!(
            calendar
                .distance(day("2036-01-02"), day("2026-01-02"))
                .is_err()
        );
        assert!(calendar.next(day("2036-01-01")).is_err());
    }

    #[test]
    fn the_edges_of_the_known_days_have_no_neighbour() {
        let calendar = Calendar::new_york();
        assert_eq!(calendar.on_or_before(day("1990-01-01")), Ok(None));
        assert_eq!(calendar.previous(day("1990-01-02")), Ok(None));
        assert_eq!(calendar.next(day("2035-12-31")), Ok(None));
        assert_eq!(
            calendar.on_or_after(day("2035-12-31")),
            Ok(Some(day("2035-12-31")))
        );
    }

    #[test]
    fn a_weekend_lies_between_friday_and_monday() {
        let calendar = Calendar::weekdays();
        let (friday, saturday, monday) = (day("2026-01-09"), day("2026-01-10"), day("2026-01-12"));
        assert_eq!(calendar.on_or_before(saturday), Ok(Some(friday)));
        assert_eq!(calendar.on_or_after(saturday), Ok(Some(monday)));
        assert_eq!(calendar.next(friday), Ok(Some(monday)));
        assert_eq!(calendar.previous(monday), Ok(Some(friday)));
        assert_eq!(calendar.sessions(DayRange::single(saturday)), Ok(&[][..]));
    }

    #[test]
    fn every_day_trades_on_sundays_and_leap_days() {
        let february = DayRange::new(day("2028-02-01"), day("2028-02-29")).unwrap();
        assert_eq!(Calendar::every_day().sessions(february).unwrap().len(), 29);
    }

    #[test]
    fn distance_counts_forward_and_is_zero_backward() {
        let calendar = Calendar::new_york();
        let (wednesday, friday) = (day("2025-01-08"), day("2025-01-10"));
        assert_eq!(
            calendar.distance(wednesday, friday),
            Ok(1),
            "the 9th was closed"
        );
        assert_eq!(calendar.distance(friday, friday), Ok(0));
        assert_eq!(calendar.distance(friday, wednesday), Ok(0));
    }

    #[test]
    fn debug_is_one_short_line() {
        assert!(format!("{:?}", Calendar::new_york()).len() < 150);
    }

    proptest! {
        #[test]
        fn previous_and_next_undo_each_other(offset in 1..11_000_usize) {
            let calendar = &*NEW_YORK;
            let session = calendar.all_sessions()[offset];
            let before = calendar.previous(session).unwrap().unwrap();
            let after = calendar.next(session).unwrap().unwrap();
            prop_assert_eq!(calendar.next(before), Ok(Some(session)));
            prop_assert_eq!(calendar.previous(after), Ok(Some(session)));
        }

        #[test]
        fn distance_is_additive(mut at in prop::array::uniform3(0..16_000_i32)) {
            at.sort_unstable();
            let calendar = &*NEW_YORK;
            let [a, b, c] = at.map(|offset| calendar.known_days().first().saturating_add(offset));
            let total = calendar.distance(a, c).unwrap();
            prop_assert_eq!(
                calendar.distance(a, b).unwrap() + calendar.distance(b, c).unwrap(),
                total
            );
            let after_a = DayRange::new(a.next(), c.next()).unwrap();
            let counted = calendar.sessions(after_a).unwrap();
            prop_assert_eq!(counted.iter().filter(|day| **day <= c).count(), total);
        }
    }
}
