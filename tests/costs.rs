//! Limits the cost of a run on generated books: disk calls, written bytes and syncs. Time is
//! not measured.

use std::sync::atomic::AtomicBool;

use plimsoll::disk::{Operation, SimulatedDisk};
use plimsoll::domain::{Cell, PhaseSet, PortfolioId, Scope};
use plimsoll::engine::{self, RunObserver, RunRequest, Settings};
use plimsoll::environment::Environment;
use plimsoll::plan::{FirstGap, Plan, Request, ScopeWatermark, plan};
use plimsoll::query::Names;
use plimsoll::scenario::synthetic::{InitialCoverage, Shape, create_database, now};
use plimsoll::store::{ReadTransaction, Store};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Page size of the database, in bytes.
const PAGE: usize = 16_384;

const OUTPUT_TABLES: [&str; 5] = [
    "security_statistics",
    "snapshot",
    "position",
    "exposure",
    "risk",
];

/// The cost of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    cells: u64,
    /// Number of calls that SQLite makes of the disk, including reads and locks.
    calls: usize,
    /// Bytes written to any file.
    written: usize,
    /// Number of syncs of any file.
    syncs: usize,
}

fn books(
    disk: &SimulatedDisk,
    portfolios: u32,
    sessions: usize,
    coverage: InitialCoverage,
) -> Store {
    let shape = Shape {
        portfolios,
        sessions,
        holdings: 30,
    };
    create_database(disk, &Settings::new_york(), shape, coverage).unwrap()
}

fn run(disk: &SimulatedDisk, store: &Store) -> Cost {
    let request = RunRequest::new(Request::new(Scope::AllActive), "all active");
    let cancel = AtomicBool::new(false);
    let observer = RunObserver::unobserved(&cancel);
    let environment = Environment::system(Some(now()));
    disk.start_log();
    // Counts calls without injecting a fault.
    disk.arm(None);
    let outcome = engine::run(
        store,
        &request,
        &Settings::new_york(),
        &environment,
        &observer,
    )
    .unwrap();
    let (calls, _) = disk.disarm();
    let log = disk.end_log();
    assert!(outcome.certificate.is_complete());
    Cost {
        cells: outcome.progress.done,
        calls: calls.len(),
        written: written(&log),
        syncs: log
            .iter()
            .filter(|operation| matches!(operation, Operation::Sync { .. }))
            .count(),
    }
}

fn written(log: &[Operation]) -> usize {
    let sizes = log.iter().map(|operation| match operation {
        Operation::Write { bytes, .. } => bytes.len(),
        _ => 0,
    });
    sizes.sum()
}

fn cost(portfolios: u32, sessions: usize, coverage: InitialCoverage) -> Cost {
    let disk = SimulatedDisk::new();
    let store = books(&disk, portfolios, sessions, coverage);
    run(&disk, &store)
}

fn planned(store: &Store) -> Plan {
    let (request, settings) = (Request::new(Scope::AllActive), Settings::new_york());
    let survey =
        |reading: &ReadTransaction<'_>| engine::survey(reading, &request, &settings, now());
    let surveyed = store.read(survey).unwrap();
    plan(&request, &surveyed.survey, surveyed.today).unwrap()
}

/// Returns the size of all stored output rows in bytes: eight for each number, none for an absent
/// value.
fn payload(store: &Store) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    store
        .read(|reading| reading.copy_to(copy.as_path()))
        .unwrap();
    let connection = Connection::open(&copy).unwrap();
    OUTPUT_TABLES
        .iter()
        .map(|table| {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {table}"))
                .unwrap();
            let columns = 0..statement.column_count();
            let mut rows = statement.query([]).unwrap();
            let mut bytes = 0;
            while let Some(row) = rows.next().unwrap() {
                let values = columns.clone().map(|column| row.get_ref(column).unwrap());
                bytes += values.map(size).sum::<usize>();
            }
            bytes
        })
        .sum()
}

fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 8,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
    }
}

#[test]
fn idle_run_cost_does_not_depend_on_portfolio_count() {
    let few = cost(13, 20, InitialCoverage::Full);
    assert_eq!(few.cells, 0);
    assert_eq!(cost(1_300, 20, InitialCoverage::Full), few);
    assert_eq!(cost(130_000, 20, InitialCoverage::Full), few);
    // The run writes its own row, and the lease when it is taken and released. Each commit writes the
    // page of the digests. The first run notes the share above which sessions are unpriced. As the
    // writer ends, it moves the log into the database.
    assert!(few.syncs <= 6, "{few:?}");
    assert!(few.written <= 19 * PAGE, "{few:?}");
}

#[test]
fn only_portfolios_mentioned_in_a_large_plan_are_named() {
    let disk = SimulatedDisk::new();
    let store = books(&disk, 2_000, 3, InitialCoverage::AllButLast);
    let plan = planned(&store);
    let named = |watermark| {
        Names::for_plan(&store, &plan, &watermark)
            .unwrap()
            .portfolio_names()
            .clone()
    };
    let names: Vec<_> = named(ScopeWatermark::NoneDue).into_values().collect();
    assert_eq!(names, ["P0002000"]);
    let held_by = FirstGap {
        cell: Cell::new(plan.target.day, PortfolioId(7)),
        open_phases: PhaseSet::CELL_PHASES,
    };
    let names: Vec<_> = named(ScopeWatermark::NoneYet { held_by })
        .into_values()
        .collect();
    assert_eq!(names, ["P0000007", "P0002000"]);

    // A report of a few portfolios reads the names of all.
    let disk = SimulatedDisk::new();
    let few = books(&disk, 13, 3, InitialCoverage::AllButLast);
    let plan = planned(&few);
    let all = Names::for_plan(&few, &plan, &ScopeWatermark::NoneDue).unwrap();
    assert_eq!(all.portfolio_names().len(), 13);
}

#[test]
fn a_newcomer_costs_the_same_beside_few_and_beside_many() {
    let few = cost(13, 20, InitialCoverage::AllButLast);
    let many = cost(1_300, 20, InitialCoverage::AllButLast);
    assert_eq!((few.cells, many.cells), (20, 20));
    assert_eq!((few.written, few.syncs), (many.written, many.syncs));
    // Trees over many portfolios are one level deeper, so each of a few lookups may read one more page.
    // The pool may have opened one reader more, which takes some twenty calls.
    assert!(many.calls <= few.calls + 32, "{few:?}, {many:?}");
}

#[test]
fn a_catch_up_writes_little_more_than_its_rows_and_few_pages_a_cell() {
    let disk = SimulatedDisk::new();
    let store = books(&disk, 400, 4, InitialCoverage::None);
    let cost = run(&disk, &store);
    assert_eq!(cost.cells, 1_600);
    let payload = payload(&store);
    // Each page is written to the write-ahead log, and again as the writer ends, to the database file.
    assert!(cost.written * 10 <= payload * 24, "{cost:?}, {payload}");
    assert!(cost.calls as u64 * 10 <= cost.cells * 7, "{cost:?}");
    assert!(cost.syncs <= 7, "{cost:?}");
}
