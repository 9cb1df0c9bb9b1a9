//! Amends a calendar with days from configuration or a scenario, such as a newly announced closure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveTime, Timelike};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use super::error::CalendarError;
use super::sessions::{Calendar, Timetable};
use crate::domain::day::Day;

/// Days on which the base calendar is overridden. Repeating a fact of the base is allowed.
///
/// ```
/// use plimsoll::domain::calendar::{Amendments, Calendar};
///
/// let amendments: Amendments = toml::from_str(
///     r#"
///     closed = [2026-06-12]
///     half-days = { 2026-06-11 = "13:00" }
///     "#,
/// )?;
/// let calendar = Calendar::new_york().with_amendments(&amendments)?;
/// assert!(!calendar.is_session("2026-06-12".parse()?)?);
/// assert!(calendar.is_half_day("2026-06-11".parse()?)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Amendments {
    /// Days without trading, such as a day of mourning.
    pub closed: Vec<Day>,
    /// Days with trading, such as an extra Saturday.
    pub sessions: Vec<Day>,
    /// Sessions that close early, with their local closing time.
    #[serde(serialize_with = "serialize_half_days")]
    #[schemars(with = "BTreeMap<Day, String>")]
    pub half_days: BTreeMap<Day, NaiveTime>,
}

/// Writes closing times as in [`time_text`].
fn serialize_half_days<S: Serializer>(
    half_days: &BTreeMap<Day, NaiveTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let times = half_days.iter();
    serializer.collect_map(times.map(|(day, close)| (day, time_text(*close))))
}

/// Returns a time of day as `13:00`, and with seconds only where it has some.
pub(super) fn time_text(time: NaiveTime) -> String {
    let layout = if time.second() == 0 {
        "%H:%M"
    } else {
        "%H:%M:%S"
    };
    time.format(layout).to_string()
}

/// Describes a time of day as [`NaiveTime`] reads it.
pub(super) fn time_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9](\\.[0-9]+)?)?$"
    })
}

/// Writes a time of day as in [`time_text`].
pub(super) fn serialize_time<S: Serializer>(
    time: &NaiveTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time_text(*time))
}

impl Amendments {
    /// Returns the number of days that are amended.
    pub fn len(&self) -> usize {
        self.closed.len() + self.sessions.len() + self.half_days.len()
    }

    /// Returns whether no day is amended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns these amendments and `more`. A half-day of `more` replaces the one of the same day.
    #[must_use]
    pub fn merge(mut self, more: Self) -> Self {
        self.closed.extend(more.closed);
        self.sessions.extend(more.sessions);
        self.half_days.extend(more.half_days);
        self
    }
}

impl Calendar {
    /// Returns this calendar with `amendments` applied, under the same name.
    ///
    /// # Errors
    ///
    /// Refuses a day that the calendar does not know, a day both closed and open, a half-day on a
    /// day without trading, and one that does not close before the ordinary close.
    pub fn with_amendments(&self, amendments: &Amendments) -> Result<Self, CalendarError> {
        let Amendments {
            closed,
            sessions,
            half_days,
        } = amendments;
        for &day in closed.iter().chain(sessions).chain(half_days.keys()) {
            self.check_known(day)?;
        }
        if let Some(&day) = closed
            .iter()
            .find(|day| sessions.contains(day) || half_days.contains_key(day))
        {
            return Err(CalendarError::Contradiction {
                calendar: self.name().to_owned(),
                day,
            });
        }

        let mut table = Timetable::clone(&self.table);
        let mut open: BTreeSet<Day> = table.sessions.iter().chain(sessions).copied().collect();
        table.half_days.extend(half_days);
        // Closures come last, so that they also remove half-days of the base.
        for day in closed {
            open.remove(day);
            table.half_days.remove(day);
        }
        table.sessions = open.into_iter().collect();
        Self::from_timetable(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn new_york_with(toml: &str) -> Result<Calendar, CalendarError> {
        Calendar::new_york().with_amendments(&toml::from_str(toml).unwrap())
    }

    #[test]
    fn no_amendment_changes_nothing() {
        assert_eq!(new_york_with(""), Ok(Calendar::new_york()));
    }

    #[test]
    fn closing_a_half_day_removes_its_early_close() {
        let calendar = new_york_with("closed = [2025-11-28]").unwrap();
        assert_eq!(calendar.is_session(day("2025-11-28")), Ok(false));
        assert_eq!(
            calendar.next(day("2025-11-26")),
            Ok(Some(day("2025-12-01")))
        );
    }

    #[test]
    fn an_extra_session_is_sorted_in() {
        let calendar = new_york_with("sessions = [2026-01-10]").unwrap();
        assert_eq!(
            calendar.next(day("2026-01-09")),
            Ok(Some(day("2026-01-10")))
        );
        assert_eq!(
            calendar.next(day("2026-01-10")),
            Ok(Some(day("2026-01-12")))
        );
    }

    #[test]
    fn an_extra_session_may_be_a_half_day() {
        let toml = "sessions = [2026-01-10]\nhalf-days = { 2026-01-10 = \"12:30\" }";
        let close = new_york_with(toml).unwrap().close_time(day("2026-01-10"));
        assert_eq!(close, Ok("2026-01-10T17:30:00Z".parse().unwrap()));
    }

    #[test]
    fn repeating_existing_facts_changes_nothing() {
        let again = "closed = [2026-01-10, 2026-12-25]\nsessions = [2026-01-09]";
        assert_eq!(new_york_with(again), Ok(Calendar::new_york()));
    }

    #[test]
    fn a_day_cannot_be_closed_and_open() {
        for other in [
            "sessions = [2026-01-09]",
            "half-days = { 2026-01-09 = \"13:00\" }",
        ] {
            let error = new_york_with(&format!("closed = [2026-01-09]\n{other}")).unwrap_err();
            assert!(
                matches!(error, CalendarError::Contradiction { .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn invalid_amendments_are_refused() {
        let beyond = new_york_with("closed = [2036-01-02]").unwrap_err();
        assert!(matches!(beyond, CalendarError::UnknownDay { .. }));
        let sunday = new_york_with("half-days = { 2026-01-11 = \"13:00\" }").unwrap_err();
        assert!(matches!(sunday, CalendarError::NotASession { .. }));
        let late = new_york_with("half-days = { 2026-01-09 = \"16:00\" }").unwrap_err();
        assert_eq!(
            late.to_string(),
            "the half-day `2026-01-09` of the calendar `new-york` closes at `16:00:00`, \
             not before the ordinary `16:00:00`"
        );
    }

    #[test]
    fn with_amendments_leaves_the_original_unchanged() {
        let before = Calendar::new_york();
        let amendments: Amendments = toml::from_str("closed = [2026-01-09]").unwrap();
        before.with_amendments(&amendments).unwrap();
        assert_eq!(before, Calendar::new_york());
    }
}
