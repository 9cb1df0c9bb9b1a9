//! A world on a real file, and what can be done on it in a line.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use plimsoll::domain::{Day, DayRange, Portfolio, Scope};
use plimsoll::engine::{self, EngineError, Outcome, RunRequest, Settings, Watch};
use plimsoll::environment::Environment;
use plimsoll::plan::{PolicyName, Request, Target};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::store::Store;
use rusqlite::types::ValueRef;

pub(crate) const JAN_8: &str = include_str!("../../fixtures/jan_8_production.toml");

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn range(first: &str, last: &str) -> DayRange {
    DayRange::new(day(first), day(last)).unwrap()
}

pub(crate) struct Stage {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
}

/// The database of a world.
pub(crate) fn stage(text: &str) -> Stage {
    let world = World::read(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        calendar: world.calendar.clone(),
        ..Settings::new_york()
    };
    let path = folder.path().join("books.db");
    Stage {
        store: load(&world, "test", &path, &settings, &|_| {}).unwrap(),
        environment: Environment::fixed(world.now, 1_000),
        folder,
        settings,
    }
}

/// The ordinary nightly run.
pub(crate) fn nightly() -> RunRequest {
    RunRequest {
        request: Request::of(Scope::AllActive),
        scope_name: "all active".to_owned(),
        force: None,
        expected_plan: None,
        max_cells: None,
        jobs: None,
    }
}

/// The nightly run up to a target.
pub(crate) fn up_to(target: &str) -> RunRequest {
    let mut asked = nightly();
    asked.request.target = Target::On(day(target));
    asked
}

/// The nightly run by a policy.
pub(crate) fn by(policy: PolicyName) -> RunRequest {
    let mut asked = nightly();
    asked.request.policy = policy.policy();
    asked
}

/// Cells by day, for comparing at a glance.
pub(crate) fn counts(outcome: &Outcome) -> Vec<(String, u64)> {
    let days = outcome.done.iter();
    days.map(|(day, who)| (day.to_string(), who.len()))
        .collect()
}

pub(crate) fn expected(days: &[(&str, u64)]) -> Vec<(String, u64)> {
    days.iter()
        .map(|(day, count)| ((*day).to_owned(), *count))
        .collect()
}

impl Stage {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    pub(crate) fn try_run(&self, asked: &RunRequest) -> Result<Outcome, EngineError> {
        let watch = Watch {
            cancel: &AtomicBool::new(false),
            progress: &|_| {},
        };
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

    pub(crate) fn portfolio(&self, name: &str) -> Portfolio {
        let mut found = self
            .store
            .read(|reading| reading.portfolios_named(name))
            .unwrap();
        found.pop().unwrap()
    }

    /// Every row of every output and of the ledger, byte for byte.
    pub(crate) fn books(&self) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let mut rows = Vec::new();
        for table in [
            "ledger",
            "snapshot",
            "position",
            "exposure",
            "risk",
            "security_statistics",
        ] {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
                .unwrap();
            let columns = statement.column_count();
            let mut found = statement.query([]).unwrap();
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
        }
        rows
    }

    /// Runs SQL of a test's own, behind the engine's back.
    pub(crate) fn damage(&self, sql: &str) {
        rusqlite::Connection::open(self.path())
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    }
}
