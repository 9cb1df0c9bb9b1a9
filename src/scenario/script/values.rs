//! Values of a scenario that have a text form: points of a run, durations, and ends of a run.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::{Day, Phase, PhaseSet, pluralize};

/// A point of a run at which a step, a crash or a cancellation happens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Point {
    /// `after planning`: the plan exists, and no cell is written.
    AfterPlanning,
    /// `after snapshot of 2026-01-07`: the phase of that session is written for the last portfolio.
    /// If transactions hold whole cells, this point lies inside a transaction.
    AfterPhase(Phase, Day),
    /// `inside commit 3`: the third batch of the run is written and not yet committed.
    InsideCommit(i64),
    /// `after commit 3`: the third batch of the run is committed.
    AfterCommit(i64),
    /// `before closing`: all cells are processed, and the run is still marked as running.
    BeforeClosing,
}

/// The text is not a point of a run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "invalid point `{0}` (expected `after planning`, `after snapshot of 2026-01-07`, \
     `inside commit 1`, `after commit 1` or `before closing`)"
)]
pub struct PointError(pub String);

impl FromStr for Point {
    type Err = PointError;

    fn from_str(text: &str) -> Result<Self, PointError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let point = match words.as_slice() {
            ["after", "planning"] => Some(Self::AfterPlanning),
            ["before", "closing"] => Some(Self::BeforeClosing),
            ["inside", "commit", number] => positive(number).map(Self::InsideCommit),
            ["after", "commit", number] => positive(number).map(Self::AfterCommit),
            ["after", phase, "of", day] => {
                let phase = phase
                    .parse()
                    .ok()
                    .filter(|p| PhaseSet::CELL_PHASES.contains(*p));
                phase
                    .zip(day.parse().ok())
                    .map(|(phase, day)| Self::AfterPhase(phase, day))
            }
            _ => None,
        };
        point.ok_or_else(|| PointError(text.to_owned()))
    }
}

impl TryFrom<String> for Point {
    type Error = PointError;

    fn try_from(text: String) -> Result<Self, PointError> {
        text.parse()
    }
}

impl From<Point> for String {
    fn from(point: Point) -> Self {
        point.to_string()
    }
}

fn positive(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number > 0)
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AfterPlanning => f.write_str("after planning"),
            Self::AfterPhase(phase, day) => write!(f, "after {phase} of {day}"),
            Self::InsideCommit(number) => write!(f, "inside commit {number}"),
            Self::AfterCommit(number) => write!(f, "after commit {number}"),
            Self::BeforeClosing => f.write_str("before closing"),
        }
    }
}

/// The longest duration: a century of days.
const LONGEST: TimeDelta = TimeDelta::days(36_525);

/// A duration that may be negative: `16 hours`, `3 days 30 minutes`, `-2 hours`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedDuration(pub TimeDelta);

/// The text is not a duration, or is too long.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "invalid duration `{0}` (expected `16 hours`, `3 days 30 minutes` or `-2 hours`, at most 100 years)"
)]
pub struct DurationError(pub String);

impl FromStr for SignedDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError(text.to_owned());
        let (sign, rest) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.trim()),
        };
        let length = humantime::parse_duration(rest).map_err(|_| invalid())?;
        let length = TimeDelta::from_std(length).map_err(|_| invalid())?;
        match length <= LONGEST {
            true => Ok(Self(length * sign)),
            false => Err(invalid()),
        }
    }
}

impl SignedDuration {
    /// Returns the direction and the length: `forward by 1 day 16 hours`, `back by 2 hours`.
    pub(crate) fn describe(self) -> String {
        let direction = match self.0 < TimeDelta::zero() {
            true => "back by",
            false => "forward by",
        };
        format!("{direction} {}", Self(self.0.abs()))
    }
}

impl fmt::Display for SignedDuration {
    /// Writes the form that a file has: `1 day 16 hours`, `-2 hours`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < TimeDelta::zero() {
            f.write_str("-")?;
        }
        let seconds = self.0.abs().num_seconds();
        let parts = [
            (seconds / 86_400, "day"),
            (seconds / 3_600 % 24, "hour"),
            (seconds / 60 % 60, "minute"),
            (seconds % 60, "second"),
        ];
        let zero = [(0, "second")];
        let shown = parts.iter().filter(|(number, _)| *number > 0);
        let shown = shown.chain(zero.iter().filter(|_| seconds == 0));
        for (nth, (number, unit)) in shown.enumerate() {
            let space = if nth == 0 { "" } else { " " };
            let unit = pluralize(number.unsigned_abs(), unit);
            write!(f, "{space}{number} {unit}")?;
        }
        Ok(())
    }
}

/// The way in which a run ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// It closed, and all expected cells are done.
    Complete,
    /// It closed, and some cells are open.
    Incomplete,
    /// It was cancelled, and closed after a transaction.
    Cancelled,
    /// It crashed at a point, without closing.
    Crashed,
    /// Another run held the lease.
    Busy,
    /// It lost its lease to another run.
    LostLease,
    /// It was refused before any work.
    Refused,
    /// The store returned an error.
    Failed,
    /// It was only planned.
    Planned,
}

impl RunEnd {
    /// Returns the word for it in files and transcripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Cancelled => "cancelled",
            Self::Crashed => "crashed",
            Self::Busy => "busy",
            Self::LostLease => "lost-lease",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Planned => "planned",
        }
    }
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The power at a crash, which decides what the disk keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// The process is killed: the disk keeps all writes.
    #[default]
    On,
    /// The power fails: the disk keeps only synced writes.
    Cut,
}

/// The view that other processes have of one that crashed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessStatus {
    /// They see that it has ended, so that its lease is void at once.
    #[default]
    Gone,
    /// They cannot see it, as on another machine: its lease must expire first.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_parses_from_its_own_text() {
        for text in [
            "after planning",
            "after snapshot of 2026-01-07",
            "inside commit 3",
            "after commit 1",
            "before closing",
        ] {
            assert_eq!(text.parse::<Point>().unwrap().to_string(), text);
        }
        for text in [
            "after prices of 2026-01-07",
            "inside commit 0",
            "planning",
            "after snapshot of tomorrow",
        ] {
            assert!(text.parse::<Point>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_can_be_negative() {
        let back = "-2 hours 30 minutes".parse::<SignedDuration>().unwrap();
        assert_eq!(back.0, TimeDelta::minutes(-150));
        assert_eq!(back.describe(), "back by 2 hours 30 minutes");
        assert_eq!(back.to_string(), "-2 hours 30 minutes");
        assert_eq!(
            "40 hours".parse::<SignedDuration>().unwrap().describe(),
            "forward by 1 day 16 hours"
        );
        for invalid in ["soon", "99999999999 hours"] {
            assert!(invalid.parse::<SignedDuration>().is_err(), "{invalid}");
        }
    }
}
