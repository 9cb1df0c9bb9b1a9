//! A database of its own, filled from files and by runs, that can be looked at row by row.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use plimsoll::domain::{Calendar, Day, DayRange, IdSet, Phase, PhaseSet, RiskModel, Scope};
use plimsoll::engine::{Outcome, PriceWait, RunObserver, RunRequest, Settings, run};
use plimsoll::environment::Environment;
use plimsoll::import::apply::{
    ApplyError, FileKind, ImportContext, ImportOptions, ImportResult, Mode, SourceFile, import_file,
};
use plimsoll::phases::LONGEST_WINDOW;
use plimsoll::plan::Request;
use plimsoll::store::{ReadTransaction, Store, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

pub(crate) type Row = Vec<Value>;
/// Rows by phase and key.
pub(crate) type Outputs = BTreeMap<(Phase, i64), Row>;
pub(crate) type Cells = BTreeMap<(Day, Phase), IdSet>;

/// The tables in which a phase puts its outputs.
const OUTPUTS: [(Phase, &str); 5] = [
    (Phase::Securities, "security_statistics"),
    (Phase::Snapshot, "snapshot"),
    (Phase::Positions, "position"),
    (Phase::Exposures, "exposure"),
    (Phase::Risk, "risk"),
];

/// A database and the rules it is filled by.
pub(crate) struct Books {
    folder: TempDir,
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
}

impl Books {
    /// A database with nothing in it, on the evening of `today`. Every weekday is a session, and
    /// no cell waits for prices.
    pub(crate) fn on(today: Day, model: RiskModel) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let settings = Settings {
            calendar: Calendar::weekdays(),
            model: Some(model),
            price_wait: PriceWait {
                min_priced_share: 0.0,
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
            window: LONGEST_WINDOW,
            now: self.environment.clock.now(),
        }
    }

    pub(crate) fn try_import(
        &self,
        kind: FileKind,
        text: &str,
        mode: Mode,
    ) -> Result<ImportResult, ApplyError> {
        let file = SourceFile {
            kind,
            name: "file.csv",
            bytes: text.as_bytes(),
            options: &ImportOptions::default(),
        };
        import_file(
            &mut self.store.writer().unwrap(),
            &file,
            &self.import_context(),
            mode,
        )
    }

    /// Takes in a file that has nothing wrong with it.
    pub(crate) fn import(&self, kind: FileKind, text: &str) -> ImportResult {
        let taken = self.try_import(kind, text, Mode::Apply).unwrap();
        assert_eq!(taken.counts.invalid, 0, "{:?}\n{text}", taken.first_error());
        taken
    }

    /// Does everything that is needed.
    pub(crate) fn run(&self) -> Outcome {
        let asked = RunRequest {
            jobs: NonZeroUsize::new(1),
            ..RunRequest::new(Request::new(Scope::AllActive), "all")
        };
        let cancel = AtomicBool::new(false);
        let watch = RunObserver::unobserved(&cancel);
        run(
            &self.store,
            &asked,
            &self.settings,
            &self.environment,
            &watch,
        )
        .unwrap()
    }

    pub(crate) fn read<T>(
        &self,
        ask: impl FnOnce(&ReadTransaction<'_>) -> Result<T, StoreError>,
    ) -> T {
        self.store.read(ask).unwrap()
    }

    /// What the ledger holds.
    pub(crate) fn ledger(&self) -> Cells {
        let coverage = self.read(|reading| reading.coverage(DayRange::ALL, PhaseSet::ALL));
        let done = coverage.iter();
        done.map(|(day, phase, who)| ((day, phase), who.clone()))
            .collect()
    }

    /// The outputs that the ledger vouches for, byte for byte.
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
        outputs
    }

    /// Every row of every table.
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

/// What `before` holds and `after` does not.
pub(crate) fn difference(before: &Cells, after: &Cells) -> Cells {
    let mut gone = Cells::new();
    for (at, who) in before {
        let left = after.get(at).map_or_else(|| who.clone(), |left| who - left);
        if !left.is_empty() {
            gone.insert(*at, left);
        }
    }
    gone
}
