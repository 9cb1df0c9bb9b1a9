//! A run of a scenario, about to start, and how it is made on one disk or another.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use thiserror::Error;

use super::finding::{Disturbance, Finding, ReplayToken};
use crate::engine::{
    self, EngineError, FaultHooks, Outcome, RunEvent, RunObserver, RunRequest, Settings,
};
use crate::environment::Environment;
use crate::parallel::map;
use crate::query::QueryError;
use crate::scenario::runner::{PlayError, PreparedRun, error_with_causes, prepare_runs, run_end};
use crate::scenario::script::{RunEnd, Scenario};
use crate::store::{SimulatedDisk, Store, StoreError};

/// A run that is simulated: how everything stands before it, and how to make it.
pub struct RunUnderTest {
    scenario: PathBuf,
    prepared: PreparedRun,
    /// Who is told how far a simulation is.
    listener: Option<Arc<ProgressListener>>,
    #[cfg(feature = "mutants")]
    view: Option<EnvironmentView>,
}

/// Who is told how much is done, of how much.
pub type ProgressListener = dyn Fn(usize, usize) + Send + Sync;

/// How a process that is wrong sees its environment.
#[cfg(feature = "mutants")]
type EnvironmentView = Arc<dyn Fn(Environment) -> Environment + Send + Sync>;

/// Why something could not be simulated at all. What a simulation finds is no error.
#[derive(Debug, Error)]
pub enum SimError {
    /// The scenario can't be played up to its runs.
    #[error(transparent)]
    Runner(#[from] PlayError),
    /// The store refuses where nothing was made to fail.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The books can't be looked at where nothing was made to fail.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A tale can't be read.
    #[error("the tale is no scenario: {0}")]
    GeneratedScenario(String),
    /// The scenario has no run that could be simulated.
    #[error("the scenario has no run by our own rules")]
    NoRun,
    /// SQLite's memory can't be watched any more.
    #[error("SQLite is at work already: its memory can only be watched from the start")]
    MemoryInUse,
    /// The step is no such run.
    #[error("step {0} of the scenario is no run that can be simulated")]
    NoStep(String),
    /// The run does not go on for so long.
    #[error("the run has only {available} of what the token counts to {requested}")]
    OutOfRange {
        /// What was asked for.
        requested: usize,
        /// How many there are.
        available: usize,
    },
}

/// What came of making a run.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) end: RunEnd,
    pub(super) result: Result<Outcome, EngineError>,
}

impl Attempt {
    /// What it said when it could not go on.
    pub(super) fn error(&self) -> Option<String> {
        let error = self.result.as_ref().err()?;
        Some(error_with_causes(error))
    }

    /// Whether it did any cell.
    pub(super) fn has_done_cells(&self) -> bool {
        let outcome = self.result.as_ref();
        outcome.is_ok_and(|outcome| outcome.progress.done > 0)
    }
}

/// The runs by our own rules of the scenario in a file, in the order of its steps.
pub fn runs_under_test(file: &Path, scenario: &Scenario) -> Result<Vec<RunUnderTest>, SimError> {
    let prepared = prepare_runs(scenario)?.into_iter();
    let subject = |prepared| RunUnderTest {
        scenario: file.to_owned(),
        prepared,
        listener: None,
        #[cfg(feature = "mutants")]
        view: None,
    };
    let subjects: Vec<RunUnderTest> = prepared.map(subject).collect();
    if subjects.is_empty() {
        return Err(SimError::NoRun);
    }
    Ok(subjects)
}

impl RunUnderTest {
    /// Which step of the scenario it is.
    pub fn step(&self) -> &str {
        &self.prepared.number
    }

    /// What is asked for, in words.
    pub fn description(&self) -> &str {
        &self.prepared.description
    }

    /// The same run, of which somebody is told how far its simulation is.
    #[must_use]
    pub fn with_listener(mut self, listener: Arc<ProgressListener>) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Tells how far its simulation is.
    pub(super) fn report_progress(&self, done: usize, of: usize) {
        if let Some(listener) = &self.listener {
            listener(done, of);
        }
    }

