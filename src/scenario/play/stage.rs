//! One database on a simulated disk, its clock and its processes: where the steps of a scenario
//! happen.
//!
//! Steps can happen inside a run, on the thread that tells its moments. So everything that a step
//! can change stands behind one lock, which is held for as long as it takes to look or to change,
//! and never while anything is at work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{self, Look};
use super::play::{Pace, PlayError};
use super::prepared::Prepared;
use super::told::{Act, Came, Finding};
use crate::domain::{Calendar, Cell, Coverage, Day, Phase};
use crate::engine::{FailingPhases, FaultHooks, RunRequest, Settings};
use crate::environment::{Environment, IDS_PER_PROCESS};
use crate::scenario::script::{NamedPolicy, Scenario, Seen};
use crate::store::{Failure, SimulatedDisk, Store, StoreError, WriteTransaction};

/// A database and what is around it.
pub(super) struct Stage<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) policy: &'s NamedPolicy,
    pub(super) pace: Pace,
    now: Mutex<Now>,
}

/// How it stands at a moment.
struct Now {
    disk: SimulatedDisk,
    store: Store,
    settings: Settings,
    /// The calendar that the ledger was last filled by.
    in_force: Calendar,
    environment: Arc<Environment>,
    /// How many processes there were.
    processes: u64,
    /// Up to which day the sources are there.
    sources_until: Day,
    /// How often phases have failed in all.
    failed: BTreeMap<(Cell, Phase), u32>,
    /// What the books counted when they were last looked at.
    counted: BTreeMap<(Cell, Phase), u32>,
    acts: Vec<Act>,
    findings: Vec<Finding>,
    prepared: Vec<Prepared>,
}

