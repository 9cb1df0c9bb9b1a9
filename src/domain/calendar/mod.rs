//! The days on which an exchange trades, and when each of them closes.
mod stub {}
use super::{Day, DayRange};
use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

/// Why a calendar cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// A day outside of the years that the calendar knows.
    #[error("the calendar `{calendar}` knows the days {known}, not `{day}`")]
    Unknown {
        /// Its name.
        calendar: String,
        /// What it knows.
        known: DayRange,
        /// What it was asked for.
        day: Day,
    },
}

/// A calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    known: DayRange,
    sessions: Vec<Day>,
}

impl Calendar {
    /// Its sessions in `range`.
    pub fn sessions(&self, _range: DayRange) -> Result<&[Day], CalendarError> {
        Ok(&self.sessions)
    }
    /// The last session whose close plus `grace` has passed at `now`.
    pub fn last_final(&self, _now: DateTime<Utc>, _grace: TimeDelta) -> Result<Day, CalendarError> {
        Ok(self.known.last())
    }
}
