//! Runs one command of a job: in a process group of its own, within a time, with bounded output,
//! and without processes that outlive it.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::descendants::ProcessMark;
use super::process_group::{has_running_member, is_waiting};
use crate::environment::Clock;
use crate::store::ScratchDatabase;

/// The bytes that are kept of the beginning, and of the end, of an output.
const KEPT: usize = 16 * 1024;
/// The time that the processes of a group have to end after the command.
const GRACE: Duration = Duration::from_millis(300);
/// The time between two looks at whether a command is in a write.
const LOOK: Duration = Duration::from_millis(20);
/// The time for the last output of processes that were killed.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// The end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProcessEnd {
    /// The command exited with this code.
    Exited(i32),
    /// The process stays up for many runs, and gave no valid answer to this one.
    NoAnswer,
    /// A signal that it did not get from here ended the command.
    Signalled(i32),
    /// The command took longer than allowed and was killed.
    TimedOut,
    /// The command was killed on purpose, at the moment that the caller chose.
    Killed,
    /// The command exited, but left processes running, which were killed.
    LeftProcesses,
    /// A person pressed Ctrl-C, and the command was killed.
    Interrupted,
}

/// A command that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FinishedProcess {
    pub(super) end: ProcessEnd,
    /// The output and the errors of the command, in the order of their arrival, cut in the middle.
    pub(super) output: String,
    pub(super) elapsed: Duration,
}

impl FinishedProcess {
    /// Returns the output for people: without the password of a server, and with no control characters
    /// but line breaks and tabs, which could move the cursor of a terminal.
    pub(super) fn readable_output(&mut self, database: &dyn ScratchDatabase) -> String {
        let output = database.redacted(std::mem::take(&mut self.output));
        let lines = output.replace("\r\n", "\n").replace('\r', "\n");
        let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        let shown = lines.chars().map(|c| if is_shown(c) { c } else { ' ' });
        shown.collect()
    }
}

/// Limits of a command.
#[derive(Clone, Copy)]
pub(super) struct ProcessLimits<'l> {
    /// The time after which it counts as hanging.
    pub(super) timeout: Duration,
    /// The moment at which it is killed on purpose.
    pub(super) kill: Option<KillInWrite<'l>>,
    /// Set when a person presses Ctrl-C.
    pub(super) cancel: &'l AtomicBool,
}

/// The moment at which a command has been in one write for a time.
#[derive(Clone, Copy)]
pub(super) struct KillInWrite<'l> {
    /// Returns whether it is in a write.
    pub(super) is_in_write: &'l dyn Fn() -> bool,
    /// The time for which it must be.
    pub(super) time: Duration,
}

/// A command that is running.
pub(super) struct RunningProcess {
    child: Child,
    mark: ProcessMark,
    group: Pid,
    started: Clock,
    chunks: Receiver<Vec<u8>>,
    output: BoundedOutput,
}

