//! Finds the processes that a command started, also those that left its process group. They inherit a
//! variable of its environment.

use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::environment::IdSource;

/// The variable that a command and the processes that it starts have.
const VARIABLE: &str = "PLIMSOLL_COMMAND";

/// The mark of a command and of the processes that it starts.
#[derive(Debug)]
pub(crate) struct ProcessMark {
    /// The variable with its value, as the system lists it.
    entry: Vec<u8>,
}

impl ProcessMark {
    /// Marks a command before it starts.
    pub(crate) fn put_on(command: &mut Command) -> Self {
        let value = IdSource::Random.next().to_string();
        command.env(VARIABLE, &value);
        Self {
            entry: format!("{VARIABLE}={value}").into_bytes(),
        }
    }

    /// Returns the processes with the mark that run beside the command itself. None where the system
    /// does not list the environment of processes.
    pub(crate) fn others(&self, command: Pid) -> Vec<Pid> {
        let newest = newest_process();
        if newest == Some(command.as_raw()) {
            return Vec::new();
        }
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let ids = processes.filter_map(|process| {
            let name = process.ok()?.file_name();
            name.to_str()?.parse::<i32>().ok()
        });
        // Ids ascend, until they begin again.
        let is_later = |id: &i32| {
            let has_restarted = newest.is_none_or(|newest| newest < command.as_raw());
            *id != command.as_raw() && (has_restarted || *id > command.as_raw())
        };
        let is_marked = |id: &i32| {
            let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            variables.any(|variable| variable == self.entry)
        };
        let marked = ids.filter(is_later).filter(is_marked);
        marked.map(Pid::from_raw).collect()
    }

    /// Kills the processes that run beside the command itself.
    pub(crate) fn kill_others(&self, command: Pid) {
        for process in self.others(command) {
            // It may have ended by itself.
            let _ = kill(process, Signal::SIGKILL);
        }
    }
}

/// Returns the id of the process that started last, if the system tells it.
fn newest_process() -> Option<i32> {
    let load = std::fs::read_to_string("/proc/loadavg").ok()?;
    load.split_whitespace().last()?.parse().ok()
}
