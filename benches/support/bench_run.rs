//! Wraps one copy of a database with the operations that are measured on it.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use plimsoll::domain::output::CellOutput;
use plimsoll::domain::{Cell, Day, DayRange, PortfolioId, RunId, Scope};
use plimsoll::engine::{self, Outcome, RunObserver, RunRequest, Settings, SurveyResult};
use plimsoll::environment::{Clock, Environment, IdSource, Process, ProcessTable};
use plimsoll::plan::Request;
use plimsoll::scenario::synthetic::now;
use plimsoll::store::{
    Batch, CommitContext, Lease, ModelNumber, NewRun, Progress, ReadTransaction, Revision, Store,
    StoreError, WriteTransaction, Writer,
};
use tempfile::TempDir;

/// The database of one measurement.
pub(crate) struct BenchRun {
    folder: TempDir,
    store: Store,
    settings: Settings,
    environment: Environment,
}

impl BenchRun {
    pub(crate) fn new(folder: TempDir, store: Store, settings: Settings) -> Self {
        let environment = Environment {
            clock: Clock::fixed(now()),
            wall_clock: Clock::system(),
            ids: IdSource::sequential(1),
            process: Process::current(),
            processes: ProcessTable::System,
        };
        Self {
            folder,
            store,
            settings,
            environment,
        }
    }

    /// Reads the survey of all active portfolios.
    pub(crate) fn survey(&self) -> SurveyResult {
        let request = Request::new(Scope::AllActive);
        self.store
            .read(|reading| engine::survey(reading, &request, &self.settings, now()))
            .expect("a valid database")
    }

    /// Executes a nightly run, which must leave no cell open. The duration is from opening the
    /// writer to closing it.
    pub(crate) fn run(&self) -> (Outcome, Duration) {
        let request = RunRequest::new(Request::new(Scope::AllActive), "all active");
        let cancel = AtomicBool::new(false);
        let observer = RunObserver::unobserved(&cancel);
        let (settings, environment) = (&self.settings, &self.environment);
        let (result, duration) =
            self.timed(|| engine::run(&self.store, &request, settings, environment, &observer));
        let outcome = result.expect("a run without failures");
        let certificate = &outcome.certificate;
        assert!(
            certificate.is_valid() && certificate.is_complete(),
            "{certificate:?}"
        );
        (outcome, duration)
    }

    fn timed<T>(&self, work: impl FnOnce() -> T) -> (T, Duration) {
        let before = self.environment.wall_clock.elapsed();
        let result = work();
        (
            result,
            self.environment.wall_clock.elapsed().saturating_sub(before),
        )
    }

    /// Returns the size of the database in bytes, after its log is emptied.
    pub(crate) fn bytes(&self) -> u64 {
        let mut writer = self.store.writer().expect("a writer");
        writer.checkpoint().expect("a log without readers");
        let file = std::fs::metadata(self.folder.path().join("books.db"));
        file.expect("a database file").len()
    }

    /// Returns the outputs of one portfolio on the last session with outputs.
    pub(crate) fn last_output(&self, portfolio: PortfolioId) -> CellOutput {
        let read = |reading: &ReadTransaction<'_>| {
            let rows = reading.outputs().snapshot_ids_by_day(DayRange::ALL)?;
            let day = *rows.keys().last().expect("a database after a run");
            let cell = Cell::new(day, portfolio);
            Ok::<_, StoreError>(CellOutput {
                cell,
                snapshot: reading.outputs().snapshot(cell)?,
                positions: reading.outputs().positions(cell)?,
                exposures: reading.outputs().exposures(cell)?,
                risk: reading.outputs().risk(cell)?.map(|(_, risk)| risk),
            })
        };
        self.store.read(read).expect("outputs that can be read")
    }

    /// Starts a run and takes the lease, to commit batches by hand.
    pub(crate) fn batch_committer(&self) -> BatchCommitter<'_> {
        let mut writer = self.store.writer().expect("a writer");
        let start = NewRun {
            key: RunId::new(self.environment.ids.next()),
            started: now(),
            policy: "per-cell".to_owned(),
            scope: "all active".to_owned(),
            target: Day::MAX,
            plan: String::new(),
            progress: Progress::default(),
        };
        let begin = |writing: &WriteTransaction<'_>| {
            let run = writing.runs().start(&start)?;
            let lease = writing
                .lease()
                .acquire(run, &self.environment, self.settings.lease)?;
            Ok::<_, StoreError>((
                lease,
                writing.revision()?,
                writing.risk_models().in_force()?.0,
            ))
        };
        let (lease, revision, model) = writer.write(begin).expect("a database that is free");
        BatchCommitter {
            run: self,
            writer,
            lease,
            revision,
            model,
            batches: 0,
        }
    }
}

/// A started run that commits the batches it is given.
pub(crate) struct BatchCommitter<'r> {
    run: &'r BenchRun,
    writer: Writer,
    lease: Lease,
    revision: Revision,
    model: ModelNumber,
    batches: i64,
}

impl BatchCommitter<'_> {
    /// Commits a batch and returns the duration.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Duration {
        self.batches += 1;
        let context = CommitContext {
            before_commit: &|| {},
            lease: &self.lease,
            lease_length: self.run.settings.lease,
            revision: self.revision,
            model: self.model,
            number: self.batches,
        };
        let (writer, environment) = (&mut self.writer, &self.run.environment);
        let (result, duration) = self
            .run
            .timed(|| writer.commit_batch(batch, &context, &Progress::default(), environment));
        result.expect("a batch that can be committed");
        duration
    }
}
