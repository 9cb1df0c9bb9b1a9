//! Computes holidays and early closes from rules: fixed dates, weekdays of a month, and days
//! around Easter, with the ways in which a weekend moves them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveTime, Weekday};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::amendments::{serialize_time, time_schema};
use super::rule_day::RuleDay;
use super::sessions::is_weekday;
use crate::domain::day::Day;

/// A holiday that returns every year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct HolidayRule {
    pub(super) name: String,
    on: RuleDay,
    #[serde(default, skip_serializing_if = "Observed::is_same_day")]
    observed: Observed,
    /// First year of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u16>,
    /// Last year of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u16>,
    /// Years in which the rule does not apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<u16>,
}

/// A day that closes early every year, if it is a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct EarlyCloseRule {
    pub(super) name: String,
    on: RuleDay,
    #[serde(serialize_with = "serialize_time")]
    #[schemars(schema_with = "time_schema")]
    close: NaiveTime,
    #[serde(
        default,
        deserialize_with = "observed_without_holidays",
        skip_serializing_if = "Observed::is_same_day"
    )]
    #[schemars(schema_with = "early_observed_schema")]
    observed: Observed,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<u16>,
}

/// The day on which a rule's day is kept if it falls on a weekend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Observed {
    /// On the day itself, so that a weekend closes nothing more.
    #[default]
    SameDay,
    /// Friday for a Saturday, Monday for a Sunday.
    NearestWeekday,
    /// The next weekday that is not a holiday, for a Saturday or a Sunday.
    AfterWeekend,
    /// The next weekday that is not a holiday, for a Sunday.
    AfterSunday,
    /// A Saturday moves to Friday.
    BeforeWeekend,
}

/// Describes the words that [`observed_without_holidays`] reads.
fn early_observed_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "enum": ["same-day", "nearest-weekday", "before-weekend"]
    })
}

/// Reads the observed day of an early close, which does not move past holidays.
fn observed_without_holidays<'de, D: Deserializer<'de>>(source: D) -> Result<Observed, D::Error> {
    match Observed::deserialize(source)? {
        Observed::AfterWeekend | Observed::AfterSunday => Err(D::Error::custom(
            "an early close does not move past holidays: use `same-day`, `nearest-weekday` or \
             `before-weekend`",
        )),
        observed => Ok(observed),
    }
}

impl Observed {
    fn is_same_day(&self) -> bool {
        *self == Self::SameDay
    }

    /// Returns whether `day` moves to the next weekday that is not a holiday. The caller must know
    /// the other holidays to find it.
    fn moves_past_holidays(self, day: Day) -> bool {
        match day.to_date().weekday() {
            Weekday::Sat => self == Self::AfterWeekend,
            Weekday::Sun => matches!(self, Self::AfterWeekend | Self::AfterSunday),
            _ => false,
        }
    }

    /// Returns the observed day. Moves that depend on other holidays are left to the caller.
    fn apply(self, day: Day) -> Day {
        match (self, day.to_date().weekday()) {
            (Self::NearestWeekday | Self::BeforeWeekend, Weekday::Sat) => day.previous(),
            (Self::NearestWeekday, Weekday::Sun) => day.next(),
            (Self::BeforeWeekend, Weekday::Sun) => day.saturating_add(-2),
            _ => day,
        }
    }
}

/// Returns the observed days of `rules` in `years`. `closed` are the days that are closed for
/// other reasons: a holiday is not moved onto one.
pub(super) fn holidays(
    rules: &[HolidayRule],
    years: RangeInclusive<u16>,
    closed: &[Day],
) -> BTreeSet<Day> {
    named_holidays(rules, years, closed).into_keys().collect()
}

/// Returns the name of the rule that closes `day`.
pub(super) fn holiday_name<'a>(
    rules: &'a [HolidayRule],
    years: RangeInclusive<u16>,
    closed: &[Day],
    day: Day,
) -> Option<&'a str> {
    named_holidays(rules, years, closed).remove(&day)
}

fn named_holidays<'a>(
    rules: &'a [HolidayRule],
    years: RangeInclusive<u16>,
    closed: &[Day],
) -> BTreeMap<Day, &'a str> {
    let mut kept = BTreeMap::new();
    let mut moved = Vec::new();
    for year in years {
        for rule in rules {
            if !applies(year, rule.first, rule.last, &rule.except) {
                continue;
            }
            let day = rule.on.in_year(year);
            if rule.observed.moves_past_holidays(day) {
                moved.push((day, rule.name.as_str()));
            } else {
                kept.insert(rule.observed.apply(day), rule.name.as_str());
            }
        }
    }
    // In order of their days: Christmas on a Saturday takes the Monday before Boxing Day does.
    moved.sort_by_key(|(day, _)| *day);
    for (day, name) in moved {
        let mut observed = day.next();
        while !is_weekday(observed) || kept.contains_key(&observed) || closed.contains(&observed) {
            observed = observed.next();
        }
        kept.insert(observed, name);
    }
    kept
}

