//! Compares the calendars with published facts.
//!
//! The days in this file are announcements of the exchange; each is an exception to a rule that is
//! easy to miss. A list of all sessions and closes since 1990 is compared if it is available: in
//! `../shared/data`, or in the folder in `PLIMSOLL_FACTS`.

mod exchanges;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll::domain::calendar::Amendments;
use plimsoll::domain::{Calendar, Day, DayRange};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn is_open(text: &str) -> bool {
    Calendar::new_york().is_session(day(text)).unwrap()
}

fn is_half_day(text: &str) -> bool {
    Calendar::new_york().is_half_day(day(text)).unwrap()
}

#[test]
fn a_new_year_on_a_saturday_leaves_the_friday_open() {
    assert!(is_open("2021-12-31"));
    assert!(is_open("2027-12-31"));
    assert!(!is_open("2023-01-02"), "but a Sunday's is kept on Monday");
}

#[test]
fn juneteenth_is_kept_from_2022() {
    assert!(is_open("2021-06-18"));
    assert!(!is_open("2022-06-20"), "Monday for Sunday");
    assert!(!is_open("2027-06-18"), "Friday for Saturday");
}

#[test]
fn martin_luther_king_day_is_kept_from_1998() {
    assert!(is_open("1997-01-20"));
    assert!(!is_open("1998-01-19"));
}

#[test]
fn presidential_mourning_days_are_closed() {
    for closed in [
        "1994-04-27",
        "2004-06-11",
        "2007-01-02",
        "2018-12-05",
        "2025-01-09",
    ] {
        assert!(!is_open(closed), "{closed}");
    }
}

#[test]
fn attacks_and_storms_close_the_exchange() {
    assert!(is_open("2001-09-10") && is_open("2001-09-17"));
    for closed in [
        "2001-09-11",
        "2001-09-12",
        "2001-09-13",
        "2001-09-14",
        "2012-10-29",
        "2012-10-30",
    ] {
        assert!(!is_open(closed), "{closed}");
    }
}

#[test]
fn good_friday_is_closed_and_easter_monday_is_open() {
    assert!(!is_open("2026-04-03"));
    assert!(is_open("2026-04-06"));
}

#[test]
fn a_saturday_fourth_of_july_closes_friday_without_a_half_day() {
    assert!(!is_open("2026-07-03"));
    assert!(!is_half_day("2026-07-02"));
}

#[test]
fn half_days_close_at_one_in_the_afternoon() {
    let calendar = Calendar::new_york();
    for (text, close) in [
        ("2025-07-03", "2025-07-03T17:00:00Z"),
        ("2025-11-28", "2025-11-28T18:00:00Z"),
        ("2025-12-24", "2025-12-24T18:00:00Z"),
    ] {
        assert!(is_half_day(text), "{text}");
        assert_eq!(calendar.close_time(day(text)).unwrap(), at(close));
    }
    assert!(!is_half_day("2025-12-26"));
    assert!(is_half_day("1997-12-26") && is_half_day("1999-12-31") && is_half_day("2003-12-26"));
}

#[test]
fn early_half_days_closed_at_two() {
    let calendar = Calendar::new_york();
    let close = calendar.close_time(day("1992-11-27")).unwrap();
    assert_eq!(close, at("1992-11-27T19:00:00Z"));
    let close = calendar.close_time(day("1993-11-26")).unwrap();
    assert_eq!(close, at("1993-11-26T18:00:00Z"));
    assert!(!is_half_day("1991-11-29") && is_half_day("1990-12-24"));
    assert!(!is_half_day("1991-07-03") && is_half_day("1995-07-03"));
    assert!(
        !is_half_day("2002-07-03") && is_half_day("2002-07-05"),
        "then"
    );
    assert!(
        is_half_day("2013-07-03") && !is_half_day("2013-07-05"),
        "and now"
    );
}

