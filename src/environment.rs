//! Provides time, ids and processes. `main` uses those of the system; a test supplies fixed ones.
//!
//! No other module may read a clock, draw a random id or look at processes; clippy denies the
//! calls. That makes a run reproducible.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Distance between the id counters of two successive simulated processes, so that their ids do
/// not collide.
pub const IDS_PER_PROCESS: u64 = 1 << 20;

/// The sources of time and ids, and the identity of the running process.
#[derive(Debug)]
pub struct Environment {
    /// Time of the books: decides the target of a run, and is written to records.
    pub clock: Clock,
    /// Time of leases and durations. `--now` does not change it, because two processes must agree
    /// on the end of a lease.
    pub wall_clock: Clock,
    /// The source of new ids.
    pub ids: IdSource,
    /// The running process itself.
    pub process: Process,
    /// The state of other processes.
    pub processes: ProcessTable,
}

impl Environment {
    /// Creates the environment of the system: its clock, random ids, this process. `now` fixes the
    /// time of the books.
    pub fn system(now: Option<DateTime<Utc>>) -> Self {
        Self {
            clock: now.map_or_else(Clock::system, Clock::fixed),
            wall_clock: Clock::system(),
            ids: IdSource::Random,
            process: Process::current(),
            processes: ProcessTable::System,
        }
    }

    /// Creates a simulated environment: a clock fixed at `now`, ids counted from `seed`, and a
    /// process on a simulated machine, where processes run until they are marked gone.
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

    /// Returns the environment of the next process on this simulated machine, at the same time.
    /// This process and all before it are gone for it; later changes of either are not shared.
    /// `None` if ids or processes are those of the system.
    pub fn successor(&self) -> Option<Self> {
        let next = self.sibling()?;
        next.processes.mark_gone(&self.process);
        Some(next)
    }

    /// Returns the environment of a process that runs beside this one, otherwise as
    /// [`Self::successor`].
    pub fn sibling(&self) -> Option<Self> {
        let (ProcessTable::Simulated(gone), IdSource::Sequential(count)) =
            (&self.processes, &self.ids)
        else {
            return None;
        };
        // A copy of the list: a process that ends later in one branch must not end in the other.
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

    /// Returns whether a process still runs, as far as this process can observe.
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

/// A clock of the system or of a test.
#[derive(Debug)]
pub enum Clock {
    /// The system's clock. Holds its creation, from which durations are measured.
    System(Instant),
    /// A clock that moves only by [`Clock::advance`]; microseconds since 1970.
    Fixed(AtomicI64),
}

impl Clock {
    /// Creates the system's clock.
    #[expect(clippy::disallowed_methods, reason = "the gate for time")]
    pub fn system() -> Self {
        Self::System(Instant::now())
    }

    /// Creates a clock that is fixed at `now`.
    pub const fn fixed(now: DateTime<Utc>) -> Self {
        Self::Fixed(AtomicI64::new(now.timestamp_micros()))
    }

    /// Returns the current time, to the microsecond for a fixed clock.
    #[expect(clippy::disallowed_methods, reason = "the gate for time")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System(_) => Utc::now(),
            Self::Fixed(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst))
                .expect("a fixed clock was set from an instant"),
        }
    }

    /// Returns the time since the clock was created, zero for a fixed clock.
    pub fn elapsed(&self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            Self::Fixed(_) => Duration::ZERO,
        }
    }

    /// Waits for a time, or until `cancel` is set. A fixed clock moves by the time instead.
    pub fn sleep(&self, time: Duration, cancel: &AtomicBool) {
        if let Self::Fixed(_) = self {
            return self.advance(TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX));
        }
        let waiting = Self::system();
        while !cancel.load(Ordering::Acquire) {
            let left = time.saturating_sub(waiting.elapsed());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    /// Moves a fixed clock, forward or back. Does nothing to the system's clock.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(micros) = self {
            let by = by.num_microseconds().unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// The source of new ids.
#[derive(Debug)]
pub enum IdSource {
    /// Random ids of the system.
    Random,
    /// Ids derived from a counter, the same in each execution.
    Sequential(AtomicU64),
}

impl IdSource {
    /// Creates a counter that starts at `seed`.
    pub const fn sequential(seed: u64) -> Self {
        Self::Sequential(AtomicU64::new(seed))
    }

    /// Returns a new id.
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

/// The identity of a process. It differs from that of a later process with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Name of the machine, with the id of its boot if the system has one.
    pub host: String,
    /// Process number on that machine.
    pub pid: u32,
    /// Start of the process in ticks since boot; 0 if the system does not provide it.
    pub start_ticks: u64,
}

/// The state of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// The process still runs.
    Running,
    /// The process has ended.
    Gone,
    /// The state can't be observed: another machine, or a system without start times.
    Unknown,
}

impl Process {
    /// Returns the identity of this process.
    pub fn current() -> Self {
        let pid = std::process::id();
        Self {
            host: host(),
            pid,
            start_ticks: read_start_ticks(pid).unwrap_or(0),
        }
    }

    /// Returns whether this process still runs, as `observer` can see on its machine.
    fn liveness_seen_by(&self, observer: &Self) -> Liveness {
        if self.host != observer.host || self.start_ticks == 0 || observer.start_ticks == 0 {
            return Liveness::Unknown;
        }
        // Another start time means that the number was given to a new process.
        if read_start_ticks(self.pid) == Some(self.start_ticks) {
            Liveness::Running
        } else {
            Liveness::Gone
        }
    }
}

/// The source of the states of other processes. Clones share their state.
#[derive(Debug, Clone)]
pub enum ProcessTable {
    /// The processes of the system.
    System,
    /// Simulated processes. The list has those that are gone; a start of 0 is unknown, and all
    /// others run.
    Simulated(Arc<Mutex<Vec<Process>>>),
}

impl ProcessTable {
    /// Creates a simulated system in which no process is gone.
    pub fn simulated() -> Self {
        Self::Simulated(Arc::default())
    }

    /// Marks a simulated process as gone. Does nothing to the system's processes.
    pub fn mark_gone(&self, process: &Process) {
        if let Self::Simulated(gone) = self {
            let mut gone = gone.lock().unwrap_or_else(PoisonError::into_inner);
            gone.push(process.clone());
        }
    }
}

/// Returns the machine's name with the id of its boot. After a restart all earlier processes have
/// another host.
fn host() -> String {
    let read = |path| std::fs::read_to_string(path).map(|text| text.trim().to_owned());
    let name = read("/proc/sys/kernel/hostname").unwrap_or_else(|_| "this-machine".to_owned());
    match read("/proc/sys/kernel/random/boot_id") {
        Ok(boot) => format!("{name}/{boot}"),
        Err(_) => name,
    }
}

/// Reads the start time of a process, field 22 of `/proc/PID/stat`.
fn read_start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command, field 2, may contain spaces and parentheses, so fields count from its end.
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
        clock.sleep(Duration::from_secs(3_600), &AtomicBool::new(false));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
    }

    #[test]
    fn a_cancelled_sleep_ends() {
        Clock::system().sleep(Duration::from_secs(86_400), &AtomicBool::new(true));
    }

    #[test]
    fn counted_ids_repeat_and_differ() {
        let (first, second) = (IdSource::sequential(7), IdSource::sequential(7));
        assert_eq!(first.next(), second.next());
        assert_ne!(first.next(), first.next());
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
        let sibling = environment.sibling().unwrap();
        assert_eq!(sibling.liveness(&environment.process), Liveness::Running);
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