/// Returns the days of `rules` in `years`, with their closing times. Some are not sessions.
pub(super) fn early_closes(
    rules: &[EarlyCloseRule],
    years: RangeInclusive<u16>,
) -> Vec<(Day, NaiveTime)> {
    let mut days = Vec::new();
    for year in years {
        for rule in rules {
            if applies(year, rule.first, rule.last, &rule.except) {
                days.push((rule.observed.apply(rule.on.in_year(year)), rule.close));
            }
        }
    }
    days
}

fn applies(year: u16, first: Option<u16>, last: Option<u16>, except: &[u16]) -> bool {
    first.is_none_or(|first| first <= year)
        && last.is_none_or(|last| year <= last)
        && !except.contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Rules {
        #[serde(default)]
        holiday: Vec<HolidayRule>,
        #[serde(default)]
        early_close: Vec<EarlyCloseRule>,
        #[serde(default)]
        closed: Vec<Day>,
    }

    /// Returns the holidays of 2020 to 2029, as text.
    fn holidays_of(text: &str) -> String {
        let rules: Rules = toml::from_str(text).unwrap();
        let days = holidays(&rules.holiday, 2020..=2029, &rules.closed);
        let days: Vec<String> = days.iter().map(ToString::to_string).collect();
        days.join(" ")
    }

    fn new_year(observed: &str) -> String {
        let text = format!(
            r#"holiday = [{{ name = "x", on = "01-01", observed = "{observed}", first = 2022, last = 2023 }}]"#
        );
        holidays_of(&text)
    }

    #[test]
    fn a_weekend_moves_a_holiday_as_its_rule_says() {
        // January 1 is a Saturday in 2022, and a Sunday in 2023.
        assert_eq!(new_year("same-day"), "2022-01-01 2023-01-01");
        assert_eq!(new_year("nearest-weekday"), "2021-12-31 2023-01-02");
        assert_eq!(new_year("after-weekend"), "2022-01-03 2023-01-02");
        assert_eq!(new_year("after-sunday"), "2022-01-01 2023-01-02");
        assert_eq!(new_year("before-weekend"), "2021-12-31 2022-12-30");
    }

    #[test]
    fn an_early_close_that_would_move_past_holidays_is_refused() {
        let rules = |observed: &str| {
            let text = format!(
                r#"early-close = [{{ name = "x", on = "12-24", close = "13:00", observed = "{observed}" }}]"#
            );
            toml::from_str::<Rules>(&text).map(|rules| rules.early_close.len())
        };
        for observed in ["after-weekend", "after-sunday"] {
            let error = rules(observed).unwrap_err().to_string();
            assert!(error.contains("use `same-day`"), "{error}");
        }
        assert_eq!(rules("nearest-weekday"), Ok(1));
    }

    #[test]
    fn christmas_and_boxing_day_never_share_a_weekday() {
        let text = r#"
            holiday = [
                { name = "Christmas", on = "12-25", observed = "after-weekend", first = 2020, last = 2022 },
                { name = "Boxing Day", on = "12-26", observed = "after-weekend", first = 2020, last = 2022 },
            ]
        "#;
        let days = "2020-12-25 2020-12-28 2021-12-27 2021-12-28 2022-12-26 2022-12-27";
        assert_eq!(holidays_of(text), days);
    }

    #[test]
    fn a_holiday_does_not_move_onto_a_closed_day() {
        let text = r#"
            closed = ["2023-01-02"]
            holiday = [{ name = "x", on = "01-01", observed = "after-sunday", first = 2023, last = 2023 }]
        "#;
        assert_eq!(holidays_of(text), "2023-01-03");
    }

    #[test]
    fn a_rule_holds_in_its_years_alone() {
        let text = r#"holiday = [{ name = "x", on = "Monday from 05-01", first = 2021, last = 2023, except = [2022] }]"#;
        assert_eq!(holidays_of(text), "2021-05-03 2023-05-01");
    }

    #[test]
    fn the_last_session_before_a_weekend_closes_early() {
        let text = r#"early-close = [{ name = "x", on = "12-24", close = "12:30", observed = "before-weekend", first = 2022, last = 2024 }]"#;
        let rules: Rules = toml::from_str(text).unwrap();
        let days = early_closes(&rules.early_close, 2020..=2029).into_iter();
        let days: Vec<String> = days.map(|(day, _)| day.to_string()).collect();
        assert_eq!(days, ["2022-12-23", "2023-12-22", "2024-12-24"]);
    }

    #[test]
    fn holidays_keep_their_names() {
        let text = r#"holiday = [{ name = "New Year", on = "01-01", observed = "after-sunday" }]"#;
        let rules: Rules = toml::from_str(text).unwrap();
        let monday = "2023-01-02".parse().unwrap();
        let name = holiday_name(&rules.holiday, 2020..=2029, &[], monday);
        assert_eq!(name, Some("New Year"));
    }
}