/// Returns the weekdays without trading and the half-days of a year, as `MM-DD`.
fn exceptions(year: i32) -> (String, String) {
    let calendar = Calendar::new_york();
    let edge = |month, day| Day::from_date(NaiveDate::from_ymd_opt(year, month, day).unwrap());
    let year = DayRange::new(edge(1, 1).unwrap(), edge(12, 31).unwrap()).unwrap();
    let list = |days: Vec<Day>| {
        let dates: Vec<String> = days
            .iter()
            .map(|day| day.to_string()[5..].to_owned())
            .collect();
        dates.join(" ")
    };
    let weekdays = Calendar::weekdays();
    let days = weekdays.sessions(year).unwrap().iter().copied();
    let (open, closed): (Vec<Day>, Vec<Day>) =
        days.partition(|day| calendar.is_session(*day).unwrap());
    let half = open
        .into_iter()
        .filter(|day| calendar.is_half_day(*day).unwrap());
    (list(closed), list(half.collect()))
}

#[test]
fn published_years_match_the_exchange() {
    let published = [
        (
            2023,
            "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
            "07-03 11-24",
        ),
        (
            2024,
            "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
            "07-03 11-29 12-24",
        ),
        (
            2025,
            "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
            "07-03 11-28 12-24",
        ),
        (
            2026,
            "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
            "11-27 12-24",
        ),
        (
            2027,
            "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
            "11-26",
        ),
        (
            2028,
            "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",
            "07-03 11-24",
        ),
    ];
    for (year, closed, half) in published {
        assert_eq!(
            exceptions(year),
            (closed.to_owned(), half.to_owned()),
            "{year}"
        );
    }
}

#[test]
fn sessions_and_closes_since_1990_match_the_record() {
    let file = facts_folder().join("xnys_sessions_1990_2023.csv");
    if !file.exists() {
        // Written directly to stderr, because the output of a passing test is captured.
        writeln!(
            std::io::stderr(),
            "SKIPPED: sessions and closes since 1990 were not compared, `{}` is missing",
            file.display()
        )
        .unwrap();
        return;
    }
    let recorded = recorded(&file);
    let first = *recorded.keys().next().unwrap();
    let last = *recorded.keys().next_back().unwrap();
    assert_eq!(
        (first, last, recorded.len()),
        (day("1990-01-02"), day("2023-01-13"), 8_324)
    );

    let calendar = Calendar::new_york();
    let range = DayRange::new(calendar.known_days().first(), last).unwrap();
    let computed: BTreeMap<Day, DateTime<Utc>> = calendar
        .sessions(range)
        .unwrap()
        .iter()
        .map(|session| (*session, calendar.close_time(*session).unwrap()))
        .collect();
    let differing: Vec<_> = recorded
        .iter()
        .filter(|(day, close)| computed.get(day) != Some(close))
        .chain(
            computed
                .iter()
                .filter(|(day, _)| !recorded.contains_key(day)),
        )
        .collect();
    assert!(differing.is_empty(), "{differing:?}");
}

/// Returns the folder of facts, which may not exist.
#[expect(
    clippy::disallowed_methods,
    reason = "a test has no arguments, so the folder comes from a variable"
)]
fn facts_folder() -> PathBuf {
    std::env::var("PLIMSOLL_FACTS").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    )
}

/// Reads the close of each day from a file with the columns day, open, close.
fn recorded(file: &PathBuf) -> BTreeMap<Day, DateTime<Utc>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            (day(&record[0][..10]), at(&record[2]))
        })
        .collect()
}

/// Returns the TOML blocks of the page on calendars, in order.
fn examples() -> Vec<&'static str> {
    let page = include_str!("../../docs/calendars.md");
    let blocks = page.split("```toml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn documentation_examples_work() {
    let [definition, amendments] = examples()[..] else {
        panic!("the page has one definition and one list of amendments");
    };
    let tokyo = Calendar::from_toml(definition).unwrap();
    assert_eq!(tokyo.name(), "tokyo");
    assert!(!tokyo.is_session(day("2026-02-23")).unwrap());
    assert!(tokyo.is_session(day("2026-02-24")).unwrap());

    let amendments: Amendments = toml::from_str(amendments).unwrap();
    let new_york = Calendar::new_york().with_amendments(&amendments).unwrap();
    assert!(!new_york.is_session(day("2026-06-12")).unwrap());
    assert!(new_york.is_half_day(day("2026-12-31")).unwrap());
    assert!(new_york.is_session(day("2026-06-13")).unwrap());
}
