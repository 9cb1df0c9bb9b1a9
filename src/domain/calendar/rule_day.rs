//! Reads the day of a rule, such as `12-25`, `Monday from 02-15` or `Easter - 2`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::day::Day;

/// The day of a year that a rule names, before a weekend moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleDay {
    /// `12-25`: month and day.
    Date(MonthDay),
    /// `Monday from 02-15`: the first such weekday on or after a date, here the third Monday of
    /// February.
    WeekdayFrom(Weekday, MonthDay),
    /// `Easter - 2`: days after Easter Sunday.
    Easter(i32),
}

/// A month and a day that every year has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MonthDay {
    month: u32,
    day: u32,
}

impl MonthDay {
    fn in_year(self, year: u16) -> Day {
        NaiveDate::from_ymd_opt(i32::from(year), self.month, self.day)
            .and_then(|date| Day::from_date(date).ok())
            .expect("parsing accepts only days that every year has")
    }
}

impl RuleDay {
    /// Returns the day in `year`.
    pub(super) fn in_year(self, year: u16) -> Day {
        match self {
            Self::Date(date) => date.in_year(year),
            Self::WeekdayFrom(weekday, from) => {
                let from = from.in_year(year);
                from.saturating_add(weekday.days_since(from.to_date().weekday()) as i32)
            }
            Self::Easter(offset) => easter(year).saturating_add(offset),
        }
    }
}

/// Returns Easter Sunday by the anonymous Gregorian computus (J. Meeus, Astronomical Algorithms,
/// chapter 8).
fn easter(year: u16) -> Day {
    let year = i32::from(year);
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let corrected = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - corrected + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    NaiveDate::from_ymd_opt(year, 3, 22)
        .and_then(|date| Day::from_date(date).ok())
        .expect("a calendar's years have a March 22")
        .saturating_add(epact + to_sunday - 7 * late)
}

/// The text is not the day of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvalidRuleDay;

impl FromStr for MonthDay {
    type Err = InvalidRuleDay;

    fn from_str(text: &str) -> Result<Self, InvalidRuleDay> {
        let (month, day) = text.split_once('-').ok_or(InvalidRuleDay)?;
        let number = |digits: &str| {
            let is_two_digits = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            is_two_digits.then(|| digits.parse::<u32>().ok()).flatten()
        };
        let month = number(month).ok_or(InvalidRuleDay)?;
        let day = number(day).ok_or(InvalidRuleDay)?;
        // A year without a February 29.
        NaiveDate::from_ymd_opt(2001, month, day).ok_or(InvalidRuleDay)?;
        Ok(Self { month, day })
    }
}

impl FromStr for RuleDay {
    type Err = InvalidRuleDay;

    fn from_str(text: &str) -> Result<Self, InvalidRuleDay> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["Easter"] => Ok(Self::Easter(0)),
            ["Easter", sign @ ("+" | "-"), days] => {
                let days: u8 = days.parse().map_err(|_| InvalidRuleDay)?;
                let days = i32::from(days);
                Ok(Self::Easter(if sign == "-" { -days } else { days }))
            }
            [weekday, "from", date] => {
                let weekday = weekday.parse().map_err(|_| InvalidRuleDay)?;
                Ok(Self::WeekdayFrom(weekday, date.parse()?))
            }
            [date] => date.parse().map(Self::Date),
            _ => Err(InvalidRuleDay),
        }
    }
}

impl fmt::Display for InvalidRuleDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("use a date `12-25`, `Monday from 02-15`, or `Easter - 2`")
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl fmt::Display for RuleDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(f),
            Self::WeekdayFrom(weekday, date) => write!(f, "{} from {date}", long_name(*weekday)),
            Self::Easter(0) => f.write_str("Easter"),
            Self::Easter(days) if *days < 0 => write!(f, "Easter - {}", -days),
            Self::Easter(days) => write!(f, "Easter + {days}"),
        }
    }
}

fn long_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

impl<'de> Deserialize<'de> for RuleDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|hint| {
            serde::de::Error::custom(format!("invalid day of a rule `{text}`: {hint}"))
        })
    }
}

impl Serialize for RuleDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for RuleDay {
    fn schema_name() -> Cow<'static, str> {
        "RuleDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The day of a year: `12-25`, `Monday from 02-15`, or `Easter - 2`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str, years: [u16; 3]) -> [String; 3] {
        let rule: RuleDay = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
        years.map(|year| rule.in_year(year).to_string())
    }

    #[test]
    fn easter_is_early_late_and_between() {
        let easters = [
            // The correction by a week applies in 1981, and in none of the known years.
            (1981, "1981-04-19"),
            (1990, "1990-04-15"),
            (2000, "2000-04-23"),
            (2008, "2008-03-23"),
            (2011, "2011-04-24"),
            (2026, "2026-04-05"),
            (2035, "2035-03-25"),
        ];
        for (year, easter) in easters {
            assert_eq!(RuleDay::Easter(0).in_year(year).to_string(), easter);
        }
        let whit = days("Easter + 50", [2024, 2025, 2026]);
        assert_eq!(whit, ["2024-05-20", "2025-06-09", "2026-05-25"]);
        let friday = days("Easter - 2", [2024, 2025, 2026]);
        assert_eq!(friday, ["2024-03-29", "2025-04-18", "2026-04-03"]);
    }

    #[test]
    fn a_weekday_is_the_first_on_or_after_its_date() {
        // The last Monday of May, on the 25th, the 31st and between.
        let memorial = days("Monday from 05-25", [2026, 2027, 2028]);
        assert_eq!(memorial, ["2026-05-25", "2027-05-31", "2028-05-29"]);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "02-29",
            "13-01",
            "1-5",
            "+1-05",
            "Moonday from 01-01",
            "Easter 2",
            "Easter - x",
            "Monday from",
            "Monday after 05-25",
        ] {
            assert_eq!(text.parse::<RuleDay>(), Err(InvalidRuleDay), "{text}");
        }
    }
}
