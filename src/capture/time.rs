//! The time at which another program's rows are looked at.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::CaptureError;
use crate::domain::{Calendar, Day};
use crate::engine::Settings;

/// The time of a capture. It decides which sessions are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureTime {
    /// This time.
    At(DateTime<Utc>),
    /// The time at which the newest row was due, or that of the newest run, but not after `clock`.
    /// Without rows, `clock`.
    NewestRow {
        /// The time of the system.
        clock: DateTime<Utc>,
    },
}

impl CaptureTime {
    /// Returns the time, by the newest day and the newest run among the rows.
    pub(super) fn resolve(
        self,
        newest_day: Option<Day>,
        newest_run: Option<DateTime<Utc>>,
        settings: &Settings,
    ) -> Result<DateTime<Utc>, CaptureError> {
        let clock = match self {
            Self::At(now) => return Ok(now),
            Self::NewestRow { clock } => clock,
        };
        let due = match newest_day {
            None => None,
            Some(day) => due_time(&settings.calendar, day, settings.grace)?,
        };
        Ok(due
            .max(newest_run)
            .map_or(clock, |newest| newest.min(clock)))
    }
}

/// Returns the time at which the session of a day, or the one before it, is due.
fn due_time(
    calendar: &Calendar,
    day: Day,
    grace: TimeDelta,
) -> Result<Option<DateTime<Utc>>, CaptureError> {
    match calendar.on_or_before(day)? {
        None => Ok(None),
        Some(session) => Ok(Some(calendar.close_time(session)? + grace)),
    }
}