impl RunningProcess {
    /// Starts a command in a group of its own.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub(super) fn start(command: &mut Command) -> std::io::Result<Self> {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mark = ProcessMark::put_on(command);
        let mut child = start_when_closed(command)?;
        let (sender, chunks) = channel();
        if let Some(output) = child.stdout.take() {
            forward(output, sender.clone());
        }
        if let Some(errors) = child.stderr.take() {
            forward(errors, sender);
        }
        Ok(Self {
            // A child's id fits: the system gives out positive 32-bit numbers.
            group: Pid::from_raw(i32::try_from(child.id()).unwrap_or_default()),
            child,
            mark,
            started: Clock::system(),
            chunks,
            output: BoundedOutput::default(),
        })
    }

    /// Returns whether the command and its children wait for something, or have ended. `None` where the
    /// system does not tell.
    pub(super) fn is_waiting(&self) -> Option<bool> {
        is_waiting(self.group)
    }

    /// Waits for the end of the command, and kills what is left of it.
    ///
    /// # Errors
    ///
    /// The operating system does not say how the command ended.
    pub(super) fn wait(mut self, limits: ProcessLimits<'_>) -> std::io::Result<FinishedProcess> {
        let mut pause = Duration::from_micros(200);
        let (mut looked, mut in_write_since) = (Duration::ZERO, None);
        let end = loop {
            self.output.take(&self.chunks);
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
        self.output.take_rest(&self.chunks);
        Ok(FinishedProcess {
            end,
            output: std::mem::take(&mut self.output).into_text(),
            elapsed,
        })
    }

    /// Returns the end of a command that exited; its children get a moment to end too.
    fn exited(&self, status: ExitStatus) -> ProcessEnd {
        let waiting = Clock::system();
        while self.group_is_alive() || !self.mark.others(self.group).is_empty() {
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
fn forward(mut pipe: impl Read + Send + 'static, sender: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            if sender.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
}

/// The beginning and the end of an output.
#[derive(Debug, Default)]
struct BoundedOutput {
    start: Vec<u8>,
    end: VecDeque<u8>,
    left_out: u64,
}

impl BoundedOutput {
    fn add(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.start.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.start.extend(first);
        self.end.extend(rest);
        let over = self.end.len().saturating_sub(KEPT);
        self.end.drain(..over);
        self.left_out += over as u64;
    }

    /// Takes the chunks that have arrived.
    fn take(&mut self, chunks: &Receiver<Vec<u8>>) {
        while let Ok(chunk) = chunks.try_recv() {
            self.add(&chunk);
        }
    }

    /// Takes the chunks up to the end of the pipes, or for a moment if a pipe stays open.
    fn take_rest(&mut self, chunks: &Receiver<Vec<u8>>) {
        let waiting = Clock::system();
        while let Ok(chunk) = chunks.recv_timeout(LAST_OUTPUT.saturating_sub(waiting.elapsed())) {
            self.add(&chunk);
        }
    }

    fn into_text(mut self) -> String {
        let mut text = String::from_utf8_lossy(&self.start).into_owned();
        if self.left_out > 0 {
            text += &format!("\n[… {} bytes left out …]\n", self.left_out);
        }
        text += &String::from_utf8_lossy(self.end.make_contiguous());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, timeout: u64, kill: Option<KillInWrite<'_>>) -> FinishedProcess {
        let cancel = AtomicBool::new(false);
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let running = RunningProcess::start(&mut command).unwrap();
        running
            .wait(ProcessLimits {
                timeout: Duration::from_millis(timeout),
                kill,
                cancel: &cancel,
            })
            .unwrap()
    }

    #[test]
    fn output_and_exit_code_are_kept() {
        let finished = run("echo out; echo err >&2; exit 3", 5_000, None);
        assert_eq!(finished.end, ProcessEnd::Exited(3));
        assert!(finished.output.contains("out\n") && finished.output.contains("err\n"));
    }

    #[test]
    fn a_hanging_command_is_killed_with_its_children() {
        let finished = run("sleep 60 & sleep 60", 200, None);
        assert_eq!(finished.end, ProcessEnd::TimedOut);
        assert!(finished.elapsed < Duration::from_secs(5));
    }

    #[test]
    fn a_command_is_killed_in_a_write_and_at_no_other_time() {
        let kill = |is_in_write| KillInWrite {
            is_in_write,
            time: Duration::from_millis(50),
        };
        let hangs = run("sleep 60", 60_000, Some(kill(&|| true)));
        assert_eq!(hangs.end, ProcessEnd::Killed);
        let waits = run("sleep 1", 60_000, Some(kill(&|| false)));
        assert_eq!(waits.end, ProcessEnd::Exited(0));
    }

    #[test]
    fn processes_that_outlive_the_command_are_an_end_of_its_own() {
        let finished = run("sleep 60 >/dev/null 2>&1 & exit 0", 5_000, None);
        assert_eq!(finished.end, ProcessEnd::LeftProcesses);
    }

    #[test]
    fn processes_that_left_the_group_are_found_too() {
        let finished = run(
            "setsid sleep 60 >/dev/null 2>&1 & sleep 0.05; exit 0",
            5_000,
            None,
        );
        assert_eq!(finished.end, ProcessEnd::LeftProcesses);
    }

    #[test]
    fn a_large_output_is_cut_in_the_middle() {
        let finished = run("head -c 100000000 /dev/zero; echo end", 60_000, None);
        assert_eq!(finished.end, ProcessEnd::Exited(0));
        assert!(finished.output.len() < 3 * KEPT && finished.output.ends_with("end\n"));
        assert!(finished.output.contains("bytes left out"));
    }

    #[test]
    fn a_signal_of_the_command_itself_is_not_a_kill_on_purpose() {
        assert_eq!(run("kill -9 $$", 5_000, None).end, ProcessEnd::Signalled(9));
    }
}
