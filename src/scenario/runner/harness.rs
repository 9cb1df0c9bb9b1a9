//! Holds one database on a simulated disk with its clock and processes: the place where the steps
//! of a scenario happen.
//!
//! Steps can happen inside a run, on the thread that reports its events. All state that a step can
//! change is therefore behind one lock, which is held only to read or to change it and never while
//! a run executes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::PlayError;
use super::failing_phases::FailingPhases;
use super::failure_counts::FailureCounts;
use super::finding::Finding;
use super::inspect::{self, EndState, Inspection};
use super::old_inputs;
use super::prepared::PreparedRun;
use super::result::{PlayedStep, StepOutcome};
use super::run_result::names_by_day;
use super::step_number::StepNumber;
use crate::disk::SimulatedDisk;
use crate::domain::{Calendar, Coverage, Day};
use crate::engine::{EngineError, RunRequest, Settings};
use crate::environment::{Environment, IDS_PER_PROCESS};
use crate::scenario::script::{NamedPolicy, ProcessStatus, Scenario};
use crate::store::{Store, StoreError, WriteTransaction};

/// The amount of checking between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckLevel {
    /// Every invariant after every step; each cell is computed again.
    #[default]
    Invariants,
    /// Only the expectations of the scenario, which is faster.
    ExpectationsOnly,
}

/// A database under one policy, with its clock, processes and results so far.
pub(super) struct Harness<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) policy: &'s NamedPolicy,
    pub(super) check_level: CheckLevel,
    state: Mutex<HarnessState>,
}

/// The state that steps change.
struct HarnessState {
    disk: SimulatedDisk,
    store: Store,
    settings: Settings,
    /// The calendar of the last run that planned; the ledger agrees with this one.
    applied_calendar: Calendar,
    environment: Arc<Environment>,
    /// Processes started so far; the current one included.
    processes: u64,
    /// The last session whose closes and transactions are in the database.
    sources_until: Day,
    failure_counts: FailureCounts,
    steps: Vec<PlayedStep>,
    findings: Vec<Finding>,
    prepared: Vec<PreparedRun>,
}

