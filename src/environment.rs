//! The one way in for time and ids. `main` builds the system's; a test builds one of its own.
//!
//! Nothing else in the house asks what time it is, draws a random id or looks at processes.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Ids of a process start so far from those of the one before.
pub const IDS_PER_PROCESS: u64 = 1 << 20;

/// Time, ids and who we are.
#[derive(Debug)]
pub struct Environment {
    /// What time it is for the books: decides the target of a run, and is what records say.
    pub clock: Clock,
    /// What time it is for leases and durations. The same as `clock`, unless a person asked for
    /// another `--now`: two processes must agree on when a lease ends.
    pub wall_clock: Clock,
    /// Where new ids come from.
    pub ids: IdSource,
    /// The process that runs.
    pub process: Process,
    /// Which other processes run.
    pub processes: ProcessTable,
}

impl Environment {
    /// The system's clock, random ids, this process; the books' time fixed where `now` is given.
    pub fn system(now: Option<DateTime<Utc>>) -> Self {
        Self {
            clock: now.map_or_else(Clock::system, Clock::fixed),
            wall_clock: Clock::system(),
            ids: IdSource::Random,
            process: Process::current(),
            processes: ProcessTable::System,
        }
    }

    /// A clock that stands at `now`, ids counted from `seed`, a process of no machine among
    /// others that run until they are said to be gone.
    pub fn fixed(now: DateTime<Utc>, seed: u64) -> Self {
        Self {
            clock: Clock::fixed(now),
            wall_clock: Clock::fixed(now),
            ids: IdSource::sequential(seed),
            process: Process {
                host: "nowhere".to_owned(),
                pid: 1,
                start_ticks: 1,
            },
            processes: ProcessTable::simulated(),
        }
    }

    /// Another such environment at this moment, of the next process on this simulated machine: it
    /// goes its own way, and this process and all before it are gone. `None` where time or
    /// processes are the system's, which are not ours to repeat.
    pub fn successor(&self) -> Option<Self> {
        let next = self.sibling()?;
        next.processes.mark_gone(&self.process);
        Some(next)
    }

    /// The same, but this process goes on.
    pub fn sibling(&self) -> Option<Self> {
        let (ProcessTable::Simulated(gone), IdSource::Sequential(count)) =
            (&self.processes, &self.ids)
        else {
            return None;
        };
        let gone = gone.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(Self {
            clock: Clock::fixed(self.clock.now()),
            wall_clock: Clock::fixed(self.wall_clock.now()),
            ids: IdSource::sequential(count.load(Ordering::SeqCst).wrapping_add(IDS_PER_PROCESS)),
            process: Process {
                pid: self.process.pid.wrapping_add(1),
                start_ticks: self.process.start_ticks.wrapping_add(1),
                ..self.process.clone()
            },
            processes: ProcessTable::Simulated(Arc::new(Mutex::new(gone))),
        })
    }

    /// Whether a process still runs, as far as can be told from here.
    pub fn liveness(&self, process: &Process) -> Liveness {
        if *process == self.process {
            return Liveness::Running;
        }
        match &self.processes {
            ProcessTable::System => process.liveness_seen_by(&self.process),
            ProcessTable::Simulated(gone) => {
                let gone = gone.lock().unwrap_or_else(PoisonError::into_inner);
                if gone.contains(process) {
                    Liveness::Gone
                } else if process.start_ticks == 0 {
                    Liveness::Unknown
                } else {
                    Liveness::Running
                }
            }
        }
    }
}

/// A clock.
#[derive(Debug)]
pub enum Clock {
    /// The system's; holds when it was made, to measure durations from.
    System(Instant),
    /// One that stands until it is moved; microseconds since 1970.
    Fixed(AtomicI64),
}

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "the gate for time")]
    pub fn system() -> Self {
        Self::System(Instant::now())
    }

    /// A clock that stands at `now`.
    pub const fn fixed(now: DateTime<Utc>) -> Self {
        Self::Fixed(AtomicI64::new(now.timestamp_micros()))
    }

    /// What time it is.
    #[expect(clippy::disallowed_methods, reason = "the gate for time")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System(_) => Utc::now(),
            Self::Fixed(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst))
                .expect("a fixed clock was set from an instant"),
        }
    }

    /// How long it has been running; a fixed clock has not.
    pub fn elapsed(&self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            Self::Fixed(_) => Duration::ZERO,
        }
    }

    /// Moves a fixed clock, forward or back; the system's clock is not ours to move.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(micros) = self {
            let by = by.num_microseconds().unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Where new ids come from.
#[derive(Debug)]
pub enum IdSource {
    /// The system's randomness.
    Random,
    /// The next of a counted series, the same each time.
    Sequential(AtomicU64),
}

impl IdSource {
    /// A series that starts at `seed`.
    pub const fn sequential(seed: u64) -> Self {
        Self::Sequential(AtomicU64::new(seed))
    }

    /// A new id.
    #[expect(clippy::disallowed_methods, reason = "the gate for ids")]
    pub fn next(&self) -> Uuid {
        match self {
            Self::Random => Uuid::new_v4(),
            Self::Sequential(count) => {
                let count = count.fetch_add(1, Ordering::SeqCst);
                Uuid::new_v5(&Uuid::NAMESPACE_OID, &count.to_le_bytes())
            }
        }
    }
}

