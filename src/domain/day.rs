//! Defines a calendar date and an inclusive range of dates.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A calendar date of the years 1900 to 2199, counted in days from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// The reason a text, date or range is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DayError {
    /// The text is not written as `YYYY-MM-DD`, or the date does not exist.
    #[error("`{0}` is not a date (expected YYYY-MM-DD)")]
    InvalidDate(String),
    /// The date is outside the supported years.
    #[error("`{0}` is outside the years 1900 to 2199")]
    OutOfRange(String),
    /// The first day of a range comes after its last.
    #[error("the range starts on `{first}`, after its end `{last}`")]
    Reversed {
        /// The given start of the range.
        first: Day,
        /// The given end of the range.
        last: Day,
    },
}

/// Maximum number of days that [`Day::list`] names.
const MAX_LISTED: usize = 5;

impl Day {
    /// The first supported day, 1900-01-01.
    pub const MIN: Self = Self(-25_567);
    /// The last supported day, 2199-12-31.
    pub const MAX: Self = Self(84_005);

    /// Lists ascending days for a message: each of a few, else their number, the first and the last.
    pub fn list(days: &[Self]) -> String {
        match days {
            [first, .., last] if days.len() > MAX_LISTED => {
                format!("{} days, {first} to {last}", days.len())
            }
            _ => {
                let days: Vec<_> = days.iter().map(ToString::to_string).collect();
                days.join(", ")
            }
        }
    }

    /// Converts a date of chrono.
    ///
    /// # Errors
    ///
    /// Refuses a date outside the years 1900 to 2199.
    pub fn from_date(date: NaiveDate) -> Result<Self, DayError> {
        // 1970-01-01 is day 719 163 of chrono's count, which starts with the common era.
        let days = date.num_days_from_ce() - 719_163;
        Self::from_number(days).ok_or_else(|| DayError::OutOfRange(date.to_string()))
    }

    /// Returns the day this many days after 1970-01-01, or `None` outside the supported years.
    pub fn from_number(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&days)
            .then_some(Self(days))
    }

    /// Returns the number of days since 1970-01-01, negative before.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Converts the day to a date of chrono.
    pub fn to_date(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0 + 719_163)
            .expect("a day is within the years 1900 to 2199")
    }

    /// Returns the day `days` later (earlier if negative), clamped to [`Day::MIN`]..[`Day::MAX`].
    #[must_use]
    pub fn saturating_add(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Returns whether the day is a Saturday or a Sunday.
    pub fn is_weekend(self) -> bool {
        self.to_date().weekday().num_days_from_monday() >= 5
    }

    /// Returns the next calendar day.
    #[must_use]
    pub fn next(self) -> Self {
        self.saturating_add(1)
    }

    /// Returns the calendar day before.
    #[must_use]
    pub fn previous(self) -> Self {
        self.saturating_add(-1)
    }

    /// Returns the calendar year, 1900 to 2199.
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
        // chrono also accepts `2026-1-8` and `+026-01-08`; only one spelling is valid here.
        let has_date_shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !has_date_shape {
            return Err(DayError::InvalidDate(text.to_owned()));
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| DayError::InvalidDate(text.to_owned()))?;
        Self::from_date(date)
    }
}

impl Serialize for Day {
    /// Writes the text in a newtype, so that a TOML writer can make it a bare date.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct("Day", &self.to_string())
    }
}

impl<'de> Deserialize<'de> for Day {
    /// Accepts the text `"2026-01-05"` and a bare TOML date.
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

/// The days from `first` to `last`, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayRange {
    first: Day,
    last: Day,
}

impl DayRange {
    /// All supported days, [`Day::MIN`] to [`Day::MAX`].
    pub const ALL: Self = Self {
        first: Day::MIN,
        last: Day::MAX,
    };

    /// Creates the range from `first` to `last`, both inclusive.
    ///
    /// # Errors
    ///
    /// Refuses a `first` that is after `last`.
    pub fn new(first: Day, last: Day) -> Result<Self, DayError> {
        if first > last {
            return Err(DayError::Reversed { first, last });
        }
        Ok(Self { first, last })
    }

    /// Creates a range of a single day.
    pub fn single(day: Day) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// Returns the first day of the range.
    pub fn first(self) -> Day {
        self.first
    }

    /// Returns the last day of the range.
    pub fn last(self) -> Day {
        self.last
    }

    /// Returns whether `day` lies in the range.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// Returns the days that both ranges share, or `None` if there are none.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last)).ok()
    }

    /// Returns the range from the earlier first day to the later last day.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
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
        struct Dates {
            on: Day,
            at: Day,
        }
        let dates: Dates = toml::from_str("on = 2026-01-08\nat = \"2026-01-09\"").unwrap();
        assert_eq!(dates.on.next(), dates.at);
    }

    #[test]
    fn a_reversed_range_is_refused() {
        let (a, b) = (Day::MIN, Day::MIN.next());
        assert!(DayRange::new(b, a).is_err());
        assert!(DayRange::new(a, b).unwrap().contains(b));
    }
}
