//! Why a calendar cannot answer, or cannot be made.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use crate::domain::{Day, DayError, DayRange};

/// Why a calendar cannot answer, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// A day outside of the days that the calendar knows.
    #[error("the calendar `{calendar}` knows the days {known}, not `{day}`")]
    UnknownDay {
        /// Its name.
        calendar: String,
        /// What it knows.
        known: DayRange,
        /// What it was asked for.
        day: Day,
    },
    /// The close of a day that does not trade was asked for, or a half-day was put on one.
    #[error("`{day}` is no session of the calendar `{calendar}`")]
    NotASession {
        /// Its name.
        calendar: String,
        /// The day that does not trade.
        day: Day,
    },
    /// At that moment no session that the calendar knows had closed yet.
    #[error("no session of the calendar `{calendar}` is final at `{at}`")]
    NoFinalSession {
        /// Its name.
        calendar: String,
        /// The moment, grace already taken off.
        at: DateTime<Utc>,
    },
    /// A closing time that the zone's clocks skip on that day.
    #[error("the calendar `{calendar}` closes at `{close}` on `{day}`, which `{zone}` skips")]
    SkippedClose {
        /// Its name.
        calendar: String,
        /// The session.
        day: Day,
        /// The time of day at which it would close.
        close: NaiveTime,
        /// Whose clocks skip it.
        zone: Tz,
    },
    /// A half-day that would not end before an ordinary session does.
    #[error(
        "the half-day `{day}` of the calendar `{calendar}` closes at `{close}`, \
         not before the ordinary `{regular_close}`"
    )]
    HalfDayNotEarly {
        /// Its name.
        calendar: String,
        /// The half-day.
        day: Day,
        /// When it would close.
        close: NaiveTime,
        /// When other sessions close.
        regular_close: NaiveTime,
    },
    /// One day is said to be two things, such as closed and a session.
    #[error("two things are said of `{day}` in the calendar `{calendar}`")]
    Contradiction {
        /// Its name.
        calendar: String,
        /// The day.
        day: Day,
    },
    /// The years of a definition are no range.
    #[error("the years of the calendar `{calendar}` are no range")]
    InvalidYears {
        /// Its name.
        calendar: String,
        /// What is wrong with them.
        source: DayError,
    },
    /// A text that defines no calendar. The source says where, by line and with a caret.
    #[error("the text does not define a calendar")]
    InvalidDefinition(#[source] toml::de::Error),
}