impl<'s> Stage<'s> {
    /// A stage on `disk`, which holds the scenario's world.
    pub(super) fn new(
        scenario: &'s Scenario,
        policy: &'s NamedPolicy,
        disk: SimulatedDisk,
        pace: Pace,
    ) -> Result<Self, PlayError> {
        let now = Now {
            store: Store::open(&disk)?,
            disk,
            settings: scenario.settings.clone(),
            in_force: scenario.settings.calendar.clone(),
            environment: Arc::new(environment(scenario, scenario.world.now, 1)),
            processes: 1,
            sources_until: scenario.world.priced.last(),
            failed: BTreeMap::new(),
            counted: BTreeMap::new(),
            acts: Vec::new(),
            findings: Vec::new(),
            prepared: Vec::new(),
        };
        Ok(Self {
            scenario,
            policy,
            pace,
            now: Mutex::new(now),
        })
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // A step that panicked has ended the whole play.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database as it is now.
    pub(super) fn store(&self) -> Store {
        self.now().store.clone()
    }

    /// The disk as it is now.
    pub(super) fn disk(&self) -> SimulatedDisk {
        self.now().disk.clone()
    }

    /// The clock, ids and process of now.
    pub(super) fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.now().environment)
    }

    /// How the engine is set now, for whoever looks: nothing fails on purpose.
    pub(super) fn settings(&self) -> Settings {
        let mut settings = self.now().settings.clone();
        settings.fault_hooks = FaultHooks::default();
        settings
    }

    /// How the engine is set now, for a run: with all that fails on purpose.
    pub(super) fn settings_of_run(&self) -> Settings {
        let now = self.now();
        let mut settings = now.settings.clone();
        settings.failing_phases = self.faults(&now);
        settings
    }

    /// The phases that fail in a run that starts now, on every session there may be.
    fn faults(&self, now: &Now) -> FailingPhases {
        let mut faults = Vec::new();
        for fault in &self.scenario.faults {
            let calendar = &now.settings.calendar;
            let known = calendar.known_days();
            let days = fault.days.iter().filter_map(|days| days.common(known));
            let sessions = days.flat_map(|days| calendar.sessions(days).unwrap_or_default());
            for day in sessions {
                for portfolio in &fault.portfolios {
                    let cell = Cell::new(*day, *portfolio);
                    let failed = now.failed.get(&(cell, fault.phase)).copied();
                    if fault.strikes(cell, failed.unwrap_or_default()) {
                        faults.push((cell, fault.phase));
                    }
                }
            }
        }
        faults.into_iter().collect()
    }

    /// Remembers how often phases have failed: the books forget it when one succeeds or is given
    /// another chance.
    pub(super) fn count_failures(&self) -> Result<(), StoreError> {
        let counted = self.store().read(|reading| reading.failures())?;
        let mut now = self.now();
        let new = |one: &Failure, before: &BTreeMap<_, u32>| {
            let before = before.get(&(one.cell, one.phase)).copied();
            one.times.saturating_sub(before.unwrap_or_default())
        };
        let counts: Vec<_> = counted
            .iter()
            .map(|one| ((one.cell, one.phase), new(one, &now.counted)))
            .collect();
        for (phase, more) in counts {
            *now.failed.entry(phase).or_default() += more;
        }
        now.counted = counted
            .iter()
            .map(|one| ((one.cell, one.phase), one.times))
            .collect();
        Ok(())
    }

    /// Sets the engine otherwise from now on, but for the calendar.
    pub(super) fn configure(&self, settings: &Settings) {
        let mut now = self.now();
        let Settings {
            calendar,
            fault_hooks: seams,
            ..
        } = now.settings.clone();
        now.settings = Settings {
            calendar,
            fault_hooks: seams,
            ..settings.clone()
        };
    }

    /// Configures another calendar. The next run puts it in force.
    pub(super) fn set_calendar(&self, calendar: Calendar) {
        self.now().settings.calendar = calendar;
    }

    /// A run has put the configured calendar in force.
    pub(super) fn put_calendar_in_force(&self) {
        let mut now = self.now();
        now.in_force = now.settings.calendar.clone();
    }

    /// The settings by which the books are as they are: a calendar that no run has put in force
    /// yet says nothing about them.
    pub(super) fn settings_in_force(&self) -> Settings {
        let calendar = self.now().in_force.clone();
        Settings {
            calendar,
            ..self.settings()
        }
    }

    /// Moves the clock, and brings the closes and transactions of the sessions that have closed
    /// by then. Where the calendar ends nothing closes any more: what that means is the next
    /// run's to say.
    pub(super) fn advance(&self, by: TimeDelta) -> Result<(), PlayError> {
        let environment = self.environment();
        environment.clock.advance(by);
        environment.wall_clock.advance(by);
        if let Some(act) = self.now().acts.last_mut() {
            act.at = environment.clock.now();
        }
        let settings = self.settings();
        let now = environment.clock.now();
        let Ok(last) = settings.calendar.last_final(now, TimeDelta::zero()) else {
            return Ok(());
        };
        let until = self.now().sources_until;
        if last > until {
            self.bring_sources(until, last)?;
            self.now().sources_until = last;
        }
        Ok(())
    }

    /// What the market and the portfolios' histories have after `until` up to `last`.
    fn bring_sources(&self, until: Day, last: Day) -> Result<(), PlayError> {
        let mut sources = self.scenario.world.sources_after(last)?;
        sources.closes.retain(|(_, day, _)| *day > until);
        sources.splits.retain(|split| split.day > until);
        sources.transactions.retain(|one| one.day > until);
        let now = self.environment().clock.now();
        self.write(|writing| {
            writing.set_closes(&sources.new_closes(), now)?;
            writing.set_splits(&sources.splits)?;
            writing.add_entries(&sources.transactions)?;
            writing.increment_revision()
        })?;
        Ok(())
    }

    /// The last session that has closed by now.
    pub(super) fn sources_until(&self) -> Day {
        self.now().sources_until
    }

    /// The process that was at work is cut off: the disk is what it left, and another process
    /// comes. Where the others can't see what became of it, it is taken to run until its lease
    /// ends.
    pub(super) fn crash(&self, left: SimulatedDisk, seen: Seen) -> Result<(), StoreError> {
        let mut now = self.now();
        now.processes += 1;
        let clock = now.environment.clock.now();
        let mut next = environment(self.scenario, clock, now.processes);
        next.processes = now.environment.processes.clone();
        match seen {
            Seen::Gone => next.processes.mark_gone(&now.environment.process),
            Seen::Unknown => {}
        }
        now.store = Store::open(&left)?;
        now.disk = left;
        now.environment = Arc::new(next);
        Ok(())
    }

    /// Writes in one transaction.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store().writer()?.write(work)
    }

    /// What the database says of itself.
    pub(super) fn look(&self) -> Result<Look, PlayError> {
        look::look(&self.store(), &self.settings(), &self.environment())
    }

    /// What is proven done.
    pub(super) fn coverage(&self) -> Result<Coverage, PlayError> {
        Ok(look::coverage(&self.store())?)
    }

    /// Tells that something begins: its place among the acts is kept for what comes of it.
    pub(super) fn begin(&self, number: &str, what: String) -> usize {
        let mut now = self.now();
        let at: DateTime<Utc> = now.environment.clock.now();
        now.acts.push(Act {
            number: number.to_owned(),
            what,
            at,
            came: Came::Done {
                says: Vec::new(),
                taken_out: 0,
            },
        });
        now.acts.len() - 1
    }

    /// Tells what came of it.
    pub(super) fn came_of(&self, place: usize, came: Came) {
        self.now().acts[place].came = came;
    }

    /// Tells what is not as it should be.
    pub(super) fn find(&self, findings: impl IntoIterator<Item = Finding>) {
        self.now().findings.extend(findings);
    }

    /// Keeps how everything stands before a run.
    pub(super) fn keep_prepared(&self, number: &str, asked: &RunRequest) {
        let settings = self.settings_of_run();
        let mut now = self.now();
        let Some(environment) = now.environment.successor() else {
            return;
        };
        let what = now.acts.last().map(|act| act.what.clone());
        let prepared = Prepared {
            number: number.to_owned(),
            what: what.unwrap_or_default(),
            disk: now.disk.fork(),
            asked: asked.clone(),
            settings,
            in_force: now.in_force.clone(),
            environment,
        };
        now.prepared.push(prepared);
    }

    /// How everything stood before each run.
    pub(super) fn into_prepared(self) -> Vec<Prepared> {
        let now = self.now.into_inner();
        now.unwrap_or_else(PoisonError::into_inner).prepared
    }

    /// All that was told.
    pub(super) fn into_told(self) -> (Vec<Act>, Vec<Finding>) {
        let now = self
            .now
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (now.acts, now.findings)
    }
}

/// The environment of the scenario's n-th process, at a moment.
fn environment(scenario: &Scenario, now: DateTime<Utc>, process: u64) -> Environment {
    let ids = scenario.world.seed.wrapping_add(process * IDS_PER_PROCESS);
    let mut environment = Environment::fixed(now, ids);
    environment.process.pid = u32::try_from(process).unwrap_or(u32::MAX);
    environment.process.start_ticks = process;
    environment
}
