//! Defines the time of day at which a transaction was made.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveTime, Timelike};
use thiserror::Error;

/// A time of day, in whole microseconds since midnight, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(NaiveTime);

/// The text is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid time `{0}` (expected HH:MM, HH:MM:SS or up to six decimals of a second)")]
pub struct InvalidTime(pub String);

impl TimeOfDay {
    /// Returns the microseconds since midnight.
    pub fn micros(self) -> i64 {
        i64::from(self.0.num_seconds_from_midnight()) * 1_000_000
            + i64::from(self.0.nanosecond() / 1_000)
    }

    /// Returns the time so many microseconds after midnight; `None` if the day has fewer.
    pub fn from_micros(micros: i64) -> Option<Self> {
        let seconds = u32::try_from(micros.div_euclid(1_000_000)).ok()?;
        let nanoseconds = u32::try_from(micros.rem_euclid(1_000_000)).ok()? * 1_000;
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).map(Self)
    }
}

impl FromStr for TimeOfDay {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let invalid = || InvalidTime(text.to_owned());
        let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
        let decimals = text
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        if !text.bytes().all(is_plain) || decimals > 6 {
            return Err(invalid());
        }
        let parsed = NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
            .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
        let time = parsed.map_err(|_| invalid())?;
        // chrono reads second 60 as a leap second, which is no time of an ordered day.
        Self::from_micros(Self(time).micros())
            .filter(|read| read.0 == time)
            .ok_or_else(invalid)
    }
}

impl fmt::Display for TimeOfDay {
    /// Writes `14:30:05`, and as many decimals as the time has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.format("%H:%M:%S%.f").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_round_trips_through_text_and_number() {
        for (text, written) in [
            ("00:00", "00:00:00"),
            ("9:05", "09:05:00"),
            ("14:30:05", "14:30:05"),
            ("23:59:59.999999", "23:59:59.999999"),
        ] {
            let time: TimeOfDay = text.parse().unwrap();
            assert_eq!(TimeOfDay::from_micros(time.micros()), Some(time));
            assert!(time.to_string().starts_with(written), "{time}");
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        assert_eq!(TimeOfDay::from_micros(86_400_000_000), None);
        assert_eq!(TimeOfDay::from_micros(-1), None);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "24:00",
            "14:30Z",
            "14",
            "2 pm",
            "14:30:60",
            "14:30:00.1234567",
        ] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(InvalidTime(text.to_owned())));
        }
    }
}
