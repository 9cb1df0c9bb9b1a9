//! Parses dates in an order that is declared or determined by the file, never guessed.
//!
//! `2026-01-05`, `2026/1/5` and `20260105` are unambiguous. `05/01/2026` is not: it is accepted
//! only if the order is declared, or if another date of the same file can be read in one order
//! only.

use chrono::{DateTime, NaiveDate, Utc};

use super::error::Refusal;
use super::options::DateOrder;
use super::row_error_kind::RowErrorKind;
use crate::domain::{Day, TimeOfDay};

/// Parser for the dates of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DateReader {
    order: Option<DateOrder>,
}

/// The three numbers of a date, in the order of its text.
enum DateParts {
    YearFirst(u32, u32, u32),
    YearLast(u32, u32, u32),
}

impl DateReader {
    /// Determines the order from all dates of a file, each with its line. A declared order wins.
    /// Otherwise refuses dates that are ambiguous or prove both orders.
    pub(super) fn detect<'a>(
        cells: impl IntoIterator<Item = (u64, &'a str)>,
        declared: Option<DateOrder>,
    ) -> Result<Self, Refusal> {
        if declared.is_some() {
            return Ok(Self { order: declared });
        }
        let (mut dmy, mut mdy, mut open) = (None, None, Vec::new());
        for (line, text) in cells {
            let Some((DateParts::YearLast(first, second, _), _)) = split_date(text) else {
                continue;
            };
            let place = (line, text.to_owned());
            match (first > 12, second > 12) {
                (true, false) => dmy = dmy.or(Some(place)),
                (false, true) => mdy = mdy.or(Some(place)),
                (false, false) if first != second && open.len() < 2 => open.push(place),
                _ => {}
            }
        }
        let order = match (dmy, mdy) {
            (Some(dmy), Some(mdy)) => return Err(Refusal::MixedDates { dmy, mdy }),
            (Some(_), None) => Some(DateOrder::Dmy),
            (None, Some(_)) => Some(DateOrder::Mdy),
            (None, None) => None,
        };
        let mut open = open.into_iter();
        match (order, open.next()) {
            (None, Some(first)) => Err(Refusal::AmbiguousDates {
                first,
                second: open.next(),
            }),
            _ => Ok(Self { order }),
        }
    }

    /// Parses a day. A time of midnight is ignored, another time is an error.
    pub(super) fn parse_day(self, text: &str) -> Result<Day, RowErrorKind> {
        match self.parse_day_and_time(text)? {
            (day, None) => Ok(day),
            (_, Some(_)) => Err(RowErrorKind::TimeOfDay(text.to_owned())),
        }
    }

    /// Parses a day, and the time behind it. A time of midnight is ignored, since vendors write it
    /// for none. A time with a zone is an error, because its day can be another one.
    pub(super) fn parse_day_and_time(
        self,
        text: &str,
    ) -> Result<(Day, Option<TimeOfDay>), RowErrorKind> {
        let invalid = || RowErrorKind::InvalidDate(text.to_owned());
        let (parts, time) = split_date(text).ok_or_else(invalid)?;
        let time = match is_midnight(time) {
            true => None,
            false => {
                let read = time.trim_start_matches(['T', ' ']).parse();
                Some(read.map_err(|_| RowErrorKind::TimeOfDay(text.to_owned()))?)
            }
        };
        let (year, month, day) = match (parts, self.order) {
            (DateParts::YearFirst(year, month, day), _) => (year, month, day),
            (DateParts::YearLast(first, second, year), Some(DateOrder::Mdy)) => {
                (year, first, second)
            }
            // Without an order, every date of this form has equal day and month, or is invalid.
            (DateParts::YearLast(first, second, year), _) => (year, second, first),
        };
        let date = NaiveDate::from_ymd_opt(year as i32, month, day);
        let date = date.ok_or_else(|| match self.order {
            Some(order) => RowErrorKind::DateOrder {
                text: text.to_owned(),
                order,
            },
            None => invalid(),
        })?;
        Ok((Day::from_date(date)?, time))
    }

    /// Parses an RFC 3339 instant, or a date as its midnight in UTC.
    pub(super) fn parse_instant(self, text: &str) -> Result<DateTime<Utc>, RowErrorKind> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(instant.to_utc());
        }
        let day = self
            .parse_day(text)
            .map_err(|_| RowErrorKind::InvalidInstant(text.to_owned()))?;
        Ok(day.to_date().and_time(chrono::NaiveTime::MIN).and_utc())
    }
}

