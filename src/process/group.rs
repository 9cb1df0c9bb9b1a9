//! Reads the states of the processes of a group, where the system lists its processes.

use std::path::{Path, PathBuf};

use nix::unistd::Pid;

/// A process, as the system lists it.
struct Member {
    folder: PathBuf,
    has_ended: bool,
}

/// Returns whether a group has a process that has not ended. One that ended stays in the group until
/// its parent notices, which without a parent is the first process of the system. Where the system does
/// not list its processes, all members count.
pub(crate) fn has_running_member(group: Pid) -> bool {
    members(group).is_none_or(|mut members| members.any(|member| !member.has_ended))
}

/// Returns whether all threads of the processes of a group sleep, or have ended. A thread that could run
/// does not sleep, however long it waits for a processor. `None` where the system does not list its
/// processes.
pub(crate) fn is_waiting(group: Pid) -> Option<bool> {
    let mut running = members(group)?.filter(|member| !member.has_ended);
    Some(running.all(|member| threads_sleep(&member.folder)))
}

fn threads_sleep(process: &Path) -> bool {
    let Ok(threads) = std::fs::read_dir(process.join("task")) else {
        // It has just ended.
        return true;
    };
    let mut threads = threads.filter_map(Result::ok);
    threads.all(|thread| read_stat(&thread.path()).is_none_or(|(state, _)| state == "S"))
}

fn members(group: Pid) -> Option<impl Iterator<Item = Member>> {
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let group = group.to_string();
    Some(processes.filter_map(move |process| {
        let folder = process.path();
        let (state, of_group) = read_stat(&folder)?;
        let has_ended = matches!(state.as_str(), "Z" | "X");
        (of_group == group).then_some(Member { folder, has_ended })
    }))
}

/// Reads the state and the group of a process or thread.
fn read_stat(folder: &Path) -> Option<(String, String)> {
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // `pid (name) state parent group`, and the name may have any character.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.to_owned();
    Some((state, fields.nth(1)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use nix::sys::signal::{Signal, killpg};

    use super::*;

    /// A group of processes, which ends with the test.
    struct Group(Child);

    impl Group {
        fn start(script: &str) -> Self {
            let mut command = Command::new("sh");
            let child = command.args(["-c", script]).process_group(0).spawn();
            Self(child.unwrap())
        }

        fn id(&self) -> Pid {
            Pid::from_raw(self.0.id().cast_signed())
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            let _ = killpg(self.id(), Signal::SIGKILL);
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_group_waits_when_all_its_processes_do() {
        let group = Group::start("sleep 60 & wait");
        while is_waiting(group.id()) == Some(false) {
            std::thread::yield_now();
        }
        // One process waits, and the shell does not.
        let group = Group::start("sleep 60 & while :; do :; done");
        assert!((0..20).all(|_| is_waiting(group.id()) != Some(true)));
    }
}
