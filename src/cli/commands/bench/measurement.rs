//! Measures one night, and its floor: the time that a writer alone takes for the same rows.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::report::{peak_memory, writes_so_far};
use crate::cli::CliError;
use crate::domain::{Phase, PhaseSet, Scope};
use crate::engine::{self, RunObserver, RunRequest, Settings};
use crate::environment::Environment;
use crate::plan::Request;
use crate::query::ALL_ACTIVE;
use crate::scenario::synthetic::now;
use crate::store::{RawRows, ReadTransaction, Store, StoreError, Writer};

/// The common setup of all nights.
pub(super) struct BenchSetup<'n> {
    /// The generated database; each night works on a copy of it.
    pub(super) base: &'n Path,
    pub(super) folder: &'n Path,
    pub(super) settings: &'n Settings,
    pub(super) jobs: Option<NonZeroUsize>,
    pub(super) phases: PhaseSet,
}

/// The measurements of one night.
pub(super) struct NightMeasurement {
    /// The time of each stage, the total first.
    pub(super) stages: Vec<(&'static str, Duration)>,
    pub(super) cells: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) writes: Option<u64>,
    /// The peak memory of the process so far, in bytes; `None` if the system does not report it.
    pub(super) peak_memory: Option<u64>,
}

impl BenchSetup<'_> {
    pub(super) fn measure(&self) -> Result<NightMeasurement, CliError> {
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
        let (floor, rows) = self.floor(&store, &environment)?;
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

    fn run(&self, store: &Store, environment: &Environment) -> Result<engine::Outcome, CliError> {
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

    /// Writes all output rows into a new database, in transactions of as many cells as a run's, and
    /// returns the time and the number of rows. The time of reading them is not counted.
    fn floor(&self, store: &Store, environment: &Environment) -> Result<(Duration, u64), CliError> {
        let folder = tempfile::tempdir_in(self.folder)?;
        let floor = Store::create(folder.path().join("floor.db"))?;
        let mut writer = floor.writer()?;
        let (mut took, mut rows) = (Duration::ZERO, 0);
        let mut pending: Vec<RawRows> = Vec::new();
        let mut write = |pending: &mut Vec<RawRows>, writer: &mut Writer| {
            let start = environment.wall_clock.elapsed();
            let written = writer.write(|writing| {
                pending
                    .iter()
                    .try_for_each(|rows| writing.outputs().write_raw_rows(rows))
            });
            took += environment.wall_clock.elapsed().saturating_sub(start);
            pending.clear();
            written
        };
        for day in store.read(|reading| reading.outputs().stored_days())? {
            let read = |reading: &ReadTransaction<'_>| {
                let phases = Phase::ALL.into_iter();
                let rows = phases.map(|phase| reading.outputs().raw_rows(day, phase));
                rows.collect::<Result<Vec<_>, StoreError>>()
            };
            for phase_rows in store.read(read)?.into_iter().flatten() {
                rows += phase_rows.count();
                pending.push(phase_rows);
            }
            let cells = pending.iter().map(RawRows::count).sum::<u64>() / self.phases.len() as u64;
            if cells >= self.settings.batch_cells.get() as u64 {
                write(&mut pending, &mut writer)?;
            }
        }
        write(&mut pending, &mut writer)?;
        Ok((took, rows))
    }
}