    /// Does `work` with each of `things` side by side, and tells how far that is.
    pub(super) fn map_parallel<T: Sync, R: Send>(
        &self,
        jobs: NonZeroUsize,
        things: &[T],
        work: impl Fn(&T) -> R + Sync,
    ) -> Vec<R> {
        let done = AtomicUsize::new(0);
        map(jobs, things, |thing| {
            let result = work(thing);
            self.report_progress(done.fetch_add(1, Ordering::Relaxed) + 1, things.len());
            result
        })
    }

    /// Something that does not hold of it, at a place.
    pub(super) fn finding(&self, place: Disturbance, says: String) -> Finding {
        Finding {
            token: ReplayToken {
                step: self.step().to_owned(),
                disturbance: place,
                scenario: self.scenario.clone(),
            },
            message: says,
        }
    }

    /// The same run with a fault planted in the engine that makes it.
    #[must_use]
    pub fn with_fault_hooks(mut self, seams: FaultHooks) -> Self {
        self.prepared.settings.fault_hooks = seams;
        self
    }

    /// The same run, with a fault planted in the store that it writes to.
    #[cfg(feature = "mutants")]
    pub(super) fn with_store_fault(self, slip: crate::store::StoreFault) -> Self {
        self.prepared.disk.inject(Some(slip));
        self
    }

    /// The same run, made by processes that see their environment wrongly.
    #[cfg(feature = "mutants")]
    pub(super) fn with_environment_view(mut self, sight: EnvironmentView) -> Self {
        self.view = Some(sight);
        self
    }

    /// A disk of its own as it is before the run.
    pub(super) fn disk(&self) -> SimulatedDisk {
        self.prepared.disk.fork()
    }

    pub(super) const fn request(&self) -> &RunRequest {
        &self.prepared.request
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.prepared.settings
    }

    /// The settings by which the books are as they are before the run.
    pub(super) fn settings_before(&self) -> Settings {
        Settings {
            calendar: self.prepared.applied_calendar.clone(),
            ..self.prepared.settings.clone()
        }
    }

    /// The environment of the process that comes after `restarts` others, all of them gone.
    pub(super) fn environment(&self, restarts: u32) -> Environment {
        let successor = |before: &Environment| {
            let next = before.successor();
            next.expect("a prepared run has a simulated environment")
        };
        (0..restarts).fold(successor(&self.prepared.environment), |before, _| {
            successor(&before)
        })
    }

    /// Makes the run on a disk, in the process after `restarts` others.
    pub(super) fn run(
        &self,
        disk: &SimulatedDisk,
        asked: &RunRequest,
        restarts: u32,
        reached: &(dyn Fn(&RunEvent<'_>) + Sync),
    ) -> Attempt {
        self.run_in(disk, asked, &self.environment(restarts), reached)
    }

    #[cfg(feature = "mutants")]
    fn viewed_environment(&self, environment: &Environment) -> Option<Environment> {
        let mut copy = environment.sibling()?;
        copy.process = environment.process.clone();
        let sight = self.view.as_ref()?;
        Some(sight(copy))
    }

    /// Makes the run on a disk, in a process of one's own.
    pub(super) fn run_in(
        &self,
        disk: &SimulatedDisk,
        asked: &RunRequest,
        environment: &Environment,
        reached: &(dyn Fn(&RunEvent<'_>) + Sync),
    ) -> Attempt {
        #[cfg(feature = "mutants")]
        let seen = self.viewed_environment(environment);
        #[cfg(feature = "mutants")]
        let environment = seen.as_ref().unwrap_or(environment);
        let watch = RunObserver {
            cancel: &AtomicBool::new(false),
            on_progress: &|_| {},
            on_event: reached,
        };
        let ended = Store::open(disk)
            .map_err(EngineError::from)
            .and_then(|store| engine::run(&store, asked, self.settings(), environment, &watch));
        Attempt {
            end: run_end(&ended),
            result: ended,
        }
    }
}
