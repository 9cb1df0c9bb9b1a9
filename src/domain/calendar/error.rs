//! Lists the errors of calendar queries and definitions.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use crate::domain::day::{Day, DayError, DayRange};

/// The reason a calendar can't answer, or can't be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The day is outside the days that the calendar knows.
    #[error("`{day}` is outside the days {known} of the calendar `{calendar}`")]
    UnknownDay {
        /// Name of the calendar.
        calendar: String,
        /// The days that the calendar knows.
        known: DayRange,
        /// The day that was looked up.
        day: Day,
    },
    /// The day does not trade, so it has no close and can't be a half-day.
    #[error("`{day}` is not a session of the calendar `{calendar}`")]
    NotASession {
        /// Name of the calendar.
        calendar: String,
        /// The day without trading.
        day: Day,
    },
    /// No known session had closed at that instant.
    #[error("no session of the calendar `{calendar}` is final at `{at}`")]
    NoFinalSession {
        /// Name of the calendar.
        calendar: String,
        /// The instant, after the grace was subtracted.
        at: DateTime<Utc>,
    },
    /// The closing time is skipped by the zone's clocks on that day.
    #[error("the calendar `{calendar}` closes at `{close}` on `{day}`, which `{zone}` skips")]
    SkippedClose {
        /// Name of the calendar.
        calendar: String,
        /// The session without a close.
        day: Day,
        /// The local time of day at which it would close.
        close: NaiveTime,
        /// Time zone whose clocks skip that time.
        zone: Tz,
    },
    /// The half-day does not close before an ordinary session does.
    #[error(
        "the half-day `{day}` of the calendar `{calendar}` closes at `{close}`, \
         not before the ordinary `{regular_close}`"
    )]
    HalfDayNotEarly {
        /// Name of the calendar.
        calendar: String,
        /// The half-day in question.
        day: Day,
        /// Its local closing time.
        close: NaiveTime,
        /// Local closing time of ordinary sessions.
        regular_close: NaiveTime,
    },
    /// One day has two entries that contradict each other, such as closed and a session.
    #[error("contradictory entries for `{day}` in the calendar `{calendar}`")]
    Contradiction {
        /// Name of the calendar.
        calendar: String,
        /// The day with two entries.
        day: Day,
    },
    /// The years of a definition are reversed or outside the supported years.
    #[error("invalid year range of the calendar `{calendar}`")]
    InvalidYears {
        /// Name of the calendar.
        calendar: String,
        /// The reason, naming the year.
        source: DayError,
    },
    /// The text does not define a calendar. The source shows the line with a caret.
    #[error("invalid calendar definition")]
    InvalidDefinition(#[source] toml::de::Error),
}
