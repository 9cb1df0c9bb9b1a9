//! Runs one command of the user's: in a process group of its own, within a time, with bounded output,
//! and without processes that outlive it.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::group::{has_running_member, is_waiting};
use super::mark::ProcessMark;
use super::output::BoundedOutput;
use crate::environment::Clock;

/// The time that the processes of a group have to end after the command.
const GRACE: Duration = Duration::from_millis(300);
/// The time between two looks at whether a command is in a write.
const LOOK: Duration = Duration::from_millis(20);
/// The number of chunks of output that may wait: a command that writes faster waits itself.
const QUEUE: usize = 64;
/// The time for the last output of processes that were killed.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// The end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProcessEnd {
    /// The command exited with this code.
    Exited(i32),
    /// The process stays up for many runs, and gave no valid answer to this one.
    NoAnswer,
    /// A signal that it did not get from here ended the command.
    Signalled(i32),
    /// The command took longer than allowed and was killed.
    TimedOut,
    /// The answer of the command was larger than allowed, and it was killed.
    TooLarge,
    /// The command was killed on purpose, at the moment that the caller chose.
    Killed,
    /// The command exited, but left processes running, which were killed.
    LeftProcesses,
    /// A person pressed Ctrl-C, and the command was killed.
    Interrupted,
}

/// A command that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FinishedProcess {
    pub(crate) end: ProcessEnd,
    /// The output and the errors of the command, in the order of their arrival, cut in the middle.
    /// Only the errors, if the output is an answer.
    pub(crate) output: String,
    /// The whole output, if it is an answer.
    pub(crate) answer: Vec<u8>,
    pub(crate) elapsed: Duration,
}

/// A request to a command, and the limit of its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// The bytes of its standard input.
    pub(crate) request: Vec<u8>,
    /// Number of bytes above which its standard output is too large.
    pub(crate) max_answer: usize,
}

/// Limits of a command.
#[derive(Clone, Copy)]
pub(crate) struct ProcessLimits<'l> {
    /// The time after which it counts as hanging.
    pub(crate) timeout: Duration,
    /// The moment at which it is killed on purpose.
    pub(crate) kill: Option<KillInWrite<'l>>,
    /// Set when a person presses Ctrl-C.
    pub(crate) cancel: &'l AtomicBool,
}

/// The moment at which a command has been in one write for a time.
#[derive(Clone, Copy)]
pub(crate) struct KillInWrite<'l> {
    /// Returns whether it is in a write.
    pub(crate) is_in_write: &'l dyn Fn() -> bool,
    /// The time for which it must be.
    pub(crate) time: Duration,
}

/// A part of what a command writes.
enum Chunk {
    /// A part of an output, of which the beginning and the end are kept.
    Output(Vec<u8>),
    /// A part of an answer, which is kept as a whole.
    Answer(Vec<u8>),
}

/// A command that is running.
pub(crate) struct RunningProcess {
    child: Child,
    mark: ProcessMark,
    group: Pid,
    started: Clock,
    chunks: Receiver<Chunk>,
    output: BoundedOutput,
    answer: Vec<u8>,
    /// `None` if the output is no answer.
    max_answer: Option<usize>,
}

