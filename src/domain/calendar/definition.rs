//! Reads a calendar from TOML text: a built-in base, the rules of the holidays, and single days.
//!
//! The text is an argument; a file name in messages is added by the caller.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::amendments::{Amendments, serialize_time, time_schema};
use super::error::CalendarError;
use super::names::BuiltIn;
use super::rules::{EarlyCloseRule, HolidayRule, early_closes, holiday_name, holidays};
use super::sessions::{Calendar, Timetable};
use super::sessions_per_year::SessionsPerYear;
use crate::domain::day::{Day, DayRange};

/// The keys of a calendar file. The first five are required: a zone or years inherited from the
/// base would be wrong for most exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Definition {
    pub(super) name: String,
    #[serde(
        deserialize_with = "deserialize_zone",
        serialize_with = "serialize_zone"
    )]
    #[schemars(with = "String")]
    pub(super) zone: Tz,
    pub(super) based_on: BuiltIn,
    #[serde(serialize_with = "serialize_time")]
    #[schemars(schema_with = "time_schema")]
    pub(super) close: NaiveTime,
    pub(super) years: Years,
    /// Name of the exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    /// The last year whose days the exchange has announced; later years follow the rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) announced: Option<u16>,
    /// The publications that the days were checked against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<String>,
    /// Sessions of a year, for annualised figures; that of the base if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sessions_per_year: Option<SessionsPerYear>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) holiday: Vec<HolidayRule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) early_close: Vec<EarlyCloseRule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) closed: Vec<NamedDay>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) session: Vec<NamedDay>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) half_day: Vec<HalfDay>,
}

