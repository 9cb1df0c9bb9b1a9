//! Words of a scenario that stand for something small: points of a run, lengths of time, ends.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::{Day, Phase, PhaseSet};

/// A point of a run at which something happens, as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// `after planning`
    AfterPlanning,
    /// `after snapshot of 2026-01-07`: that phase of that session is written for the last
    /// portfolio. Where whole cells are committed, that is within the transaction.
    AfterPhase(Phase, Day),
    /// `inside commit 3`: the run's third batch is written, and not committed.
    InsideCommit(i64),
    /// `after commit 3`
    AfterCommit(i64),
    /// `before closing`: everything is done, and the run is still said to be at work.
    BeforeClosing,
}

/// A text that names no point of a run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no point of a run (expected `after planning`, `after snapshot of 2026-01-07`, \
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

/// A length of time with a direction: `16 hours`, `3 days 30 minutes`, `-2 hours`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedDuration(pub TimeDelta);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no length of time (expected `16 hours`, `3 days 30 minutes` or `-2 hours`)")]
pub struct DurationError(pub String);

impl FromStr for SignedDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let wrong = || DurationError(text.to_owned());
        let (sign, rest) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.trim()),
        };
        let length = humantime::parse_duration(rest).map_err(|_| wrong())?;
        let length = TimeDelta::from_std(length).map_err(|_| wrong())?;
        Ok(Self(length * sign))
    }
}

impl fmt::Display for SignedDuration {
    /// `on by 1 day 16 hours`, `back by 2 hours`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.0 < TimeDelta::zero() {
            "back by"
        } else {
            "on by"
        };
        f.write_str(direction)?;
        let seconds = self.0.abs().num_seconds();
        let parts = [
            (seconds / 86_400, "day"),
            (seconds / 3_600 % 24, "hour"),
            (seconds / 60 % 60, "minute"),
            (seconds % 60, "second"),
        ];
        let nothing = [(0, "second")];
        let said = parts.iter().filter(|(number, _)| *number > 0);
        let said = said.chain(nothing.iter().filter(|_| seconds == 0));
        for (number, unit) in said {
            let plural = if *number == 1 { "" } else { "s" };
            write!(f, " {number} {unit}{plural}")?;
        }
        Ok(())
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Everything expected is done.
    Complete,
    /// It closed, and some cells are open.
    Incomplete,
    /// It was stopped after a transaction.
    Cancelled,
    /// It was cut off.
    Crashed,
    /// Another run was at work.
    Busy,
    /// It lost its lease to another run.
    LostLease,
    /// It was refused before any work.
    Refused,
    /// The store said no.
    Failed,
}

impl RunEnd {
    /// The word.
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
        }
    }
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is left of a disk when a run is cut off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// The process was killed: everything that it wrote is there.
    #[default]
    On,
    /// The power went: only what was synced is there.
    Cut,
}

/// How the others see a process that was cut off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessStatus {
    /// It is seen to be gone, so that its lease binds nobody.
    #[default]
    Gone,
    /// It can't be seen, as on another machine: its lease has to run out.
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
        assert_eq!(back.to_string(), "back by 2 hours 30 minutes");
        assert_eq!(
            "40 hours".parse::<SignedDuration>().unwrap().to_string(),
            "on by 1 day 16 hours"
        );
        assert!("soon".parse::<SignedDuration>().is_err());
    }
}