impl RunningProcess {
    /// Starts a command in a group of its own.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub(crate) fn start(command: &mut Command) -> std::io::Result<Self> {
        Self::start_with(command, None)
    }

    /// Starts a command that answers a request on its standard output.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub(crate) fn ask(command: &mut Command, exchange: Exchange) -> std::io::Result<Self> {
        Self::start_with(command, Some(exchange))
    }

    fn start_with(command: &mut Command, exchange: Option<Exchange>) -> std::io::Result<Self> {
        let input = match &exchange {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        };
        let command = command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mark = ProcessMark::put_on(command);
        let mut child = start_when_closed(command)?;
        let (sender, chunks) = sync_channel(QUEUE);
        if let Some(output) = child.stdout.take() {
            let kind = match &exchange {
                Some(_) => Chunk::Answer,
                None => Chunk::Output,
            };
            forward(output, kind, sender.clone());
        }
        if let Some(errors) = child.stderr.take() {
            forward(errors, Chunk::Output, sender);
        }
        let max_answer = exchange.as_ref().map(|exchange| exchange.max_answer);
        if let (Some(mut input), Some(exchange)) = (child.stdin.take(), exchange) {
            // A command may answer before it has read all, or end without.
            thread::spawn(move || {
                let _ = input.write_all(&exchange.request);
            });
        }
        Ok(Self {
            // A child's id fits: the system gives out positive 32-bit numbers.
            group: Pid::from_raw(i32::try_from(child.id()).unwrap_or_default()),
            child,
            mark,
            started: Clock::system(),
            chunks,
            output: BoundedOutput::default(),
            answer: Vec::new(),
            max_answer,
        })
    }

    /// Returns whether the command and its children wait for something, or have ended. `None` where the
    /// system does not tell.
    pub(crate) fn is_waiting(&self) -> Option<bool> {
        is_waiting(self.group)
    }

    /// Waits for the end of the command, and kills what is left of it.
    ///
    /// # Errors
    ///
    /// The operating system does not say how the command ended.
    pub(crate) fn wait(mut self, limits: ProcessLimits<'_>) -> std::io::Result<FinishedProcess> {
        let mut pause = Duration::from_micros(200);
        let (mut looked, mut in_write_since) = (Duration::ZERO, None);
        let end = loop {
            self.take_chunks();
            if self.is_too_large() {
                break ProcessEnd::TooLarge;
            }
            if let Some(status) = self.child.try_wait()? {
                break self.exited(status);
            }
            let elapsed = self.started.elapsed();
            if limits.cancel.load(Ordering::Acquire) {
                break ProcessEnd::Interrupted;
            }
            if let Some(kill) = limits.kill.filter(|_| elapsed >= looked + LOOK) {
                looked = elapsed;
                in_write_since = (kill.is_in_write)().then(|| in_write_since.unwrap_or(elapsed));
                if in_write_since.is_some_and(|since| elapsed >= since + kill.time) {
                    break ProcessEnd::Killed;
                }
            }
            if elapsed >= limits.timeout {
                break ProcessEnd::TimedOut;
            }
            thread::sleep(pause);
            pause = (pause * 5 / 4).min(Duration::from_millis(10));
        };
        let elapsed = self.started.elapsed();
        self.kill_group();
        let _ = self.child.wait();
        // An answer must be whole, however long its last part waits for a processor.
        let time = match (self.max_answer, &end) {
            (Some(_), ProcessEnd::Exited(_)) => limits.timeout.max(LAST_OUTPUT),
            _ => LAST_OUTPUT,
        };
        let is_whole = self.take_rest(time) || self.max_answer.is_none();
        Ok(FinishedProcess {
            end: match end {
                ProcessEnd::Exited(_) if self.is_too_large() => ProcessEnd::TooLarge,
                ProcessEnd::Exited(_) if !is_whole => ProcessEnd::LeftProcesses,
                end => end,
            },
            output: std::mem::take(&mut self.output).into_text(),
            answer: std::mem::take(&mut self.answer),
            elapsed,
        })
    }

    fn is_too_large(&self) -> bool {
        self.max_answer.is_some_and(|max| self.answer.len() > max)
    }

    fn add(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Output(bytes) => self.output.add(&bytes),
            // Once it is too large, the rest is not kept.
            Chunk::Answer(_) if self.is_too_large() => {}
            Chunk::Answer(bytes) => self.answer.extend(bytes),
        }
    }

    /// Takes chunks that have arrived; not all of a command that writes as fast as they are taken.
    fn take_chunks(&mut self) {
        for _ in 0..QUEUE {
            let Ok(chunk) = self.chunks.try_recv() else {
                return;
            };
            self.add(chunk);
        }
    }

    /// Takes the chunks up to the end of the pipes, or for a time if a pipe stays open. Returns whether
    /// the pipes ended.
    fn take_rest(&mut self, time: Duration) -> bool {
        let waiting = Clock::system();
        loop {
            let left = time.saturating_sub(waiting.elapsed());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.add(chunk),
                Err(error) => return error == RecvTimeoutError::Disconnected,
            }
        }
    }

    /// Returns the end of a command that exited; its children get a moment to end too.
    fn exited(&mut self, status: ExitStatus) -> ProcessEnd {
        let waiting = Clock::system();
        while self.group_is_alive() || !self.mark.others(self.group).is_empty() {
            self.take_chunks();
            if waiting.elapsed() >= GRACE {
                return ProcessEnd::LeftProcesses;
            }
            thread::sleep(Duration::from_millis(5));
        }
        match (status.code(), status.signal()) {
            (Some(code), _) => ProcessEnd::Exited(code),
            (None, signal) => ProcessEnd::Signalled(signal.unwrap_or_default()),
        }
    }

    fn group_is_alive(&self) -> bool {
        killpg(self.group, None) != Err(Errno::ESRCH) && has_running_member(self.group)
    }

    fn kill_group(&self) {
        // The group is gone if the command and all its children have ended.
        let _ = killpg(self.group, Signal::SIGKILL);
        self.mark.kill_others(self.group);
    }
}

impl Drop for RunningProcess {
    fn drop(&mut self) {
        self.kill_group();
        let _ = self.child.wait();
    }
}

/// Starts a command. A program that was just written may still be open in a process that is being
/// forked on another thread, for a moment.
fn start_when_closed(command: &mut Command) -> std::io::Result<Child> {
    for _ in 0..20 {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(5));
            }
            started => return started,
        }
    }
    command.spawn()
}

/// Sends everything that a pipe gives, until its last writer closes it. The thread is not joined: a
/// process that left its group may keep the pipe open.
fn forward(
    mut pipe: impl Read + Send + 'static,
    kind: fn(Vec<u8>) -> Chunk,
    sender: SyncSender<Chunk>,
) {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            if sender.send(kind(buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests;
