//! Compares the calendars of exchanges with published lists of holidays, and with the record of
//! another project over all known years.

use std::collections::BTreeMap;

use chrono::Datelike;
use plimsoll::domain::calendar::BuiltIn;
use plimsoll::domain::{Calendar, Day, DayRange};
use serde::Deserialize;

/// A published list of one year. Days are `MM-DD`.
#[derive(Deserialize)]
struct PublishedList {
    exchange: String,
    year: u16,
    closed: String,
    early: Option<String>,
    source: String,
}

#[derive(Deserialize)]
struct Published {
    list: Vec<PublishedList>,
}

/// What the other project knows of one exchange, by year.
#[derive(Deserialize)]
struct Record {
    closed: BTreeMap<String, String>,
    #[serde(default)]
    early: BTreeMap<String, String>,
}

/// Days on which the record is wrong, and whether they are sessions.
const DIFFERENCES: [(&str, &str, bool, &str); 13] = [
    (
        "XTSE",
        "2001-09-11",
        true,
        "opened at 9:30, halted at 10:40 (The Globe and Mail)",
    ),
    (
        "XHKG",
        "2023-09-01",
        false,
        "typhoon Saola (South China Morning Post)",
    ),
    (
        "XHKG",
        "2023-09-08",
        false,
        "black rainstorm warning (South China Morning Post)",
    ),
    (
        "XHKG",
        "2029-09-24",
        false,
        "Monday for the day after Mid-Autumn, a Sunday",
    ),
    (
        "XHKG",
        "2033-10-03",
        false,
        "Chung Yeung on National Day, and a Sunday after it",
    ),
    (
        "XHKG",
        "2034-04-26",
        true,
        "the lunar year 2033 has a leap month 11",
    ),
    (
        "XHKG",
        "2034-05-22",
        true,
        "the lunar year 2033 has a leap month 11",
    ),
    ("XHKG", "2034-05-25", false, "Birthday of the Buddha"),
    ("XHKG", "2034-06-20", false, "Tuen Ng Festival"),
    (
        "XHKG",
        "2034-08-29",
        true,
        "the lunar year 2033 has a leap month 11",
    ),
    (
        "XHKG",
        "2034-09-21",
        true,
        "the lunar year 2033 has a leap month 11",
    ),
    (
        "XHKG",
        "2034-09-28",
        false,
        "day after the Mid-Autumn Festival",
    ),
    ("XHKG", "2034-10-20", false, "Chung Yeung Festival"),
];

fn calendar(exchange: &str) -> Calendar {
    Calendar::built_in(exchange).unwrap()
}

fn year_of(year: u16) -> DayRange {
    let day = |text: &str| format!("{year}-{text}").parse::<Day>().unwrap();
    DayRange::new(day("01-01"), day("12-31")).unwrap()
}

fn joined(days: impl Iterator<Item = String>) -> String {
    days.collect::<Vec<_>>().join(" ")
}

/// Returns the weekdays of a year without trading, as `MM-DD`.
fn closed_in(calendar: &Calendar, year: u16) -> String {
    let weekdays = Calendar::weekdays();
    let days = weekdays.sessions(year_of(year)).unwrap().iter();
    let closed = days.filter(|day| !calendar.is_session(**day).unwrap());
    joined(closed.map(|day| day.to_string()[5..].to_owned()))
}

/// Returns the early closes of a year, as `MM-DD@HH:MM` in local time.
fn early_in(calendar: &Calendar, year: u16) -> String {
    let days = calendar.sessions(year_of(year)).unwrap().iter();
    let early = days.filter(|day| calendar.is_half_day(**day).unwrap());
    joined(early.map(|day| {
        let close = calendar.close_time(*day).unwrap();
        let local = close.with_timezone(&calendar.zone());
        format!("{}@{}", &day.to_string()[5..], local.format("%H:%M"))
    }))
}

#[test]
fn exchanges_match_published_lists_of_holidays() {
    let text = include_str!("../data/calendars/published.toml");
    let published: Published = toml::from_str(text).unwrap();
    for list in published.list {
        let calendar = calendar(&list.exchange);
        let place = format!("{} {}, {}", list.exchange, list.year, list.source);
        assert_eq!(closed_in(&calendar, list.year), list.closed, "{place}");
        if let Some(expected) = list.early {
            let early = early_in(&calendar, list.year);
            let days = joined(early.split(' ').map(|day| day[..5].to_owned()));
            assert_eq!(days, expected, "{place}");
        }
    }
}

#[test]
fn exchanges_match_the_record_on_all_days_but_those_known_to_be_wrong() {
    let text = include_str!("../data/calendars/record.toml");
    let records: BTreeMap<String, Record> = toml::from_str(text).unwrap();
    let exchanges = BuiltIn::all().filter(|known| known.definition().is_some());
    assert_eq!(records.len(), exchanges.count());
    for (exchange, record) in records {
        let calendar = calendar(&exchange);
        let first = calendar.known_days().first().to_date().year().max(2000) as u16;
        let years = record
            .closed
            .keys()
            .map(|year| year.parse::<u16>().unwrap());
        assert_eq!(
            years.collect::<Vec<_>>(),
            (first..=2035).collect::<Vec<_>>()
        );
        for (year, recorded) in record.closed {
            let mut expected: Vec<&str> = recorded.split(' ').collect();
            for (code, day, is_session, _) in DIFFERENCES {
                if code != exchange || day[..4] != *year {
                    continue;
                }
                assert_eq!(
                    expected.contains(&&day[5..]),
                    is_session,
                    "{day} is in the record"
                );
                expected.retain(|known| *known != &day[5..]);
                if !is_session {
                    expected.push(&day[5..]);
                }
            }
            expected.sort_unstable();
            let year = year.parse().unwrap();
            let place = format!("{exchange} {year}");
            assert_eq!(closed_in(&calendar, year), expected.join(" "), "{place}");
            let early = record.early.get(&year.to_string());
            let early = early.map_or("", String::as_str);
            assert_eq!(early_in(&calendar, year), early, "{place}");
        }
    }
}

#[test]
fn years_that_no_source_proves_are_unknown() {
    for (exchange, unknown) in [("XETR", "2000-06-01"), ("XSWX", "2005-08-01")] {
        let day: Day = unknown.parse().unwrap();
        assert!(calendar(exchange).is_session(day).is_err(), "{exchange}");
    }
}

#[test]
fn closing_times_are_local() {
    for (exchange, day, close) in [
        ("XTKS", "2026-01-05", "2026-01-05T06:30:00Z"),
        ("XLON", "2026-07-01", "2026-07-01T15:30:00Z"),
        ("XASX", "2026-01-05", "2026-01-05T05:00:00Z"),
        ("XHKG", "2026-02-16", "2026-02-16T04:00:00Z"),
    ] {
        let day: Day = day.parse().unwrap();
        let expected = close.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(
            calendar(exchange).close_time(day),
            Ok(expected),
            "{exchange}"
        );
    }
}
