//! The ways in which the command that fetches prices fails, worded without secrets.

use std::fmt;
use std::time::Duration;

/// A request that the command did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAnswer {
    /// The way in which it failed.
    pub failure: PriceFailure,
    /// The last line that the command wrote to its standard error, without secrets; empty if none.
    pub last_error: String,
    /// Number of attempts, of which the last one failed too.
    pub attempts: u32,
}

/// A way in which the command fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceFailure {
    /// It could not be started, with the error of the operating system.
    NotStarted(String),
    /// It ended with this code.
    ExitCode(i32),
    /// A signal ended it.
    Signal(i32),
    /// It took longer than this and was killed.
    TimedOut(Duration),
    /// Its answer had more than this many bytes, and it was killed.
    TooLarge(usize),
    /// It ended and left processes running, which were killed.
    LeftProcesses,
    /// A person stopped it.
    Interrupted,
}

impl PriceFailure {
    /// Returns whether another attempt may go better.
    pub(super) const fn is_transient(&self) -> bool {
        match self {
            Self::ExitCode(_) | Self::Signal(_) | Self::TimedOut(_) | Self::LeftProcesses => true,
            Self::NotStarted(_) | Self::TooLarge(_) | Self::Interrupted => false,
        }
    }
}

impl fmt::Display for PriceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "it could not be started: {error}"),
            Self::ExitCode(code) => write!(f, "it ended with code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal} ended it"),
            Self::TimedOut(limit) => {
                write!(f, "it took longer than {} s and was ended", limit.as_secs())
            }
            Self::TooLarge(bytes) => {
                write!(f, "its answer had more than {} MB", bytes / 1_000_000)
            }
            Self::LeftProcesses => f.write_str("it left processes running, which were ended"),
            Self::Interrupted => f.write_str("it was interrupted"),
        }
    }
}

impl fmt::Display for FailedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.failure)?;
        if self.attempts > 1 {
            write!(f, ", the last of {} attempts", self.attempts)?;
        }
        match self.last_error.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.last_error),
        }
    }
}