impl<'s> Harness<'s> {
    /// Creates a harness on `disk`, which must hold the world of the scenario.
    pub(super) fn new(
        scenario: &'s Scenario,
        policy: &'s NamedPolicy,
        disk: SimulatedDisk,
        check_level: CheckLevel,
    ) -> Result<Self, PlayError> {
        let state = HarnessState {
            store: Store::open(&disk)?,
            disk,
            settings: scenario.settings.clone(),
            applied_calendar: scenario.settings.calendar.clone(),
            environment: Arc::new(environment(scenario, scenario.world.now, 1)),
            processes: 1,
            sources_until: scenario.world.priced_days.last(),
            failure_counts: FailureCounts::default(),
            steps: Vec::new(),
            findings: Vec::new(),
            prepared: Vec::new(),
        };
        Ok(Self {
            scenario,
            policy,
            check_level,
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, HarnessState> {
        // A panic in a step ends the whole play, so a poisoned lock needs no handling of its own.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a handle to the current database; after a crash, that is a new one.
    pub(super) fn store(&self) -> Store {
        self.state().store.clone()
    }

    /// Returns a handle to the current disk, not a copy of it.
    pub(super) fn disk(&self) -> SimulatedDisk {
        self.state().disk.clone()
    }

    /// Returns the clock, ids and process of the current process.
    pub(super) fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.state().environment)
    }

    /// Returns the engine settings.
    pub(super) fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Returns the phases that fail in a run that starts now: how often a phase has failed decides
    /// whether it fails again.
    pub(super) fn failing_phases(&self) -> FailingPhases {
        let state = self.state();
        let faults = &self.scenario.faults;
        state
            .failure_counts
            .failing(faults, &state.settings.calendar)
    }

    /// Counts the failures since the previous call. Must be called after each run, because the
    /// database forgets failures on success and on `retry`.
    pub(super) fn record_failures(&self) -> Result<(), StoreError> {
        let failures = self.store().read(|reading| reading.failures().all())?;
        self.state().failure_counts.record(&failures);
        Ok(())
    }

    /// Replaces the engine settings except the calendar.
    pub(super) fn configure(&self, settings: &Settings) {
        let mut state = self.state();
        state.settings = Settings {
            calendar: state.settings.calendar.clone(),
            ..settings.clone()
        };
    }

    /// Configures another calendar; the next run applies it.
    pub(super) fn set_calendar(&self, calendar: Calendar) {
        self.state().settings.calendar = calendar;
    }

    /// Records that a run has applied the configured calendar.
    pub(super) fn apply_calendar(&self) {
        let mut state = self.state();
        state.applied_calendar = state.settings.calendar.clone();
    }

    /// Returns the settings that agree with the ledger: those of [`Self::settings`], with the
    /// calendar that the last run applied.
    pub(super) fn applied_settings(&self) -> Settings {
        let calendar = self.state().applied_calendar.clone();
        Settings {
            calendar,
            ..self.settings()
        }
    }

    /// Moves the clock, then adds the closes and transactions of the sessions that have closed by
    /// then.
    pub(super) fn advance(&self, by: TimeDelta) -> Result<(), PlayError> {
        let environment = self.environment();
        environment.clock.advance(by);
        environment.wall_clock.advance(by);
        // The transcript shows the time after a step that moves the clock, not before it.
        if let Some(step) = self.state().steps.last_mut() {
            step.at = environment.clock.now();
        }
        let settings = self.settings();
        let now = environment.clock.now();
        // Beyond the end of the calendar no session closes; the next run reports the error.
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

    /// Adds the closes, splits and transactions after `until` up to `last`.
    fn add_sources(&self, until: Day, last: Day) -> Result<(), PlayError> {
        let mut sources = self.scenario.world.sources_after(last)?;
        // `sources_after` starts at the end of the world; earlier steps have added a part of it.
        sources.closes.retain(|(_, day, _)| *day > until);
        sources.splits.retain(|split| split.day > until);
        sources.actions.retain(|action| action.day > until);
        sources
            .transactions
            .retain(|transaction| transaction.day > until);
        let now = self.environment().clock.now();
        self.write(|writing| {
            writing.closes().set(&sources.new_closes(), now)?;
            writing.splits().set(&sources.splits)?;
            writing.corporate_actions().set(&sources.actions)?;
            writing.entries().add(&sources.transactions)?;
            writing.increment_revision()
        })?;
        Ok(())
    }

    /// Returns the last session whose sources are in the database.
    pub(super) fn sources_until(&self) -> Day {
        self.state().sources_until
    }

    /// Continues on the disk that a crash left, in a new process. With [`ProcessStatus::Unknown`]
    /// the crashed process keeps its lease until the lease ends.
    pub(super) fn restart_after_crash(
        &self,
        disk: SimulatedDisk,
        status: ProcessStatus,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        state.processes += 1;
        let now = state.environment.clock.now();
        let mut next = environment(self.scenario, now, state.processes);
        // All processes share one table, so that earlier crashes stay known.
        next.processes = state.environment.processes.clone();
        match status {
            ProcessStatus::Gone => next.processes.mark_gone(&state.environment.process),
            ProcessStatus::Unknown => {}
        }
        state.store = Store::open(&disk)?;
        state.disk = disk;
        state.environment = Arc::new(next);
        Ok(())
    }

    /// Runs `work` in one write transaction.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store().writer()?.write(work)
    }

    /// Surveys and plans the current database under the default policy.
    pub(super) fn inspect(&self) -> Result<Inspection, PlayError> {
        inspect::inspect(&self.store(), &self.settings(), &self.environment())
    }

    /// Returns the state of the current database. A calendar that does not know the current day is
    /// a part of it.
    ///
    /// The books and done phases are read if an expectation is about them; reading all takes longer
    /// than a play.
    pub(super) fn end_state(&self, with_outputs: bool) -> Result<EndState, PlayError> {
        let inspection = match self.inspect() {
            Err(PlayError::Engine(EngineError::Calendar(unknown))) => {
                return Ok(EndState::from_calendar_error(&unknown));
            }
            inspected => inspected?,
        };
        let state = inspection.end_state();
        if !with_outputs {
            return Ok(state);
        }
        let (store, settings) = (self.store(), self.settings());
        let old = old_inputs::of_inspection(&inspection, &state.grid, &store, &settings)?;
        Ok(EndState {
            old_inputs: Some(names_by_day(&old, &inspection.names)),
            books: Some(inspect::read_books(&self.store())?),
            phases: Some(inspect::read_phases(&self.store())?),
            ..state
        })
    }

    /// Reads the ledger of the cell phases.
    pub(super) fn coverage(&self) -> Result<Coverage, PlayError> {
        Ok(inspect::read_coverage(&self.store())?)
    }

    /// Adds a step to the results and returns its index, so that steps nested in a run come after
    /// it.
    pub(super) fn begin_step(&self, number: &StepNumber, description: String) -> usize {
        let mut state = self.state();
        let at: DateTime<Utc> = state.environment.clock.now();
        state.steps.push(PlayedStep {
            number: number.clone(),
            description,
            at,
            outcome: StepOutcome::Done {
                messages: Vec::new(),
                invalidated_phases: 0,
            },
            state: None,
        });
        state.steps.len() - 1
    }

    /// Sets the outcome of the step at `index` and, if given, the state of the database after it.
    /// Returns the step.
    pub(super) fn finish_step(
        &self,
        index: usize,
        outcome: StepOutcome,
        after: Option<EndState>,
    ) -> PlayedStep {
        let mut state = self.state();
        let step = &mut state.steps[index];
        step.outcome = outcome;
        step.state = after;
        step.clone()
    }

    /// Adds findings to the results.
    pub(super) fn add_findings(&self, findings: impl IntoIterator<Item = Finding>) {
        self.state().findings.extend(findings);
    }

    /// Copies the disk and the settings before a run, for the simulator.
    pub(super) fn record_prepared_run(&self, number: &StepNumber, request: &RunRequest) {
        let (settings, failing_phases) = (self.settings(), self.failing_phases());
        let mut state = self.state();
        // The recorded run starts in a new process; only simulated environments can provide one.
        let Some(environment) = state.environment.successor() else {
            return;
        };
        let description = state.steps.last().map(|step| step.description.clone());
        let prepared = PreparedRun {
            number: number.to_string(),
            description: description.unwrap_or_default(),
            // A copy: the play goes on writing to its own disk.
            disk: state.disk.fork(),
            request: request.clone(),
            settings,
            failing_phases,
            applied_calendar: state.applied_calendar.clone(),
            environment,
        };
        state.prepared.push(prepared);
    }

    /// Returns the recorded runs in the order in which they started.
    pub(super) fn into_prepared_runs(self) -> Vec<PreparedRun> {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).prepared
    }

    /// Returns the steps and findings in the order in which they happened.
    pub(super) fn into_steps_and_findings(self) -> (Vec<PlayedStep>, Vec<Finding>) {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (state.steps, state.findings)
    }
}

/// Returns the environment of the `process`-th process at time `now`.
fn environment(scenario: &Scenario, now: DateTime<Utc>, process: u64) -> Environment {
    // Each process draws from its own range of ids, so that no two runs share one.
    let ids = scenario.world.seed.wrapping_add(process * IDS_PER_PROCESS);
    let mut environment = Environment::fixed(now, ids);
    // Processes on one machine differ by number and start. A start of 0 would mean unknown.
    environment.process.pid = u32::try_from(process).unwrap_or(u32::MAX);
    environment.process.start_ticks = process;
    environment
}
