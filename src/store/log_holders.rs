//! Names the processes that keep a write-ahead log from being emptied, as far as the system tells.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use chrono::{DateTime, Utc};

/// The bytes of the `-shm` file that SQLite locks for the writer, a checkpoint and a recovery.
const WRITERS: RangeInclusive<u64> = 120..=122;
/// Those that it locks for readers.
const READERS: RangeInclusive<u64> = 123..=127;
/// Ticks of a process's start time in a second: the kernel's unit for programs on all machines.
const TICKS: u64 = 100;

/// A process that reads or writes a database.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Holder {
    pid: u32,
    /// Name of its program, if the process may be seen.
    program: Option<String>,
    started: Option<DateTime<Utc>>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(program) = &self.program {
            write!(f, " (`{program}`)")?;
        }
        if let Some(started) = self.started {
            write!(
                f,
                ", running since {}",
                started.format("%Y-%m-%d %H:%M UTC")
            )?;
        }
        Ok(())
    }
}

/// The processes that have a lock on a write-ahead log.
#[derive(Debug, Default)]
pub struct LogLocks {
    /// Those that write, empty or recover the log.
    pub(super) writers: BTreeSet<u32>,
    /// Those with an open read transaction.
    readers: BTreeSet<u32>,
}

impl LogLocks {
    /// Returns the locks on the log of a database now; `None` where the system does not list them.
    pub(super) fn of(database: &Path) -> Option<Self> {
        let mut shared = database.as_os_str().to_owned();
        shared.push("-shm");
        let inode = inode(Path::new(&shared))?;
        let locks = fs::read_to_string("/proc/locks").ok()?;
        Some(Self::from_list(&locks, inode))
    }

    /// Returns the locks on a file, by the kernel's list.
    fn from_list(locks: &str, inode: u64) -> Self {
        Self {
            writers: pids(locks, inode, &WRITERS),
            readers: pids(locks, inode, &READERS),
        }
    }

    /// Returns the processes with an open read transaction, except `process`.
    pub(super) fn readers_beside(&self, process: u32) -> BTreeSet<u32> {
        let readers = self.readers.iter().copied();
        readers.filter(|pid| *pid != process).collect()
    }
}

/// Returns the processes with a lock on a log, as text; "another connection" where the
/// system does not tell.
pub(super) fn log_holders(locks: Option<LogLocks>) -> String {
    let locks = locks.unwrap_or_default();
    holder_names(&(&locks.writers | &locks.readers))
}

/// Returns processes as text; "another connection" if there are none.
pub(super) fn holder_names(pids: &BTreeSet<u32>) -> String {
    let holders: Vec<_> = pids.iter().map(|pid| holder(*pid).to_string()).collect();
    match holders.is_empty() {
        true => "another connection".to_owned(),
        false => holders.join("; "),
    }
}

#[cfg(unix)]
fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| file.ino())
}

#[cfg(not(unix))]
fn inode(_path: &Path) -> Option<u64> {
    None
}

/// Returns the processes that hold a lock on some of these bytes of a file, by the kernel's list.
fn pids(locks: &str, inode: u64, bytes: &RangeInclusive<u64>) -> BTreeSet<u32> {
    let lock = |line: &str| {
        // `1: POSIX  ADVISORY  READ 4711 fd:01:1234 124 124`; `->` marks one that waits.
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, _, _, _, pid, file, first, last] = fields.as_slice() else {
            return None;
        };
        let (_, found) = file.rsplit_once(':')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let is_held = found.parse() == Ok(inode) && first <= *bytes.end() && last >= *bytes.start();
        pid.parse().ok().filter(|_| is_held)
    };
    locks.lines().filter_map(lock).collect()
}

fn holder(pid: u32) -> Holder {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    let started = || {
        let stat = read("stat")?;
        // The command may contain spaces and parentheses, so fields count from its end.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
        let boot = fs::read_to_string("/proc/stat").ok()?;
        let boot = boot.lines().find_map(|line| line.strip_prefix("btime "))?;
        let boot: i64 = boot.trim().parse().ok()?;
        DateTime::from_timestamp(boot + (ticks / TICKS).cast_signed(), 0)
    };
    Holder {
        pid,
        program: read("comm").map(|name| name.trim_end().to_owned()),
        started: started(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_and_writers_of_a_file_hold_its_locks() {
        let locks = "1: POSIX  ADVISORY  READ 11 fd:01:77 124 124\n\
                     2: POSIX  ADVISORY  WRITE 12 fd:01:77 120 120\n\
                     2: -> POSIX  ADVISORY  WRITE 13 fd:01:77 120 120\n\
                     3: POSIX  ADVISORY  READ 14 fd:01:77 128 128\n\
                     4: POSIX  ADVISORY  READ 15 fd:01:78 124 124\n\
                     5: OFDLCK ADVISORY  READ -1 fd:01:77 124 124\n";
        let locks = LogLocks::from_list(locks, 77);
        assert_eq!(locks.readers, BTreeSet::from([11]));
        assert_eq!(locks.writers, BTreeSet::from([12]));
        assert!(locks.readers_beside(11).is_empty());
    }

    #[test]
    fn a_process_is_named_with_its_start() {
        let shown = holder(std::process::id()).to_string();
        assert!(shown.starts_with("process "), "{shown}");
        #[cfg(target_os = "linux")]
        assert!(shown.contains(", running since 20"), "{shown}");
    }
}
