//! Defines the ways in which a command of a job fails, and words them with the last output.

use std::fmt;
use std::time::Duration;

use crate::process::{FinishedProcess, ProcessEnd};

/// The lines of output that a failure shows.
const SHOWN_LINES: usize = 6;

/// A command that did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandFailure {
    /// The line of the job file that has the command, from 1.
    pub line: usize,
    /// The way in which the command ended.
    pub end: FailedEnd,
    /// The output of the command, cut in the middle if it is long.
    pub output: String,
}

/// The way in which a command failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedEnd {
    /// It exited with a code that is not expected.
    ExitCode(i32),
    /// It stays up for many runs, and gave no valid answer to one.
    NoAnswer,
    /// A signal ended it.
    Signal(i32),
    /// It took longer than this and was killed.
    TimedOut(Duration),
    /// It left processes running, which were killed.
    LeftProcesses,
    /// It was killed on purpose.
    Killed,
}

impl CommandFailure {
    /// Returns the failure of a command that ended, if it is one. `None` after Ctrl-C too.
    pub(super) fn of(
        finished: &FinishedProcess,
        line: usize,
        timeout: Duration,
        exit_codes: &[i32],
    ) -> Option<Self> {
        let end = match finished.end {
            ProcessEnd::Exited(code) if exit_codes.contains(&code) => return None,
            ProcessEnd::Interrupted => return None,
            ProcessEnd::Exited(code) => FailedEnd::ExitCode(code),
            ProcessEnd::Signalled(signal) => FailedEnd::Signal(signal),
            ProcessEnd::TimedOut => FailedEnd::TimedOut(timeout),
            ProcessEnd::NoAnswer => FailedEnd::NoAnswer,
            // A job has no answer that could be too large.
            ProcessEnd::Killed | ProcessEnd::TooLarge => FailedEnd::Killed,
            ProcessEnd::LeftProcesses => FailedEnd::LeftProcesses,
        };
        Some(Self {
            line,
            end,
            output: finished.output.clone(),
        })
    }
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the command of line {} ", self.line)?;
        match self.end {
            FailedEnd::ExitCode(code) => write!(f, "exited with {code}")?,
            FailedEnd::NoAnswer => f.write_str("gave no valid answer")?,
            FailedEnd::Signal(signal) => write!(f, "was ended by signal {signal}")?,
            FailedEnd::TimedOut(after) => write!(
                f,
                "did not end within {} and was killed",
                humantime::format_duration(after)
            )?,
            FailedEnd::LeftProcesses => {
                f.write_str("exited, but left processes running, which were killed")?;
            }
            FailedEnd::Killed => f.write_str("was killed")?,
        }
        let lines: Vec<&str> = (self.output.lines())
            .filter(|line| !line.trim().is_empty())
            .collect();
        for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
            write!(f, "\n  | {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_last_lines_of_output() {
        let finished = FinishedProcess {
            end: ProcessEnd::Exited(1),
            output: (1..10).map(|line| format!("line {line}\n")).collect(),
            answer: Vec::new(),
            elapsed: Duration::ZERO,
        };
        let failure = CommandFailure::of(&finished, 7, Duration::ZERO, &[0]).unwrap();
        let text = failure.to_string();
        assert!(text.starts_with("the command of line 7 exited with 1\n  | line 4"));
        assert!(text.ends_with("| line 9"));
        assert_eq!(
            CommandFailure::of(&finished, 7, Duration::ZERO, &[0, 1]),
            None
        );
    }
}