/// A process, told apart from a later one that happens to get the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The machine, and its boot where the system tells it.
    pub host: String,
    /// The process's number.
    pub pid: u32,
    /// When it started, in ticks since boot; 0 where the system does not tell.
    pub start_ticks: u64,
}

/// Whether a process still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It does.
    Running,
    /// It does not.
    Gone,
    /// It can't be told from here: another machine, or a system that does not say.
    Unknown,
}

impl Process {
    /// This process.
    pub fn current() -> Self {
        let pid = std::process::id();
        Self {
            host: host(),
            pid,
            start_ticks: read_start_ticks(pid).unwrap_or(0),
        }
    }

    /// Whether this process still runs, by what the system tells to `observer`.
    fn liveness_seen_by(&self, observer: &Self) -> Liveness {
        if self.host != observer.host || self.start_ticks == 0 || observer.start_ticks == 0 {
            return Liveness::Unknown;
        }
        if read_start_ticks(self.pid) == Some(self.start_ticks) {
            Liveness::Running
        } else {
            Liveness::Gone
        }
    }
}

/// What can be told of other processes. A clone speaks of the same ones.
#[derive(Debug, Clone)]
pub enum ProcessTable {
    /// Those of the system.
    System,
    /// Those of no machine: all run but these, and of those that started at 0 it can't be told.
    Simulated(Arc<Mutex<Vec<Process>>>),
}

impl ProcessTable {
    /// A simulated system in which nobody is gone yet.
    pub fn simulated() -> Self {
        Self::Simulated(Arc::default())
    }

    /// From here on a process is gone; the system's processes are not ours to end.
    pub fn mark_gone(&self, process: &Process) {
        if let Self::Simulated(gone) = self {
            let mut gone = gone.lock().unwrap_or_else(PoisonError::into_inner);
            gone.push(process.clone());
        }
    }
}

/// The machine's name with the id of its boot: after a restart, nothing of before still runs.
fn host() -> String {
    let read = |path| std::fs::read_to_string(path).map(|text| text.trim().to_owned());
    let name = read("/proc/sys/kernel/hostname").unwrap_or_else(|_| "this-machine".to_owned());
    match read("/proc/sys/kernel/random/boot_id") {
        Ok(boot) => format!("{name}/{boot}"),
        Err(_) => name,
    }
}

/// Field 22 of `/proc/PID/stat`; the command before it may hold spaces and parentheses.
fn read_start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_by_advance() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
        clock.advance(TimeDelta::hours(3));
        assert_eq!(clock.now().timestamp(), 10_800);
        clock.advance(TimeDelta::hours(-4));
        assert_eq!(clock.now().timestamp(), -3_600);
    }

    #[test]
    fn counted_ids_repeat_and_differ() {
        let (one, two) = (IdSource::sequential(7), IdSource::sequential(7));
        assert_eq!(one.next(), two.next());
        assert_ne!(one.next(), one.next());
    }

    #[test]
    fn an_ended_process_is_gone() {
        let environment = Environment::system(None);
        let this = &environment.process;
        assert_eq!(environment.liveness(this), Liveness::Running);
        let elsewhere = Process {
            host: "elsewhere".to_owned(),
            ..this.clone()
        };
        assert_eq!(environment.liveness(&elsewhere), Liveness::Unknown);
        if this.start_ticks != 0 {
            let earlier = Process {
                start_ticks: this.start_ticks - 1,
                ..this.clone()
            };
            assert_eq!(environment.liveness(&earlier), Liveness::Gone);
        }
    }

    #[test]
    fn a_successor_sees_its_predecessor_as_gone() {
        let environment = Environment::fixed(DateTime::UNIX_EPOCH, 1);
        let next = environment.successor().unwrap();
        assert_eq!(next.liveness(&environment.process), Liveness::Gone);
        assert_eq!(environment.liveness(&next.process), Liveness::Running);
        next.clock.advance(TimeDelta::hours(1));
        assert_eq!(environment.clock.now(), DateTime::UNIX_EPOCH);
        assert_ne!(next.ids.next(), environment.ids.next());
        let beside = environment.sibling().unwrap();
        assert_eq!(beside.liveness(&environment.process), Liveness::Running);
        assert!(Environment::system(None).successor().is_none());
    }

    #[test]
    fn a_simulated_process_runs_until_marked_gone() {
        let environment = Environment::fixed(DateTime::UNIX_EPOCH, 1);
        let other = Process {
            pid: 2,
            ..environment.process.clone()
        };
        let later = Environment {
            processes: environment.processes.clone(),
            ..Environment::fixed(DateTime::UNIX_EPOCH, 2)
        };
        assert_eq!(later.liveness(&other), Liveness::Running);
        environment.processes.mark_gone(&other);
        assert_eq!(later.liveness(&other), Liveness::Gone);
        assert_eq!(later.liveness(&later.process), Liveness::Running);
        let unknown = Process {
            start_ticks: 0,
            ..other
        };
        assert_eq!(later.liveness(&unknown), Liveness::Unknown);
    }
}
