//! Keeps a process of a job up, which makes many runs: it gets a line of JSON for each, and answers
//! with one. A slow start is then paid once.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::environment::Clock;
use crate::process::{FinishedProcess, ProcessEnd, ProcessLimits, ProcessMark};

/// The time between two looks for Ctrl-C.
const POLL: Duration = Duration::from_millis(20);
/// The bytes that are kept of an answer that is not one.
const SHOWN: usize = 500;
/// The bytes that are kept of the errors of a process, and the time for the last ones.
const KEPT_ERRORS: usize = 16 * 1024;
const LAST_ERRORS: Duration = Duration::from_millis(300);

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

/// The end of what a process writes to its standard error.
#[derive(Debug, Default)]
struct ErrorTail {
    bytes: Mutex<Vec<u8>>,
    is_closed: AtomicBool,
}

#[derive(Debug)]
struct ServedProcess {
    child: Child,
    mark: ProcessMark,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
    errors: Arc<ErrorTail>,
    is_alive: bool,
}

impl ServedProcess {
    fn start(mut command: Command) -> std::io::Result<Self> {
        let mark = ProcessMark::put_on(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let (sender, answers) = channel();
        let errors = Arc::new(ErrorTail::default());
        if let Some(pipe) = child.stderr.take() {
            let tail = Arc::clone(&errors);
            thread::spawn(move || tail.read(pipe));
        }
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
            errors,
            is_alive: true,
        })
    }

    fn run(&mut self, request: &serde_json::Value, limits: ProcessLimits<'_>) -> FinishedProcess {
        let start = Clock::system();
        // Those of earlier runs, which went well.
        self.errors.clear();
        let (end, mut output) = self.answer(request, limits, &start);
        if !matches!(end, ProcessEnd::Exited(_)) || !self.is_alive {
            output += &self.errors.last(!self.is_alive);
        }
        FinishedProcess {
            end,
            output,
            answer: Vec::new(),
            elapsed: start.elapsed(),
        }
    }

    fn answer(
        &mut self,
        request: &serde_json::Value,
        limits: ProcessLimits<'_>,
        start: &Clock,
    ) -> (ProcessEnd, String) {
        if let Ok(line) = self.answers.try_recv() {
            return self.no_answer(&format!("it answered the run before twice: {}", cut(&line)));
        }
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
                Ok(line) => return self.read_answer(&line),
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

    fn read_answer(&mut self, line: &str) -> (ProcessEnd, String) {
        match serde_json::from_str::<Answer>(line) {
            Ok(answer) => match self.answers.try_recv() {
                Ok(more) => self.no_answer(&format!("it answered twice: {}", cut(&more))),
                Err(_) => (ProcessEnd::Exited(answer.exit), answer.output),
            },
            Err(error) => {
                let text = format!("not an answer of `serve` ({error}): {}", cut(line));
                self.no_answer(&text)
            }
        }
    }

    fn no_answer(&mut self, text: &str) -> (ProcessEnd, String) {
        self.is_alive = false;
        (ProcessEnd::NoAnswer, format!("{text}\n"))
    }

    fn ended(&mut self, text: &str) -> (ProcessEnd, String) {
        let (_, text) = self.no_answer(text);
        let code = self.child.wait().ok().and_then(|status| status.code());
        let end = match code {
            Some(code) if code != 0 => ProcessEnd::Exited(code),
            _ => ProcessEnd::NoAnswer,
        };
        (end, text)
    }
}

impl ErrorTail {
    fn read(&self, mut pipe: impl Read) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            let mut bytes = self.bytes();
            bytes.extend(&buffer[..read]);
            let over = bytes.len().saturating_sub(KEPT_ERRORS);
            bytes.drain(..over);
        }
        self.is_closed.store(true, Ordering::Release);
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear(&self) {
        self.bytes().clear();
    }

    /// Returns the last errors. Those of a process that ends are waited for, but not for long: its
    /// children may keep the pipe open.
    fn last(&self, is_ending: bool) -> String {
        let waiting = Clock::system();
        while is_ending
            && !self.is_closed.load(Ordering::Acquire)
            && waiting.elapsed() < LAST_ERRORS
        {
            thread::sleep(Duration::from_millis(5));
        }
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

/// Returns the beginning of a line.
fn cut(line: &str) -> String {
    line.chars().take(SHOWN).collect()
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
        let crashed = run(&pool, "read -r line; echo Traceback >&2; exit 3", 5_000);
        assert_eq!(crashed.end, ProcessEnd::Exited(3));
        assert!(crashed.output.contains("Traceback"), "{}", crashed.output);
        let silent = run(&pool, "read -r line; exit 0", 5_000);
        assert_eq!(silent.end, ProcessEnd::NoAnswer);
        assert_eq!(run(&pool, "sleep 60", 200).end, ProcessEnd::TimedOut);
        let wrong = run(&pool, "read -r line; echo done; sleep 60", 5_000);
        assert_eq!(wrong.end, ProcessEnd::NoAnswer);
        assert!(
            wrong.output.contains("not an answer of `serve`"),
            "{}",
            wrong.output
        );
    }

    #[test]
    fn a_second_answer_fails_a_run() {
        let pool = ServedPool::default();
        let script = "while read -r line; do printf '{\"exit\": 0}\\n{\"exit\": 0}\\n'; done";
        // The reader of the pipe may be late, and the answer is then found by a later run.
        let mut runs = (0..100).map(|_| run(&pool, script, 5_000));
        let failed = runs.find(|finished| finished.end == ProcessEnd::NoAnswer);
        let output = failed.expect("a run that fails").output;
        assert!(output.contains("twice"), "{output}");
    }
}
