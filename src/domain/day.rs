//! A calendar date, and an inclusive range of them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A calendar date, counted in days from 1970-01-01. Years 1900 to 2199.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// Why a text or number is no [`Day`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DayError {
    /// Not written as `YYYY-MM-DD`, or no such date.
    #[error("`{0}` is not a date (expected YYYY-MM-DD)")]
    InvalidDate(String),
    /// A date outside of the years that are supported.
    #[error("`{0}` is outside of the years 1900 to 2199")]
    OutOfRange(String),
    /// The first day of a range comes after its last.
    #[error("the range starts on `{first}`, after its end `{last}`")]
    Reversed {
        /// Where the range was said to start.
        first: Day,
        /// Where the range was said to end.
        last: Day,
    },
}

impl Day {
    /// The first day that can be spoken of, 1900-01-01.
    pub const MIN: Self = Self(-25_567);
    /// The last day that can be spoken of, 2199-12-31.
    pub const MAX: Self = Self(84_005);

    /// The day of a date, or an error outside of 1900 to 2199.
    pub fn from_date(date: NaiveDate) -> Result<Self, DayError> {
        let days = date.num_days_from_ce() - 719_163;
        Self::from_number(days).ok_or_else(|| DayError::OutOfRange(date.to_string()))
    }

    /// The day with this number of days since 1970-01-01, if it is supported.
    pub fn from_number(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&days)
            .then_some(Self(days))
    }

    /// Days since 1970-01-01, negative before.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The same day as chrono's date.
    pub fn to_date(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0 + 719_163)
            .expect("a day is within the years 1900 to 2199")
    }

    /// The day `days` later (earlier when negative), held within [`Day::MIN`] and [`Day::MAX`].
    #[must_use]
    pub fn saturating_add(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The next calendar day.
    #[must_use]
    pub fn next(self) -> Self {
        self.saturating_add(1)
    }

    /// The calendar day before.
    #[must_use]
    pub fn previous(self) -> Self {
        self.saturating_add(-1)
    }

    /// Calendar year.
    pub fn year(self) -> i32 {
        self.to_date().year()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_date().format("%Y-%m-%d").to_string())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(DayError::InvalidDate(text.to_owned()));
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| DayError::InvalidDate(text.to_owned()))?;
        Self::from_date(date)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    /// Takes `"2026-01-05"`, and a bare TOML date too.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum DateText {
            Text(String),
            Toml(toml::value::Datetime),
        }
        let text = match DateText::deserialize(deserializer)? {
            DateText::Text(text) => text,
            DateText::Toml(date) => date.to_string(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayRange {
    first: Day,
    last: Day,
}

impl DayRange {
    /// The days of both ranges, if there are any.
    pub fn common(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last)).ok()
    }

    /// All days that can be spoken of.
    pub const ALL: Self = Self {
        first: Day::MIN,
        last: Day::MAX,
    };

    /// The range from `first` to `last`, both included; an error when they are reversed.
    pub fn new(first: Day, last: Day) -> Result<Self, DayError> {
        if first > last {
            return Err(DayError::Reversed { first, last });
        }
        Ok(Self { first, last })
    }

    /// A range of a single day.
    pub fn single(day: Day) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// The first day in it.
    pub fn first(self) -> Day {
        self.first
    }

    /// The last day in it.
    pub fn last(self) -> Day {
        self.last
    }

    /// Whether `day` lies in it.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// What both ranges share, if anything.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last)).ok()
    }
}

impl fmt::Display for DayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}..{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn min_and_max_are_1900_and_2199() {
        assert_eq!(Day::MIN.to_string(), "1900-01-01");
        assert_eq!(Day::MAX.to_string(), "2199-12-31");
        assert_eq!("1970-01-01".parse::<Day>().unwrap().number(), 0);
    }

    #[test]
    fn text_round_trips() {
        for text in ["2026-01-08", "2024-02-29", "1900-01-01", "2199-12-31"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_dates_are_refused() {
        for text in ["2026-02-30", "08.01.2026", "2026-1-8", "+026-01-08", ""] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        assert!(matches!(
            "1899-12-31".parse::<Day>(),
            Err(DayError::OutOfRange(_))
        ));
    }

    #[test]
    fn a_bare_toml_date_is_a_day() {
        #[derive(Deserialize)]
        struct Holds {
            on: Day,
            at: Day,
        }
        let holds: Holds = toml::from_str("on = 2026-01-08\nat = \"2026-01-09\"").unwrap();
        assert_eq!(holds.on.next(), holds.at);
    }

    #[test]
    fn a_reversed_range_is_refused() {
        let (a, b) = (Day::MIN, Day::MIN.next());
        assert!(DayRange::new(b, a).is_err());
        assert!(DayRange::new(a, b).unwrap().contains(b));
    }
}
