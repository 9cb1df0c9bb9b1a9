//! One database on a simulated disk, its clock and its processes: where the steps of a scenario
//! happen.
//!
//! Steps can happen inside a run, on the thread that tells its moments. So everything that a step
//! can change stands behind one lock, which is held for as long as it takes to look or to change,
//! and never while anything is at work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::inspect::{self, Inspection};
use super::play::{CheckLevel, PlayError};
use super::prepared::PreparedRun;
use super::result::{Finding, PlayedStep, StepOutcome};
use crate::domain::{Calendar, Cell, Coverage, Day, Phase};
use crate::engine::{FailingPhases, FaultHooks, RunRequest, Settings};
use crate::environment::{Environment, IDS_PER_PROCESS};
use crate::scenario::script::{NamedPolicy, ProcessStatus, Scenario};
use crate::store::{Failure, SimulatedDisk, Store, StoreError, WriteTransaction};

/// A database and what is around it.
pub(super) struct Harness<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) policy: &'s NamedPolicy,
    pub(super) check_level: CheckLevel,
    state: Mutex<HarnessState>,
}

/// How it stands at a moment.
struct HarnessState {
    disk: SimulatedDisk,
    store: Store,
    settings: Settings,
    /// The calendar that the ledger was last filled by.
    applied_calendar: Calendar,
    environment: Arc<Environment>,
    /// How many processes there were.
    processes: u64,
    /// Up to which day the sources are there.
    sources_until: Day,
    /// How often phases have failed in all.
    failure_totals: BTreeMap<(Cell, Phase), u32>,
    /// What the books counted when they were last looked at.
    last_failure_counts: BTreeMap<(Cell, Phase), u32>,
    steps: Vec<PlayedStep>,
    findings: Vec<Finding>,
    prepared: Vec<PreparedRun>,
}

impl<'s> Harness<'s> {
    /// A stage on `disk`, which holds the scenario's world.
    pub(super) fn new(
        scenario: &'s Scenario,
        policy: &'s NamedPolicy,
        disk: SimulatedDisk,
        pace: CheckLevel,
    ) -> Result<Self, PlayError> {
        let now = HarnessState {
            store: Store::open(&disk)?,
            disk,
            settings: scenario.settings.clone(),
            applied_calendar: scenario.settings.calendar.clone(),
            environment: Arc::new(environment(scenario, scenario.world.now, 1)),
            processes: 1,
            sources_until: scenario.world.priced_days.last(),
            failure_totals: BTreeMap::new(),
            last_failure_counts: BTreeMap::new(),
            steps: Vec::new(),
            findings: Vec::new(),
            prepared: Vec::new(),
        };
        Ok(Self {
            scenario,
            policy,
            check_level: pace,
            state: Mutex::new(now),
        })
    }

    fn state(&self) -> MutexGuard<'_, HarnessState> {
        // A step that panicked has ended the whole play.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database as it is now.
    pub(super) fn store(&self) -> Store {
        self.state().store.clone()
    }

    /// The disk as it is now.
    pub(super) fn disk(&self) -> SimulatedDisk {
        self.state().disk.clone()
    }

