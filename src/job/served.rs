//! Keeps a process of a job up, which makes many runs: it gets a line of JSON for each, and answers
//! with one. A slow start is then paid once.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Deserialize;

use super::descendants::ProcessMark;
use super::process::{FinishedProcess, ProcessEnd, ProcessLimits};
use crate::environment::Clock;

/// The time between two looks for Ctrl-C.
const POLL: Duration = Duration::from_millis(20);
/// The bytes that are kept of an answer that is not one.
const SHOWN: usize = 500;

/// The answer of a served run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Answer {
    /// The exit code that the command would have.
    exit: i32,
    /// The output that the command would have.
    #[serde(default)]
    output: String,
}

/// The processes that wait for a run.
#[derive(Debug, Default)]
pub(super) struct ServedPool(Mutex<Vec<ServedProcess>>);

impl ServedPool {
    /// Makes a run in a process that waits, or in one that `command` starts.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub(super) fn run(
        &self,
        command: impl FnOnce() -> Command,
        request: &serde_json::Value,
        limits: ProcessLimits<'_>,
    ) -> std::io::Result<FinishedProcess> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut process = match waiting {
            Some(process) => process,
            None => ServedProcess::start(command())?,
        };
        let finished = process.run(request, limits);
        // A process that did not answer is in an unknown state: it is killed, not used again.
        if matches!(finished.end, ProcessEnd::Exited(_)) && process.is_alive {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(process);
        }
        Ok(finished)
    }
}

#[derive(Debug)]
struct ServedProcess {
    child: Child,
    mark: ProcessMark,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
    is_alive: bool,
}

impl ServedProcess {
    fn start(mut command: Command) -> std::io::Result<Self> {
        let mark = ProcessMark::put_on(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let (sender, answers) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self {
            requests: child.stdin.take(),
            child,
            mark,
            answers,
            is_alive: true,
        })
    }

    fn run(&mut self, request: &serde_json::Value, limits: ProcessLimits<'_>) -> FinishedProcess {
        let start = Clock::system();
        let (end, output) = self.answer(request, limits, &start);
        FinishedProcess {
            end,
            output,
            elapsed: start.elapsed(),
        }
    }

    fn answer(
        &mut self,
        request: &serde_json::Value,
        limits: ProcessLimits<'_>,
        start: &Clock,
    ) -> (ProcessEnd, String) {
        let sent = self.requests.as_mut().map(|requests| {
            // In one write: the process may read line by line.
            let sent = requests.write_all(format!("{request}\n").as_bytes());
            sent.and_then(|()| requests.flush())
        });
        if !matches!(sent, Some(Ok(()))) {
            return self.ended("the process ended before the run");
        }
        loop {
            match self.answers.recv_timeout(POLL) {
                Ok(line) => {
                    return match serde_json::from_str::<Answer>(&line) {
                        Ok(answer) => (ProcessEnd::Exited(answer.exit), answer.output),
                        Err(error) => {
                            self.is_alive = false;
                            let line: String = line.chars().take(SHOWN).collect();
                            let text = format!("not an answer of `serve` ({error}): {line}");
                            (ProcessEnd::Exited(-1), text)
                        }
                    };
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return self.ended("the process ended without an answer");
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if limits.cancel.load(Ordering::Acquire) {
                return (ProcessEnd::Interrupted, String::new());
            }
            if start.elapsed() >= limits.timeout {
                return (ProcessEnd::TimedOut, String::new());
            }
        }
    }

    fn ended(&mut self, text: &str) -> (ProcessEnd, String) {
        self.is_alive = false;
        let code = self.child.wait().ok().and_then(|status| status.code());
        (
            ProcessEnd::Exited(code.filter(|code| *code != 0).unwrap_or(-1)),
            text.to_owned(),
        )
    }
}

impl Drop for ServedProcess {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).unwrap_or_default();
        // The group is gone if the process and all its children have ended.
        let group = Pid::from_raw(group);
        let _ = killpg(group, Signal::SIGKILL);
        self.mark.kill_others(group);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn run(pool: &ServedPool, script: &str, timeout: u64) -> FinishedProcess {
        let cancel = AtomicBool::new(false);
        let command = || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let limits = ProcessLimits {
            timeout: Duration::from_millis(timeout),
            kill: None,
            cancel: &cancel,
        };
        let request = serde_json::json!({ "command": "run" });
        pool.run(command, &request, limits).unwrap()
    }

    #[test]
    fn one_process_makes_many_runs() {
        let pool = ServedPool::default();
        let script = "n=0; while read -r line; do n=$((n + 1)); \
                      echo \"{\\\"exit\\\": $n, \\\"output\\\": \\\"run\\\"}\"; done";
        for number in 1..=3 {
            let finished = run(&pool, script, 5_000);
            assert_eq!(finished.end, ProcessEnd::Exited(number));
            assert_eq!(finished.output, "run");
        }
    }

    #[test]
    fn a_process_that_ends_hangs_or_prints_something_else_fails_its_run() {
        let pool = ServedPool::default();
        assert_eq!(
            run(&pool, "read -r line; exit 3", 5_000).end,
            ProcessEnd::Exited(3)
        );
        assert_eq!(run(&pool, "sleep 60", 200).end, ProcessEnd::TimedOut);
        let wrong = run(&pool, "read -r line; echo done; sleep 60", 5_000);
        assert_eq!(wrong.end, ProcessEnd::Exited(-1));
        assert!(
            wrong.output.contains("not an answer of `serve`"),
            "{}",
            wrong.output
        );
    }
}
