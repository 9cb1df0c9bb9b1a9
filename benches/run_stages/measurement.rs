//! Measures one night on a copy of the generated database.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use plimsoll::domain::{PhaseSet, Scope};
use plimsoll::engine::{self, RunObserver, RunRequest, Settings};
use plimsoll::environment::Environment;
use plimsoll::plan::Request;
use plimsoll::query::ALL_ACTIVE;
use plimsoll::scenario::synthetic::now;
use plimsoll::store::Store;

use super::command::BenchError;
use super::floor;
use super::process::{peak_memory, writes_so_far};

/// The common setup of all nights.
pub(crate) struct BenchSetup<'n> {
    /// The generated database; each night works on a copy of it.
    pub(crate) base: &'n Path,
    pub(crate) folder: &'n Path,
    pub(crate) settings: &'n Settings,
    pub(crate) jobs: Option<NonZeroUsize>,
    pub(crate) phases: PhaseSet,
}

/// The measurements of one night.
pub(crate) struct NightMeasurement {
    /// The time of each stage, the total first.
    pub(crate) stages: Vec<(&'static str, Duration)>,
    pub(crate) cells: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) writes: Option<u64>,
    /// The peak memory of the process so far, in bytes; `None` if the system does not report it.
    pub(crate) peak_memory: Option<u64>,
}

impl BenchSetup<'_> {
    pub(crate) fn measure(&self) -> Result<NightMeasurement, BenchError> {
        let folder = tempfile::tempdir_in(self.folder)?;
        let path = folder.path().join("night.db");
        std::fs::copy(self.base, &path)?;
        // Otherwise the night would pay for writing the copy to disk.
        File::options().write(true).open(&path)?.sync_all()?;
        let before = path.metadata()?.len();
        let store = Store::open(path.as_path())?;
        let environment = Environment::system(Some(now()));
        let writes = writes_so_far();
        let outcome = self.run(&store, &environment)?;
        // The size of the file counts only after the log is written into it.
        store.writer()?.checkpoint()?;
        let writes = writes_so_far().zip(writes);
        let bytes = path.metadata()?.len().saturating_sub(before);
        let peak_memory = peak_memory();
        let batch_cells = self.settings.batch_cells;
        let (floor, rows) = floor::measure(&path, self.folder, self.phases, batch_cells)?;
        let times = &outcome.times;
        Ok(NightMeasurement {
            stages: vec![
                ("total", times.total),
                ("planning", times.planning),
                ("loading", times.loading),
                ("securities", times.phases.securities),
                ("books", times.phases.books),
                ("exposures", times.phases.exposures),
                ("risk", times.phases.risk),
                ("committing", times.committing),
                ("floor", floor),
            ],
            cells: outcome.progress.done,
            rows,
            writes: writes.map(|(after, before)| after - before),
            bytes,
            peak_memory,
        })
    }

    fn run(&self, store: &Store, environment: &Environment) -> Result<engine::Outcome, BenchError> {
        let request = Request {
            phases: self.phases,
            ..Request::new(Scope::AllActive)
        };
        let run_request = RunRequest {
            jobs: self.jobs,
            ..RunRequest::new(request, ALL_ACTIVE)
        };
        let cancel = AtomicBool::new(false);
        let observer = RunObserver::unobserved(&cancel);
        Ok(engine::run(
            store,
            &run_request,
            self.settings,
            environment,
            &observer,
        )?)
    }
}
