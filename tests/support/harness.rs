//! A world on a real file or a simulated disk, and what can be done on it in a line.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use plimsoll::domain::{Day, DayRange, Lifecycle, Portfolio, Scope};
use plimsoll::engine::{
    self, EngineError, Outcome, RunObserver, RunRequest, Settings, survey_and_plan,
};
use plimsoll::environment::Environment;
use plimsoll::plan::{Plan, PolicyName, Request, Target};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::store::{Location, RunState, SimulatedDisk, Store, StoreError};
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

/// The database of a world, in a file.
pub(crate) fn harness(text: &str) -> Harness {
    harness_at(text, |path| Location::from(path))
}

/// The database of a world on a simulated disk. What looks at its rows needs [`Stage::keep`].
pub(crate) fn harness_on_disk(text: &str, disk: &SimulatedDisk) -> Harness {
    harness_at(text, |_| Location::from(disk))
}

fn harness_at(text: &str, place: impl FnOnce(&Path) -> Location) -> Harness {
    let world = World::read(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        calendar: world.calendar.clone(),
        ..Settings::new_york()
    };
    let place = place(&folder.path().join("books.db"));
    Harness {
        store: load(&world, "test", place, &settings, &|_| {}).unwrap(),
        environment: Environment::fixed(world.now, 1_000),
        folder,
        settings,
    }
}

/// The ordinary nightly run.
pub(crate) fn nightly() -> RunRequest {
    RunRequest::new(Request::new(Scope::AllActive), "all active")
}

/// The nightly run up to a target.
pub(crate) fn nightly_to(target: &str) -> RunRequest {
    let mut asked = nightly();
    asked.request.target = Target::On(day(target));
    asked
}

/// The nightly run by a policy.
pub(crate) fn nightly_with(policy: PolicyName) -> RunRequest {
    let mut asked = nightly();
    asked.request.policy = policy.policy();
    asked
}

/// Cells by day, for comparing at a glance.
pub(crate) fn done_counts(outcome: &Outcome) -> Vec<(String, u64)> {
    let days = outcome.done.iter();
    days.map(|(day, who)| (day.to_string(), who.len()))
        .collect()
}

pub(crate) fn day_counts(days: &[(&str, u64)]) -> Vec<(String, u64)> {
    days.iter()
        .map(|(day, count)| ((*day).to_owned(), *count))
        .collect()
}

impl Harness {
    /// What a later process finds.
    pub(crate) fn reopened(store: Store, settings: Settings, environment: Environment) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            store,
            settings,
            environment,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    /// Copies the database from a simulated disk into the file that [`Stage::books`] reads.
    pub(crate) fn copy_to_file(&self) {
        let path = self.path();
        self.store.read(|reading| reading.copy_to(&path)).unwrap();
    }

    pub(crate) fn try_run(&self, asked: &RunRequest) -> Result<Outcome, EngineError> {
        let cancel = AtomicBool::new(false);
        let watch = RunObserver::unobserved(&cancel);
        engine::run(
            &self.store,
            asked,
            &self.settings,
            &self.environment,
            &watch,
        )
    }

    pub(crate) fn run(&self, asked: &RunRequest) -> Outcome {
        self.try_run(asked).unwrap()
    }

    /// The plan of an ordinary night, as the database stands.
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
            .read(|reading| reading.portfolios_named(name))
            .unwrap();
        found.pop().unwrap()
    }

    /// Every row of every output and of the ledger, byte for byte.
    pub(crate) fn output_rows(&self) -> Vec<String> {
        let tables = [
            "ledger",
            "snapshot",
            "position",
            "exposure",
            "risk",
            "security_statistics",
        ];
        let rows = tables.iter().flat_map(|table| self.rows(table, None));
        rows.collect()
    }

    /// The rows of a table, those of one portfolio only where it is named.
    fn rows(&self, table: &str, portfolio: Option<u32>) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let which = portfolio.map_or(String::new(), |id| {
            format!("WHERE cell & 0xffffffff = {id}")
        });
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table} {which} ORDER BY 1, 2"))
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

    /// The rows of one portfolio in every output of cells, byte for byte.
    pub(crate) fn rows_of(&self, name: &str) -> Vec<String> {
        let id = self.portfolio(name).id.0;
        let mut rows = self.rows("snapshot", Some(id));
        for table in ["position", "exposure", "risk"] {
            rows.extend(self.rows(table, Some(id)));
        }
        rows
    }

    /// How the runs ended, newest first.
    pub(crate) fn run_states(&self) -> Vec<RunState> {
        let runs = self.store.read(|reading| reading.runs(1_000)).unwrap();
        runs.iter().map(|run| run.state).collect()
    }

    /// Gives a portfolio another life.
    pub(crate) fn change_lifecycle(&self, name: &str, life: Lifecycle) {
        let was = self.portfolio(name);
        let is = Portfolio {
            lifecycle: life,
            ..was.clone()
        };
        let mut writer = self.store.writer().unwrap();
        let changed: Result<(), StoreError> = writer.write(|writing| {
            writing.change_portfolio(&is)?;
            writing.change_lifecycle_index(&[(was.id, Some(was.lifecycle), life)])?;
            writing.increment_revision()
        });
        changed.unwrap();
    }

    /// Runs SQL of a test's own, behind the engine's back.
    pub(crate) fn execute_sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path())
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    }
}
