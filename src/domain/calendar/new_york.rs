//! Computes the sessions of the New York Stock Exchange by its rules, 1990 to 2035.
//!
//! The holidays follow the exchange's rule 7.2 and its published calendars, the half-days its
//! practice of each year. One-off exceptions are in the table of closures, not here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use super::closures;
use super::sessions::{Calendar, Timetable, days, is_weekday};
use crate::domain::day::{Day, DayRange};

const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2035;

const AT_13: NaiveTime = NaiveTime::from_hms_opt(13, 0, 0).expect("13:00 is a time of day");
const AT_14: NaiveTime = NaiveTime::from_hms_opt(14, 0, 0).expect("14:00 is a time of day");
const AT_16: NaiveTime = NaiveTime::from_hms_opt(16, 0, 0).expect("16:00 is a time of day");

impl Calendar {
    pub(super) fn build_new_york() -> Self {
        let known = DayRange::new(ymd(FIRST_YEAR, 1, 1), ymd(LAST_YEAR, 12, 31))
            .expect("the first year comes before the last");
        let closed: BTreeSet<Day> = (FIRST_YEAR..=LAST_YEAR)
            .flat_map(holidays)
            .chain(closures::closed_days())
            .collect();
        let sessions: Vec<Day> = days(known)
            .filter(|day| is_weekday(*day) && !closed.contains(day))
            .collect();
        let half_days: BTreeMap<Day, NaiveTime> = (FIRST_YEAR..=LAST_YEAR)
            .flat_map(half_days)
            .chain(closures::early_closes().map(|day| (day, AT_13)))
            // The rules also name days that fall on a weekend or a holiday.
            .filter(|(day, _)| sessions.binary_search(day).is_ok())
            .collect();
        Self::from_timetable(Timetable {
            name: "new-york".to_owned(),
            zone: chrono_tz::America::New_York,
            known_days: known,
            close: AT_16,
            sessions,
            half_days,
        })
        .expect("the half-days are sessions and close before 16:00")
    }
}

/// Returns the holidays of a year. Some fall on a weekend, where they close nothing.
fn holidays(year: i32) -> Vec<Day> {
    let mut holidays = vec![
        // A New Year's Day on a Saturday is not moved: the Friday is the year's last session.
        move_sunday_to_monday(ymd(year, 1, 1)),
        nth_weekday(year, 2, Weekday::Mon, 3),
        good_friday(year),
        last_monday_of_may(year),
        observed(ymd(year, 7, 4)),
        nth_weekday(year, 9, Weekday::Mon, 1),
        thanksgiving(year),
        observed(ymd(year, 12, 25)),
    ];
    if year >= 1998 {
        holidays.push(nth_weekday(year, 1, Weekday::Mon, 3));
    }
    if year >= 2022 {
        holidays.push(observed(ymd(year, 6, 19)));
    }
    holidays
}

/// Returns the days of a year that close early by rule. Some are not sessions; the caller drops
/// those.
fn half_days(year: i32) -> Vec<(Day, NaiveTime)> {
    let early = if year <= 1992 { AT_14 } else { AT_13 };
    let mut half_days = vec![(ymd(year, 12, 24), early)];
    if year >= 1992 {
        half_days.push((thanksgiving(year).next(), early));
    }
    if year >= 1995 {
        half_days.push((independence_day_half_day(year), early));
    }
    half_days
}

/// Returns the half-day next to the Fourth of July: the day before it, or until 2012 the Friday
/// after a Fourth on a Thursday.
fn independence_day_half_day(year: i32) -> Day {
    let fourth = ymd(year, 7, 4);
    if year <= 2012 && fourth.to_date().weekday() == Weekday::Thu {
        fourth.next()
    } else {
        fourth.previous()
    }
}

fn thanksgiving(year: i32) -> Day {
    nth_weekday(year, 11, Weekday::Thu, 4)
}

fn last_monday_of_may(year: i32) -> Day {
    let end = ymd(year, 5, 31);
    end.saturating_add(-(end.to_date().weekday().num_days_from_monday() as i32))
}

/// Returns the day two days before Easter Sunday, by the anonymous Gregorian computus
/// (J. Meeus, Astronomical Algorithms, chapter 8).
fn good_friday(year: i32) -> Day {
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let corrected = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - corrected + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    ymd(year, 3, 22).saturating_add(epact + to_sunday - 7 * late - 2)
}

/// Returns the day on which a fixed holiday is observed: Friday for a Saturday, Monday for a
/// Sunday.
fn observed(day: Day) -> Day {
    match day.to_date().weekday() {
        Weekday::Sat => day.previous(),
        _ => move_sunday_to_monday(day),
    }
}

fn move_sunday_to_monday(day: Day) -> Day {
    match day.to_date().weekday() {
        Weekday::Sun => day.next(),
        _ => day,
    }
}

/// Returns the `n`th such weekday of a month, from 1.
fn nth_weekday(year: i32, month: u32, weekday: Weekday, n: u8) -> Day {
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, n)
        .and_then(|date| Day::from_date(date).ok())
        .expect("a rule names a weekday that every such month has")
}

fn ymd(year: i32, month: u32, day: u32) -> Day {
    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| Day::from_date(date).ok())
        .expect("a rule names a date that every year has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_friday_is_two_days_before_easter_early_late_and_between() {
        let fridays = [
            // The correction by a week applies in 1981, and in none of the known years.
            ymd(1981, 4, 17),
            ymd(1990, 4, 13),
            ymd(2000, 4, 21),
            ymd(2008, 3, 21),
            ymd(2011, 4, 22),
            ymd(2026, 4, 3),
            ymd(2035, 3, 23),
        ];
        for friday in fridays {
            assert_eq!(good_friday(friday.year()), friday);
        }
    }

    #[test]
    fn memorial_day_is_the_last_monday_of_may_even_on_the_31st() {
        assert_eq!(last_monday_of_may(2027), ymd(2027, 5, 31));
        assert_eq!(last_monday_of_may(2026), ymd(2026, 5, 25));
    }

    #[test]
    fn a_weekend_moves_a_holiday_to_the_nearest_weekday() {
        assert_eq!(observed(ymd(2026, 7, 4)), ymd(2026, 7, 3));
        assert_eq!(observed(ymd(2027, 7, 4)), ymd(2027, 7, 5));
        assert_eq!(observed(ymd(2028, 7, 4)), ymd(2028, 7, 4));
    }

    #[test]
    fn july_half_day_precedes_the_fourth_since_2013() {
        assert_eq!(independence_day_half_day(2002), ymd(2002, 7, 5));
        assert_eq!(independence_day_half_day(2013), ymd(2013, 7, 3));
    }

    #[test]
    fn every_year_has_about_252_sessions() {
        let calendar = Calendar::new_york();
        for year in FIRST_YEAR..=LAST_YEAR {
            let days = DayRange::new(ymd(year, 1, 1), ymd(year, 12, 31)).unwrap();
            let count = calendar.sessions(days).unwrap().len();
            assert!((248..=254).contains(&count), "{year}: {count}");
        }
    }
}
