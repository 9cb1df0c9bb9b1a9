//! A temporary database, filled by imports and runs, whose rows tests can inspect.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use plimsoll::domain::{Calendar, Day, DayRange, IdSet, Phase, PhaseSet, RiskModel, Scope};
use plimsoll::engine::{Outcome, PriceWait, RunObserver, RunRequest, Settings, run};
use plimsoll::environment::Environment;
use plimsoll::import::apply::{
    ApplyError, FileKind, ImportContext, ImportResult, Mode, SourceFile, import_file,
};
use plimsoll::import::{ImportOptions, Restatements};
use plimsoll::plan::Request;
use plimsoll::store::{ReadTransaction, Store, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

pub(crate) type Row = Vec<Value>;
/// Output rows by phase and key.
pub(crate) type Outputs = BTreeMap<(Phase, i64), Row>;
pub(crate) type Cells = BTreeMap<(Day, Phase), IdSet>;

/// The output table of each phase.
const OUTPUTS: [(Phase, &str); 5] = [
    (Phase::Securities, "security_statistics"),
    (Phase::Snapshot, "snapshot"),
    (Phase::Positions, "position"),
    (Phase::Exposures, "exposure"),
    (Phase::Risk, "risk"),
];

/// A database, and the settings and clock of its runs.
pub(crate) struct Books {
    folder: TempDir,
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
}

impl Books {
    /// Creates an empty database, with the clock on the evening of `today`. Every weekday is a
    /// session, and no cell waits for prices.
    pub(crate) fn on(today: Day, model: RiskModel) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let settings = Settings {
            calendar: Calendar::weekdays(),
            model: Some(model),
            price_wait: PriceWait {
                min_priced_share: 0.0,
                max_unpriced_share: 1.0,
                ..PriceWait::default()
            },
            ..Settings::new_york()
        };
        let environment = Environment::fixed(evening(today), 7);
        Self {
            folder,
            store,
            settings,
            environment,
        }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn import_context(&self) -> ImportContext<'_> {
        ImportContext {
            calendar: &self.settings.calendar,
            now: self.environment.clock.now(),
            profiles: plimsoll::import::profile::Profiles::shipped(),
        }
    }

    pub(crate) fn try_import(
        &self,
        kind: FileKind,
        text: &str,
        mode: Mode,
    ) -> Result<ImportResult, ApplyError> {
        // The tests change closes and splits at random.
        let options = ImportOptions {
            restatements: Restatements::Allowed,
            ..ImportOptions::default()
        };
        self.import_with(kind, text, mode, &options)
    }

    pub(crate) fn import_with(
        &self,
        kind: FileKind,
        text: &str,
        mode: Mode,
        options: &ImportOptions,
    ) -> Result<ImportResult, ApplyError> {
        let file = SourceFile {
            kind,
            name: "file.csv",
            bytes: text.as_bytes(),
            options,
        };
        import_file(
            &mut self.store.writer().unwrap(),
            &file,
            &self.import_context(),
            mode,
        )
    }

    /// Imports a file and panics if any row is invalid.
    pub(crate) fn import(&self, kind: FileKind, text: &str) -> ImportResult {
        let result = self.try_import(kind, text, Mode::Apply).unwrap();
        let invalid = result.counts.invalid;
        assert_eq!(invalid, 0, "{:?}\n{text}", result.first_error());
        result
    }

    /// Runs all needed cells, with one thread.
    pub(crate) fn run(&self) -> Outcome {
        let run_request = RunRequest {
            jobs: NonZeroUsize::new(1),
            ..RunRequest::new(Request::new(Scope::AllActive), "all")
        };
        let cancel = AtomicBool::new(false);
        let observer = RunObserver::unobserved(&cancel);
        run(
            &self.store,
            &run_request,
            &self.settings,
            &self.environment,
            &observer,
        )
        .unwrap()
    }

    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&ReadTransaction<'_>) -> Result<T, StoreError>,
    ) -> T {
        self.store.read(query).unwrap()
    }

    /// Returns all ids of the ledger, by session and phase.
    pub(crate) fn ledger(&self) -> Cells {
        let coverage = self.read(|reading| reading.ledger().coverage(DayRange::ALL, PhaseSet::ALL));
        let done = coverage.iter();
        done.map(|(day, phase, ids)| ((day, phase), ids.clone()))
            .collect()
    }

    /// Returns the output rows that the ledger covers, with every column.
    pub(crate) fn outputs(&self) -> Outputs {
        let ledger = self.ledger();
        let mut outputs = BTreeMap::new();
        for (phase, table) in OUTPUTS {
            for row in self.table(table) {
                let Value::Integer(key) = row[0] else {
                    panic!("the key of {table} is {:?}", row[0]);
                };
                let day = Day::from_number((key >> 32) as i32).unwrap();
                let done = ledger.get(&(day, phase));
                if done.is_some_and(|done| done.contains(key as u32)) {
                    outputs.insert((phase, key), row);
                }
            }
        }
        // The cash of a cell is a part of its snapshot.
        for row in self.table("foreign_cash") {
            let Value::Integer(key) = row[0] else {
                panic!("the key of foreign cash is {:?}", row[0]);
            };
            if let Some(snapshot) = outputs.get_mut(&(Phase::Snapshot, key)) {
                snapshot.extend(row);
            }
        }
        outputs
    }

    /// Returns every row of every table.
    pub(crate) fn all_rows(&self) -> BTreeMap<String, Vec<Row>> {
        let tables = {
            let connection = self.connection();
            let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
            let mut statement = connection.prepare(sql).unwrap();
            let names = statement.query_map([], |row| row.get::<_, String>(0));
            names.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
        };
        let rows = |table: String| (table.clone(), self.table(&table));
        tables.into_iter().map(rows).collect()
    }

    fn table(&self, table: &str) -> Vec<Row> {
        let connection = self.connection();
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn connection(&self) -> Connection {
        Connection::open(self.store.path()).unwrap()
    }
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn evening(day: Day) -> DateTime<Utc> {
    day.to_date().and_hms_opt(20, 0, 0).unwrap().and_utc()
}

/// Returns the cells in `before` that are not in `after`.
pub(crate) fn difference(before: &Cells, after: &Cells) -> Cells {
    let mut missing = Cells::new();
    for (at, ids) in before {
        let remaining = after.get(at);
        let removed = remaining.map_or_else(|| ids.clone(), |remaining| ids - remaining);
        if !removed.is_empty() {
            missing.insert(*at, removed);
        }
    }
    missing
}
