//! The command that fetches prices, and one request to it.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::failure::{FailedAnswer, PriceFailure};
use super::redact::redact;
use crate::environment::Clock;
use crate::process::{
    Exchange, FinishedProcess, ProcessEnd, ProcessLimits, RunningProcess, readable,
};

/// Number of bytes that an answer may have.
const MAX_ANSWER: usize = 64_000_000;
/// The pause after the first failed attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause, however many attempts failed.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Number of characters of the last error that are kept.
const KEPT_ERROR: usize = 200;

/// The command that fetches prices.
#[derive(Clone, PartialEq, Eq)]
pub struct PriceFeed {
    /// The program and its arguments. A program with a `/` is relative to `folder`.
    pub command: Vec<String>,
    /// The folder in which it runs.
    pub folder: PathBuf,
    /// The time that one attempt may take.
    pub timeout: Duration,
    /// Number of attempts that a request may take.
    pub attempts: u32,
    /// The inbox that its answers are files of.
    pub inbox: PathBuf,
}

impl fmt::Debug for PriceFeed {
    /// Shows no argument, since one may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PriceFeed")
            .field("program", &self.command.first())
            .field("folder", &self.folder)
            .field("timeout", &self.timeout)
            .field("attempts", &self.attempts)
            .field("inbox", &self.inbox)
            .finish()
    }
}

impl PriceFeed {
    /// Returns the answer to a request. After a failure it tries again, with pauses on `clock`.
    pub(super) fn ask(
        &self,
        request: &[u8],
        clock: &Clock,
        cancel: &AtomicBool,
    ) -> Result<Vec<u8>, FailedAnswer> {
        let mut pause = FIRST_PAUSE;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let failed = match self.ask_once(request, cancel) {
                Ok(answer) => return Ok(answer),
                Err(failed) => FailedAnswer { attempts, ..failed },
            };
            tracing::debug!("failed to fetch prices: {failed}");
            if attempts >= self.attempts || !failed.failure.is_transient() {
                return Err(failed);
            }
            clock.sleep(pause, cancel);
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn ask_once(&self, request: &[u8], cancel: &AtomicBool) -> Result<Vec<u8>, FailedAnswer> {
        let exchange = Exchange {
            request: request.to_vec(),
            max_answer: MAX_ANSWER,
        };
        let limits = ProcessLimits {
            timeout: self.timeout,
            kill: None,
            cancel,
        };
        let running = RunningProcess::ask(&mut self.process(), exchange);
        let finished = running.and_then(|running| running.wait(limits));
        let finished = finished.map_err(|error| FailedAnswer {
            failure: PriceFailure::NotStarted(error.to_string()),
            last_error: String::new(),
            attempts: 1,
        })?;
        match self.failure(&finished.end) {
            None => Ok(finished.answer),
            Some(failure) => Err(FailedAnswer {
                failure,
                last_error: self.last_error(&finished),
                attempts: 1,
            }),
        }
    }

    fn process(&self) -> Command {
        let folder = match self.folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => self.folder.clone(),
        };
        let program = self.command.first().map_or("", String::as_str);
        // A relative path would be looked up in the folder in which the command starts.
        let in_folder = program.contains('/').then(|| folder.join(program));
        let absolute = in_folder.and_then(|path| std::path::absolute(path).ok());
        let mut process = Command::new(absolute.unwrap_or_else(|| program.into()));
        process.args(self.command.iter().skip(1));
        process.current_dir(folder);
        process
    }

    const fn failure(&self, end: &ProcessEnd) -> Option<PriceFailure> {
        Some(match end {
            ProcessEnd::Exited(0) => return None,
            ProcessEnd::Exited(code) => PriceFailure::ExitCode(*code),
            ProcessEnd::Signalled(signal) => PriceFailure::Signal(*signal),
            ProcessEnd::TimedOut => PriceFailure::TimedOut(self.timeout),
            ProcessEnd::TooLarge => PriceFailure::TooLarge(MAX_ANSWER),
            ProcessEnd::LeftProcesses => PriceFailure::LeftProcesses,
            // Nothing kills it on purpose, and it stays up for no further request.
            ProcessEnd::Interrupted | ProcessEnd::Killed | ProcessEnd::NoAnswer => {
                PriceFailure::Interrupted
            }
        })
    }

    /// Returns the last line of the errors, without secrets.
    fn last_error(&self, finished: &FinishedProcess) -> String {
        let errors = redact(&readable(&finished.output), &self.command);
        let mut lines = errors.lines().rev().map(str::trim);
        let last = lines.find(|line| !line.is_empty()).unwrap_or_default();
        last.chars().take(KEPT_ERROR).collect()
    }
}
