//! Test harness: a world on a file or a simulated disk, with short helpers to run and inspect it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use plimsoll::disk::SimulatedDisk;
use plimsoll::domain::{Correction, Day, DayRange, Lifecycle, Portfolio, Scope};
use plimsoll::engine::{
    self, EngineError, Outcome, RunObserver, RunRequest, Settings, survey_and_plan,
};
use plimsoll::environment::Environment;
use plimsoll::plan::{Plan, PolicyName, Request, Target};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::store::{Location, RunState, Store, StoreError};
use rusqlite::types::ValueRef;

pub(crate) const JAN_8: &str = include_str!("../../fixtures/jan_8_production.toml");

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn range(first: &str, last: &str) -> DayRange {
    DayRange::new(day(first), day(last)).unwrap()
}

pub(crate) struct Harness {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
}

/// Creates the database of a world in a file.
pub(crate) fn harness(text: &str) -> Harness {
    harness_at(text, |path| Location::from(path))
}

/// Creates the database of a world on a simulated disk. Reading its rows needs
/// [`Harness::copy_to_file`] first.
pub(crate) fn harness_on_disk(text: &str, disk: &SimulatedDisk) -> Harness {
    harness_at(text, |_| Location::from(disk))
}

fn harness_at(text: &str, location: impl FnOnce(&Path) -> Location) -> Harness {
    let world = World::read(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        calendar: world.calendar.clone(),
        ..Settings::new_york()
    };
    let location = location(&folder.path().join("books.db"));
    Harness {
        store: load(&world, "test", location, &settings, &|_| {}).unwrap(),
        environment: Environment::fixed(world.now, 1_000),
        folder,
        settings,
    }
}

/// Returns the request of the nightly run.
pub(crate) fn nightly() -> RunRequest {
    RunRequest::new(Request::new(Scope::AllActive), "all active")
}

/// Returns the request of a run up to a target.
pub(crate) fn nightly_to(target: &str) -> RunRequest {
    let mut run_request = nightly();
    run_request.request.target = Target::On(day(target));
    run_request
}

/// Returns the request of the nightly run under a policy.
pub(crate) fn nightly_with(policy: PolicyName) -> RunRequest {
    let mut run_request = nightly();
    run_request.request.policy = policy.policy();
    run_request
}

/// Returns the number of cells done by session, with days as text.
pub(crate) fn done_counts(outcome: &Outcome) -> Vec<(String, u64)> {
    let days = outcome.done.iter();
    days.map(|(day, ids)| (day.to_string(), ids.len()))
        .collect()
}

pub(crate) fn day_counts(days: &[(&str, u64)]) -> Vec<(String, u64)> {
    days.iter()
        .map(|(day, count)| ((*day).to_owned(), *count))
        .collect()
}

impl Harness {
    /// Wraps a database that a later process has opened.
    pub(crate) fn reopened(store: Store, settings: Settings, environment: Environment) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            store,
            settings,
            environment,
        }
    }

    /// Opens the database of a disk as another process does, whose ids begin with `first_id`.
    pub(crate) fn opened_on(&self, disk: &SimulatedDisk, first_id: u64) -> Self {
        let environment = Environment::fixed(self.environment.clock.now(), first_id);
        Self::reopened(
            Store::open(disk).unwrap(),
            self.settings.clone(),
            environment,
        )
    }

    /// Opens the database of a disk as the next process does, when this one is gone.
    pub(crate) fn succeeded_on(&self, disk: &SimulatedDisk) -> Self {
        let environment = self.environment.successor().unwrap();
        Self::reopened(
            Store::open(disk).unwrap(),
            self.settings.clone(),
            environment,
        )
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    /// Copies the database from a simulated disk into the file that [`Self::output_rows`] reads.
    pub(crate) fn copy_to_file(&self) {
        let path = self.path();
        self.store.read(|reading| reading.copy_to(&path)).unwrap();
    }

    pub(crate) fn try_run(&self, request: &RunRequest) -> Result<Outcome, EngineError> {
        let cancel = AtomicBool::new(false);
        let observer = RunObserver::unobserved(&cancel);
        engine::run(
            &self.store,
            request,
            &self.settings,
            &self.environment,
            &observer,
        )
    }

    pub(crate) fn run(&self, request: &RunRequest) -> Outcome {
        self.try_run(request).unwrap()
    }

    /// Returns the plan of the nightly run on the current state.
    pub(crate) fn plan(&self) -> Plan {
        let now = self.environment.clock.now();
        let request = nightly().request;
        let planned = self
            .store
            .read(|reading| survey_and_plan(reading, &request, &self.settings, now));
        planned.unwrap().1
    }

    pub(crate) fn portfolio(&self, name: &str) -> Portfolio {
        let mut found = self
            .store
            .read(|reading| reading.portfolios().named(name))
            .unwrap();
        found.pop().unwrap()
    }

    /// Returns every row of every output and of the ledger, byte for byte.
    pub(crate) fn output_rows(&self) -> Vec<String> {
        let tables = [
            "ledger",
            "snapshot",
            "foreign_cash",
            "position",
            "exposure",
            "risk",
            "security_statistics",
        ];
        let rows = tables.iter().flat_map(|table| self.rows(table, None));
        rows.collect()
    }

    /// Returns the rows of a table, or only those of one portfolio.
    fn rows(&self, table: &str, portfolio: Option<u32>) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let condition = portfolio.map_or(String::new(), |id| {
            format!("WHERE cell & 0xffffffff = {id}")
        });
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table} {condition} ORDER BY 1, 2"))
            .unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = found.next().unwrap() {
            let mut text = table.to_owned();
            for column in 0..columns {
                text += &match row.get_ref(column).unwrap() {
                    ValueRef::Real(number) => format!(" {:016x}", number.to_bits()),
                    ValueRef::Blob(bytes) => format!(" {bytes:02x?}"),
                    other => format!(" {other:?}"),
                };
            }
            rows.push(text);
        }
        rows
    }

    /// Returns the rows of one portfolio in every output of cells, byte for byte.
    pub(crate) fn rows_of(&self, name: &str) -> Vec<String> {
        let id = self.portfolio(name).id.0;
        let mut rows = self.rows("snapshot", Some(id));
        for table in ["foreign_cash", "position", "exposure", "risk"] {
            rows.extend(self.rows(table, Some(id)));
        }
        rows
    }

    /// Returns the states of all runs, newest first.
    pub(crate) fn run_states(&self) -> Vec<RunState> {
        let runs = self
            .store
            .read(|reading| reading.runs().latest(1_000))
            .unwrap();
        runs.iter().map(|run| run.state).collect()
    }

    /// Replaces the lifecycle of a portfolio.
    pub(crate) fn change_lifecycle(&self, name: &str, lifecycle: Lifecycle) {
        let old = self.portfolio(name);
        let new = Portfolio {
            lifecycle,
            ..old.clone()
        };
        let mut writer = self.store.writer().unwrap();
        let changed: Result<(), StoreError> = writer.write(|writing| {
            let correction = Correction { was: old, now: new };
            writing.portfolios().correct(&[correction])?;
            writing.increment_revision()
        });
        changed.unwrap();
    }

    /// Executes SQL on the file directly, without the store.
    pub(crate) fn execute_sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path())
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    }
}
