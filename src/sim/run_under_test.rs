//! A run of a scenario, about to start, which simulations make on one disk or another.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use thiserror::Error;

use super::finding::{Disturbance, Finding, ReplayToken};
use super::violation::Violation;
use crate::disk::SimulatedDisk;
use crate::engine::{self, EngineError, Outcome, RunEvent, RunObserver, RunRequest, Settings};
use crate::environment::Environment;
use crate::parallel::map;
use crate::query::QueryError;
use crate::scenario::runner::{PlayError, PreparedRun, prepare_runs, run_end, run_error};
use crate::scenario::script::{RunEnd, Scenario};
use crate::store::{Store, StoreError};

/// A run that is simulated: the state before it, and how to make it.
pub struct RunUnderTest {
    scenario: PathBuf,
    prepared: PreparedRun,
    /// Gets the progress of a simulation.
    listener: Option<Arc<ProgressListener>>,
    /// Acts at the events of each attempt, on its disk.
    observer: Option<Arc<DiskObserver>>,
}

/// Gets the work done and the work in total.
pub type ProgressListener = dyn Fn(usize, usize) + Send + Sync;

/// Gets the disk of a run at each of its events, as another program that uses the database.
pub type DiskObserver = dyn Fn(&SimulatedDisk, &RunEvent<'_>) + Send + Sync;

/// An error that prevents a simulation. Violations are findings and not errors.
#[derive(Debug, Error)]
pub enum SimError {
    /// The scenario could not be played up to its runs.
    #[error(transparent)]
    Runner(#[from] PlayError),
    /// The store failed although no fault was injected.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A query failed although no fault was injected.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A generated scenario is not valid.
    #[error("invalid generated scenario: {0}")]
    GeneratedScenario(String),
    /// A generated history could not be played; with its seed.
    #[error("history:{seed}: {error}")]
    History {
        /// The seed of the history.
        seed: u64,
        /// The error of the play.
        error: Box<Self>,
    },
    /// A database could not be planned although no fault was injected.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The scenario has no run under the default policy.
    #[error("the scenario has no run that can be simulated: all name a policy, or there is none")]
    NoRun,
    /// SQLite was used before its memory was watched.
    #[error("SQLite is already in use: its memory can only be watched from the start")]
    MemoryInUse,
    /// The step is not a run under the default policy.
    #[error("step {0} of the scenario is not a run that can be simulated")]
    NoStep(String),
    /// The run is shorter than the place in the token.
    #[error("the run has only {available} places, but the token names place {requested}")]
    OutOfRange {
        /// The place that the token names.
        requested: usize,
        /// The number of places in the run.
        available: usize,
    },
}

/// The result of making the run once.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) end: RunEnd,
    pub(super) result: Result<Outcome, EngineError>,
}

impl Attempt {
    /// Returns the error with its causes, if there is one.
    pub(super) fn error(&self) -> Option<String> {
        run_error(&self.result)
    }

    /// Returns true if it committed at least one cell.
    pub(super) fn has_done_cells(&self) -> bool {
        let outcome = self.result.as_ref();
        outcome.is_ok_and(|outcome| outcome.progress.done > 0)
    }
}

/// Returns the runs of a scenario under the default policy, in the order of its steps. `file` is
/// the path for tokens.
///
/// # Errors
///
/// The scenario can't be played, or has no such run.
pub fn runs_under_test(file: &Path, scenario: &Scenario) -> Result<Vec<RunUnderTest>, SimError> {
    let prepared = prepare_runs(scenario)?.into_iter();
    let to_run = |prepared| RunUnderTest {
        scenario: file.to_owned(),
        prepared,
        listener: None,
        observer: None,
    };
    let runs: Vec<RunUnderTest> = prepared.map(to_run).collect();
    if runs.is_empty() {
        return Err(SimError::NoRun);
    }
    Ok(runs)
}

impl RunUnderTest {
    /// Returns the number of the step in the scenario.
    pub fn step(&self) -> &str {
        &self.prepared.number
    }

    /// Returns the request in a few words.
    pub fn description(&self) -> &str {
        &self.prepared.description
    }

    /// Returns the run with a listener for the progress of its simulation.
    #[must_use]
    pub fn with_listener(mut self, listener: Arc<ProgressListener>) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Reports progress to the listener, if there is one.
    pub(super) fn report_progress(&self, done: usize, of: usize) {
        if let Some(listener) = &self.listener {
            listener(done, of);
        }
    }

    /// Applies `work` to each item in parallel and reports progress. Results keep the order of the
    /// items.
    pub(super) fn map_parallel<T: Sync, R: Send>(
        &self,
        jobs: NonZeroUsize,
        items: &[T],
        work: impl Fn(&T) -> R + Sync,
    ) -> Vec<R> {
        let done = AtomicUsize::new(0);
        map(jobs, items, |item| {
            let result = work(item);
            // Results come in any order; only their number is reported.
            self.report_progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
            result
        })
    }

    /// Returns a finding of this run at a disturbance.
    pub(super) fn finding(&self, disturbance: Disturbance, violation: Violation) -> Finding {
        Finding {
            token: ReplayToken {
                step: self.step().to_owned(),
                disturbance,
                scenario: self.scenario.clone(),
            },
            violation,
        }
    }

    /// Returns the run with an observer, which may change the disk as another program would.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<DiskObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Returns the run under other settings, which it puts in force.
    #[must_use]
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.prepared.settings);
        self
    }

    /// Returns a copy of the disk before the run.
    pub(super) fn disk(&self) -> SimulatedDisk {
        self.prepared.disk.fork()
    }

    pub(super) const fn request(&self) -> &RunRequest {
        &self.prepared.request
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.prepared.settings
    }

    /// Returns the settings that the books agree with before the run.
    pub(super) fn settings_before(&self) -> Settings {
        Settings {
            calendar: self.prepared.applied_calendar.clone(),
            ..self.prepared.settings.clone()
        }
    }

    /// Returns the environment of the process that follows `restarts` others, all of which are
    /// gone.
    pub(super) fn environment(&self, restarts: u32) -> Environment {
        let successor = |before: &Environment| {
            let next = before.successor();
            next.expect("a prepared run has a simulated environment")
        };
        // Each restart is a process of its own, which sees the earlier ones as gone.
        (0..restarts).fold(successor(&self.prepared.environment), |before, _| {
            successor(&before)
        })
    }

    /// Makes the run on a disk, in the process after `restarts` others.
    pub(super) fn run(
        &self,
        disk: &SimulatedDisk,
        request: &RunRequest,
        restarts: u32,
        on_event: &(dyn Fn(&RunEvent<'_>) + Sync),
    ) -> Attempt {
        self.run_in(disk, request, &self.environment(restarts), on_event)
    }

    /// Makes the run on a disk, in the given environment.
    pub(super) fn run_in(
        &self,
        disk: &SimulatedDisk,
        request: &RunRequest,
        environment: &Environment,
        on_event: &(dyn Fn(&RunEvent<'_>) + Sync),
    ) -> Attempt {
        let cancel = AtomicBool::new(false);
        let observer = RunObserver {
            on_event: &|event| {
                if let Some(observer) = &self.observer {
                    observer(disk, event);
                }
                on_event(event);
            },
            on_computed: &|cells| self.prepared.failing_phases.apply(cells),
            ..RunObserver::unobserved(&cancel)
        };
        // Opening belongs to the run: a fault may strike there as well.
        let ended = Store::open(disk)
            .map_err(EngineError::from)
            .and_then(|store| {
                engine::run(&store, request, self.settings(), environment, &observer)
            });
        Attempt {
            end: run_end(&ended),
            result: ended,
        }
    }
}