    /// The clock, ids and process of now.
    pub(super) fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.state().environment)
    }

    /// How the engine is set now, for whoever looks: nothing fails on purpose.
    pub(super) fn settings(&self) -> Settings {
        let mut settings = self.state().settings.clone();
        settings.fault_hooks = FaultHooks::default();
        settings
    }

    /// How the engine is set now, for a run: with all that fails on purpose.
    pub(super) fn run_settings(&self) -> Settings {
        let now = self.state();
        let mut settings = now.settings.clone();
        settings.failing_phases = self.faults(&now);
        settings
    }

    /// The phases that fail in a run that starts now, on every session there may be.
    fn faults(&self, now: &HarnessState) -> FailingPhases {
        let mut faults = Vec::new();
        for fault in &self.scenario.faults {
            let calendar = &now.settings.calendar;
            let known = calendar.known_days();
            let days = fault.days.iter().filter_map(|days| days.common(known));
            let sessions = days.flat_map(|days| calendar.sessions(days).unwrap_or_default());
            for day in sessions {
                for portfolio in &fault.portfolios {
                    let cell = Cell::new(*day, *portfolio);
                    let failed = now.failure_totals.get(&(cell, fault.phase)).copied();
                    if fault.applies_to(cell, failed.unwrap_or_default()) {
                        faults.push((cell, fault.phase));
                    }
                }
            }
        }
        faults.into_iter().collect()
    }

    /// Remembers how often phases have failed: the books forget it when one succeeds or is given
    /// another chance.
    pub(super) fn record_failures(&self) -> Result<(), StoreError> {
        let counted = self.store().read(|reading| reading.failures())?;
        let mut now = self.state();
        let new = |one: &Failure, before: &BTreeMap<_, u32>| {
            let before = before.get(&(one.cell, one.phase)).copied();
            one.times.saturating_sub(before.unwrap_or_default())
        };
        let counts: Vec<_> = counted
            .iter()
            .map(|one| ((one.cell, one.phase), new(one, &now.last_failure_counts)))
            .collect();
        for (phase, more) in counts {
            *now.failure_totals.entry(phase).or_default() += more;
        }
        now.last_failure_counts = counted
            .iter()
            .map(|one| ((one.cell, one.phase), one.times))
            .collect();
        Ok(())
    }

    /// Sets the engine otherwise from now on, but for the calendar.
    pub(super) fn configure(&self, settings: &Settings) {
        let mut now = self.state();
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
        self.state().settings.calendar = calendar;
    }

    /// A run has put the configured calendar in force.
    pub(super) fn apply_calendar(&self) {
        let mut now = self.state();
        now.applied_calendar = now.settings.calendar.clone();
    }

    /// The settings by which the books are as they are: a calendar that no run has put in force
    /// yet says nothing about them.
    pub(super) fn applied_settings(&self) -> Settings {
        let calendar = self.state().applied_calendar.clone();
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
        if let Some(act) = self.state().steps.last_mut() {
            act.at = environment.clock.now();
        }
        let settings = self.settings();
        let now = environment.clock.now();
        let Ok(last) = settings.calendar.last_final(now, TimeDelta::zero()) else {
            return Ok(());
        };
        let until = self.state().sources_until;
        if last > until {
            self.add_sources(until, last)?;
            self.state().sources_until = last;
        }
        Ok(())
    }

    /// What the market and the portfolios' histories have after `until` up to `last`.
    fn add_sources(&self, until: Day, last: Day) -> Result<(), PlayError> {
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
        self.state().sources_until
    }

    /// The process that was at work is cut off: the disk is what it left, and another process
    /// comes. Where the others can't see what became of it, it is taken to run until its lease
    /// ends.
    pub(super) fn restart_after_crash(
        &self,
        left: SimulatedDisk,
        seen: ProcessStatus,
    ) -> Result<(), StoreError> {
        let mut now = self.state();
        now.processes += 1;
        let clock = now.environment.clock.now();
        let mut next = environment(self.scenario, clock, now.processes);
        next.processes = now.environment.processes.clone();
        match seen {
            ProcessStatus::Gone => next.processes.mark_gone(&now.environment.process),
            ProcessStatus::Unknown => {}
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
    pub(super) fn inspect(&self) -> Result<Inspection, PlayError> {
        inspect::inspect(&self.store(), &self.settings(), &self.environment())
    }

    /// What is proven done.
    pub(super) fn coverage(&self) -> Result<Coverage, PlayError> {
        Ok(inspect::read_coverage(&self.store())?)
    }

    /// Tells that something begins: its place among the acts is kept for what comes of it.
    pub(super) fn begin_step(&self, number: &str, what: String) -> usize {
        let mut now = self.state();
        let at: DateTime<Utc> = now.environment.clock.now();
        now.steps.push(PlayedStep {
            number: number.to_owned(),
            description: what,
            at,
            outcome: StepOutcome::Done {
                messages: Vec::new(),
                invalidated_phases: 0,
            },
        });
        now.steps.len() - 1
    }

    /// Tells what came of it.
    pub(super) fn set_outcome(&self, place: usize, came: StepOutcome) {
        self.state().steps[place].outcome = came;
    }

    /// Tells what is not as it should be.
    pub(super) fn add_findings(&self, findings: impl IntoIterator<Item = Finding>) {
        self.state().findings.extend(findings);
    }

    /// Keeps how everything stands before a run.
    pub(super) fn record_prepared_run(&self, number: &str, asked: &RunRequest) {
        let settings = self.run_settings();
        let mut now = self.state();
        let Some(environment) = now.environment.successor() else {
            return;
        };
        let what = now.steps.last().map(|act| act.description.clone());
        let prepared = PreparedRun {
            number: number.to_owned(),
            description: what.unwrap_or_default(),
            disk: now.disk.fork(),
            request: asked.clone(),
            settings,
            applied_calendar: now.applied_calendar.clone(),
            environment,
        };
        now.prepared.push(prepared);
    }

    /// How everything stood before each run.
    pub(super) fn into_prepared_runs(self) -> Vec<PreparedRun> {
        let now = self.state.into_inner();
        now.unwrap_or_else(PoisonError::into_inner).prepared
    }

    /// All that was told.
    pub(super) fn into_steps_and_findings(self) -> (Vec<PlayedStep>, Vec<Finding>) {
        let now = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (now.steps, now.findings)
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