/// First and last known year, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Years {
    pub(super) first: u16,
    pub(super) last: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedDay {
    day: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HalfDay {
    day: Day,
    #[serde(serialize_with = "serialize_time")]
    #[schemars(schema_with = "time_schema")]
    close: NaiveTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

impl Definition {
    /// Returns the weekdays of some years, except one day, with sessions that close at 15:00.
    pub fn of_weekdays(name: &str, zone: Tz, years: RangeInclusive<u16>, closed: Day) -> Self {
        Self {
            name: name.to_owned(),
            zone,
            based_on: BuiltIn::WEEKDAYS,
            close: NaiveTime::from_hms_opt(15, 0, 0).unwrap_or_default(),
            years: Years {
                first: *years.start(),
                last: *years.end(),
            },
            title: None,
            announced: None,
            sources: Vec::new(),
            sessions_per_year: None,
            holiday: Vec::new(),
            early_close: Vec::new(),
            closed: vec![NamedDay {
                day: closed,
                name: None,
            }],
            session: Vec::new(),
            half_day: Vec::new(),
        }
    }

    /// Builds the calendar on the calendar of `based_on`.
    pub(super) fn calendar_on(&self, base: &Calendar) -> Result<Calendar, CalendarError> {
        let known = self.known_days()?;
        let sessions = base.sessions(known)?.to_vec();
        let half_days = base.table.half_days.range(known.first()..=known.last());
        let half_days = half_days.map(|(day, close)| (*day, *close)).collect();
        let amendments = self.amendments()?;
        let (sessions, half_days) = self.apply_rules(&amendments, sessions, half_days);
        Calendar::from_timetable(Timetable {
            half_days,
            name: self.name.clone(),
            zone: self.zone,
            known_days: known,
            close: self.close,
            sessions,
            sessions_per_year: self.sessions_per_year.unwrap_or(base.sessions_per_year()),
        })?
        .with_amendments(&amendments)
    }

    /// Closes the holidays, and shortens the early closes that are sessions.
    fn apply_rules(
        &self,
        amendments: &Amendments,
        mut sessions: Vec<Day>,
        mut half_days: BTreeMap<Day, NaiveTime>,
    ) -> (Vec<Day>, BTreeMap<Day, NaiveTime>) {
        let years = self.years.first..=self.years.last;
        let closed = holidays(&self.holiday, years.clone(), &amendments.closed);
        sessions.retain(|day| !closed.contains(day));
        half_days.retain(|day, _| !closed.contains(day));
        // Rules also name days that fall on a weekend or a holiday.
        let early = early_closes(&self.early_close, years)
            .into_iter()
            .filter(|(day, _)| {
                sessions.binary_search(day).is_ok() && !amendments.closed.contains(day)
            });
        half_days.extend(early);
        (sessions, half_days)
    }

    /// Returns the name of the calendar.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns this definition with the days of `amendments` among its own.
    pub(super) fn with_days(mut self, amendments: &Amendments) -> Self {
        let unnamed = |days: &[Day]| -> Vec<NamedDay> {
            let days = days.iter();
            days.map(|day| NamedDay {
                day: *day,
                name: None,
            })
            .collect()
        };
        self.closed.extend(unnamed(&amendments.closed));
        self.session.extend(unnamed(&amendments.sessions));
        let half_days = amendments.half_days.iter();
        self.half_day.extend(half_days.map(|(day, close)| HalfDay {
            day: *day,
            close: *close,
            name: None,
        }));
        self
    }

    /// Returns the name of the exchange, or that of the calendar.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// Returns the last year whose days the exchange has announced, if the definition names it.
    pub fn announced(&self) -> Option<u16> {
        self.announced
    }

    /// Returns the publications that the days were checked against.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Returns the name of `day`, if it is a holiday by a rule or a listed day with a name.
    pub fn name_of(&self, day: Day) -> Option<&str> {
        let listed = self.closed.iter().find(|closed| closed.day == day);
        let listed = listed.and_then(|closed| closed.name.as_deref());
        listed.or_else(|| {
            let closed: Vec<Day> = self.closed.iter().map(|closed| closed.day).collect();
            let years = self.years.first..=self.years.last;
            holiday_name(&self.holiday, years, &closed, day)
        })
    }

    fn known_days(&self) -> Result<DayRange, CalendarError> {
        let first = Day::from_date(date(self.years.first, 1, 1));
        let last = Day::from_date(date(self.years.last, 12, 31));
        first
            .and_then(|first| DayRange::new(first, last?))
            .map_err(|source| CalendarError::InvalidYears {
                calendar: self.name.clone(),
                source,
            })
    }

    fn amendments(&self) -> Result<Amendments, CalendarError> {
        let mut half_days = BTreeMap::new();
        for HalfDay { day, close, .. } in &self.half_day {
            if half_days.insert(*day, *close).is_some() {
                return Err(CalendarError::Contradiction {
                    calendar: self.name.clone(),
                    day: *day,
                });
            }
        }
        Ok(Amendments {
            closed: self.closed.iter().map(|closed| closed.day).collect(),
            sessions: self.session.iter().map(|session| session.day).collect(),
            half_days,
        })
    }
}

fn date(year: u16, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(i32::from(year), month, day)
        .expect("every year has a first and a last day")
}

fn deserialize_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse()
        .map_err(|_| serde::de::Error::custom(format!("unknown time zone `{name}`")))
}

fn serialize_zone<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    const TOKYO: &str = r#"
name = "tokyo"
zone = "Asia/Tokyo"
based-on = "weekdays"
close = "15:30"
years = { first = 2025, last = 2026 }
"#;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn tokyo_with(more: &str) -> Result<Calendar, CalendarError> {
        Calendar::from_toml(&format!("{TOKYO}{more}"))
    }

    fn source_text(error: &CalendarError) -> String {
        error.source().unwrap().to_string()
    }

    #[test]
    fn a_definition_extends_its_base() {
        let calendar = tokyo_with(
            r#"
            closed = [{ day = 2026-02-23, name = "Emperor's Birthday" }]
            session = [{ day = 2026-01-10 }]
            half-day = [{ day = 2026-12-30, close = "11:30" }]
            "#,
        )
        .unwrap();
        assert_eq!(
            (calendar.name(), calendar.zone()),
            ("tokyo", Tz::Asia__Tokyo)
        );
        assert_eq!(calendar.known_days().to_string(), "2025-01-01..2026-12-31");
        assert_eq!(calendar.is_session(day("2026-02-23")), Ok(false));
        assert_eq!(calendar.is_session(day("2026-01-10")), Ok(true));
        let close = |text| calendar.close_time(day(text)).unwrap().to_string();
        assert_eq!(close("2026-12-29"), "2026-12-29 06:30:00 UTC");
        assert_eq!(close("2026-12-30"), "2026-12-30 02:30:00 UTC");
        assert!(calendar.is_session(day("2027-01-04")).is_err());
    }

    #[test]
    fn a_new_york_base_keeps_holidays_and_half_days() {
        let text = TOKYO
            .replace("weekdays", "new-york")
            .replace("Asia/Tokyo", "America/New_York");
        let calendar = Calendar::from_toml(&text).unwrap();
        assert_eq!(calendar.is_session(day("2025-01-09")), Ok(false));
        assert_eq!(calendar.is_half_day(day("2025-11-28")), Ok(true));
        assert_eq!(calendar.is_half_day(day("2025-11-26")), Ok(false));
    }

    #[test]
    fn unknown_key_error_shows_line_and_column() {
        let error = tokyo_with("holidays = []").unwrap_err();
        assert_eq!(error.to_string(), "invalid calendar definition");
        let source = source_text(&error);
        assert!(source.contains("line 7, column 1"), "{source}");
        assert!(source.contains("^^^^^^^^"), "{source}");
        assert!(source.contains("unknown field `holidays`"), "{source}");
    }

    #[test]
    fn unknown_zone_error_shows_the_line() {
        let error = Calendar::from_toml(&TOKYO.replace("Tokyo", "Edo")).unwrap_err();
        let source = source_text(&error);
        assert!(source.contains("line 3"), "{source}");
        assert!(source.contains("unknown time zone `Asia/Edo`"), "{source}");
    }

    #[test]
    fn the_first_five_keys_are_required() {
        for line in TOKYO.lines().filter(|line| !line.is_empty()) {
            let error = Calendar::from_toml(&TOKYO.replace(line, "")).unwrap_err();
            assert!(source_text(&error).contains("missing field"), "{line}");
        }
    }

    #[test]
    fn years_must_lie_within_the_base() {
        let years = |first: &str, last: &str| {
            let text = TOKYO.replace("2025", first).replace("2026", last);
            Calendar::from_toml(&text).unwrap_err()
        };
        assert!(matches!(
            years("2027", "2026"),
            CalendarError::InvalidYears { .. }
        ));
        assert!(matches!(
            years("2025", "9999"),
            CalendarError::InvalidYears { .. }
        ));
        assert!(matches!(
            years("2025", "2150"),
            CalendarError::UnknownDay { .. }
        ));
    }

    #[test]
    fn two_closes_of_one_day_are_a_contradiction() {
        let twice = "half-day = [{ day = 2026-12-30, close = \"11:30\" }, \
                     { day = 2026-12-30, close = \"12:30\" }]";
        let error = tokyo_with(twice).unwrap_err();
        assert!(matches!(error, CalendarError::Contradiction { .. }));
    }

    #[test]
    fn a_close_that_summer_time_skips_is_an_error_on_that_day_alone() {
        let text = TOKYO
            .replace("Asia/Tokyo", "Europe/Berlin")
            .replace("weekdays", "every-day")
            .replace("15:30", "02:30");
        let calendar = Calendar::from_toml(&text).unwrap();
        let skipped = calendar.close_time(day("2026-03-29")).unwrap_err();
        assert!(matches!(skipped, CalendarError::SkippedClose { .. }));
        let twice = calendar.close_time(day("2026-10-25")).unwrap();
        assert_eq!(
            twice.to_string(),
            "2026-10-25 01:30:00 UTC",
            "the second 02:30"
        );
    }
}