/// Splits a text into the numbers of its date and the rest, which may be a time.
fn split_date(text: &str) -> Option<(DateParts, &str)> {
    let end = text.find(['T', ' ']).unwrap_or(text.len());
    let (date, time) = text.split_at(end);
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |from: usize, to: usize| date[from..to].parse().ok();
        let numbers = DateParts::YearFirst(number(0, 4)?, number(4, 6)?, number(6, 8)?);
        return Some((numbers, time));
    }
    let separator = date.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let parts: Vec<&str> = date.split(separator).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let number = |part: &str, max: usize| {
        let digits = (1..=max).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u32>().ok()).flatten()
    };
    let numbers = match (first.len(), third.len()) {
        (4, _) => DateParts::YearFirst(number(first, 4)?, number(second, 2)?, number(third, 2)?),
        (_, 4) => DateParts::YearLast(number(first, 2)?, number(second, 2)?, number(third, 4)?),
        _ => return None,
    };
    Some((numbers, time))
}

/// Returns true for an empty text, or midnight with or without a zone.
fn is_midnight(time: &str) -> bool {
    let time = time.trim_start_matches(['T', ' ']);
    let clock = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock);
    let clock_is_zero = clock
        .bytes()
        .all(|byte| matches!(byte, b'0' | b':' | b'.' | b' '));
    let zone_is_valid = zone
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b':' | b'Z'));
    clock_is_zero && zone_is_valid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(texts: &[&str]) -> Result<DateReader, Refusal> {
        let cells = texts.iter().enumerate();
        DateReader::detect(cells.map(|(at, text)| (at as u64 + 2, *text)), None)
    }

    fn day(texts: &[&str]) -> String {
        let day = detected(texts).unwrap().parse_day(texts[0]).unwrap();
        day.to_string()
    }

    #[test]
    fn year_first_dates_need_no_declared_order() {
        for text in [
            "2026-01-05",
            "2026/1/5",
            "20260105",
            "2026-01-05 00:00:00-05:00",
            "2026-01-05T00:00:00Z",
        ] {
            assert_eq!(day(&[text]), "2026-01-05", "{text}");
        }
    }

    #[test]
    fn one_unambiguous_date_fixes_the_order_of_its_file() {
        assert_eq!(day(&["05/01/2026", "13/01/2026"]), "2026-01-05");
        assert_eq!(day(&["05/01/2026", "01/13/2026"]), "2026-05-01");
        assert_eq!(day(&["5.1.2026", "31.1.2026"]), "2026-01-05");
    }

    #[test]
    fn an_ambiguous_order_is_refused_with_two_lines() {
        assert_eq!(
            detected(&["04/04/2026", "05/01/2026", "06/01/2026"]),
            Err(Refusal::AmbiguousDates {
                first: (3, "05/01/2026".to_owned()),
                second: Some((4, "06/01/2026".to_owned())),
            })
        );
    }

    #[test]
    fn a_date_that_reads_the_same_in_both_orders_is_accepted() {
        assert_eq!(day(&["04/04/2026"]), "2026-04-04");
    }

    #[test]
    fn both_orders_in_one_file_are_refused() {
        assert!(matches!(
            detected(&["13/01/2026", "01/13/2026"]),
            Err(Refusal::MixedDates { .. })
        ));
    }

    #[test]
    fn a_declared_order_overrides_detection() {
        let dates = DateReader::detect([], Some(DateOrder::Dmy)).unwrap();
        assert_eq!(
            dates.parse_day("05/01/2026").unwrap().to_string(),
            "2026-01-05"
        );
        assert!(matches!(
            dates.parse_day("01/13/2026"),
            Err(RowErrorKind::DateOrder { .. })
        ));
    }

    #[test]
    fn a_time_of_day_is_refused() {
        let dates = detected(&[]).unwrap();
        assert!(matches!(
            dates.parse_day("2026-01-05 16:00:00"),
            Err(RowErrorKind::TimeOfDay(_))
        ));
        for text in [
            "",
            "2026-02-30",
            "5/1/26",
            "yesterday",
            "2026-01",
            "1-2-3-4",
        ] {
            assert!(
                matches!(dates.parse_day(text), Err(RowErrorKind::InvalidDate(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_date_is_accepted_as_an_instant() {
        let dates = detected(&[]).unwrap();
        let instant = dates.parse_instant("2026-01-05").unwrap();
        assert_eq!(instant.to_rfc3339(), "2026-01-05T00:00:00+00:00");
        let instant = dates.parse_instant("2026-01-05T16:30:00-05:00").unwrap();
        assert_eq!(instant.to_rfc3339(), "2026-01-05T21:30:00+00:00");
    }
}
