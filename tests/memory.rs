//! Counts the memory and allocations of planning and of a run. Nothing is timed. SQLite's own
//! memory is not counted: the sizes of its caches bound it.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use dhat::{HeapStats, Profiler};
use plimsoll::domain::Scope;
use plimsoll::engine::{self, RunObserver, RunRequest, Settings, survey_and_plan};
use plimsoll::environment::Environment;
use plimsoll::plan::Request;
use plimsoll::scenario::script::{FixtureError, Scenario};
use plimsoll::scenario::synthetic::{InitialCoverage, Shape, create_database, now};
use plimsoll::store::Store;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Runs all checks in one test, because the allocator counts the allocations of all threads.
#[test]
fn memory_grows_with_pending_work_only() {
    planning_memory_grows_with_gaps_only();
    run_frees_computed_cells();
    refused_worlds_take_a_small_multiple_of_their_text();
}

/// Texts that name more than a world may have.
fn refused_worlds_take_a_small_multiple_of_their_text() {
    let many_names = (0..2_000).map(|number| format!("\"P{number}..P999999\" = {{}}\n"));
    let many_names = format!("[portfolios]\n{}", many_names.collect::<String>());
    let unknown = "[[step]]\nrun = { portfolios = \"P1..P999999\" }\n";
    for text in [
        "[portfolios]\n\"P1..P999999\" = { complete = \"..\" }\n",
        "[market]\nshares = 1000000000\n",
        "[[invalidation]]\ncause = \"forced\"\nportfolios = \"P1..P999999\"\ndays = \"..\"\n",
        unknown,
        &many_names,
    ] {
        let text = format!("now = 2026-01-08T18:00:00-05:00\n{text}");
        let fixtures = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let heap = heap_stats_of(|| assert!(Scenario::read("a", &text, &fixtures).is_err()));
        // The calendar, and a market of 64 shares.
        let most = 4_000_000 + 20 * text.len();
        assert!(
            heap.max_bytes < most,
            "{} bytes for {text:.80}",
            heap.max_bytes
        );
    }
}

fn planning_memory_grows_with_gaps_only() {
    let few = planning(1_000, InitialCoverage::Full);
    let many = planning(100_000, InitialCoverage::Full);
    assert_eq!((few.missing, many.missing), (0, 0));
    let cells = 100_000 * SESSIONS;
    let more = many.heap.max_bytes - few.heap.max_bytes;
    assert!(more < cells / 100, "{more} bytes more for {cells} cells");

    let gaps = planning(100_000, InitialCoverage::WithHoles);
    assert!(gaps.missing > 1_900, "{} cells are missing", gaps.missing);
    let more = gaps.heap.max_bytes - many.heap.max_bytes;
    assert!(
        more < 200 * gaps.missing,
        "{more} bytes more for {} missing cells",
        gaps.missing
    );
}

fn run_frees_computed_cells() {
    let (short, long) = (run_heap_stats(200, 10), run_heap_stats(200, 40));
    let cells = 200 * 30;
    // The transactions of thirty more sessions stay in memory. Positions must not: those of a cell
    // alone are 1,440 bytes.
    let more = long.max_bytes - short.max_bytes;
    assert!(more < 600 * cells, "{more} bytes more for {cells} cells");
    let blocks = (long.total_blocks - short.total_blocks) as usize;
    assert!(
        blocks < 29 * cells,
        "{blocks} allocations for {cells} cells"
    );
}

const SESSIONS: usize = 20;

/// Creates a database in a file, so that its bytes are not in memory.
fn books(
    portfolios: u32,
    sessions: usize,
    coverage: InitialCoverage,
) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape {
        portfolios,
        sessions,
        holdings: 30,
    };
    let path = folder.path().join("books.db");
    let store = create_database(path, &Settings::new_york(), shape, coverage).unwrap();
    (folder, store)
}

/// Returns the peak bytes and total allocations of `work`, counted from its start.
fn heap_stats_of(work: impl FnOnce()) -> HeapStats {
    let _profiler = Profiler::builder().testing().build();
    work();
    HeapStats::get()
}

struct Planning {
    missing: usize,
    heap: HeapStats,
}

fn planning(portfolios: u32, coverage: InitialCoverage) -> Planning {
    let (_folder, store) = books(portfolios, SESSIONS, coverage);
    let mut missing = 0;
    let heap = heap_stats_of(|| {
        let request = Request::new(Scope::AllActive);
        let settings = Settings::new_york();
        let planned = store.read(|reading| survey_and_plan(reading, &request, &settings, now()));
        missing = planned.unwrap().1.step_count() as usize;
    });
    Planning { missing, heap }
}

fn run_heap_stats(portfolios: u32, sessions: usize) -> HeapStats {
    let (_folder, store) = books(portfolios, sessions, InitialCoverage::None);
    let mut request = RunRequest::new(Request::new(Scope::AllActive), "all active");
    // One thread, so that the number of allocations does not depend on the machine.
    request.jobs = NonZeroUsize::new(1);
    heap_stats_of(|| {
        let cancel = AtomicBool::new(false);
        let (observer, environment) = (
            RunObserver::unobserved(&cancel),
            Environment::system(Some(now())),
        );
        let settings = Settings::new_york();
        let outcome = engine::run(&store, &request, &settings, &environment, &observer).unwrap();
        assert!(outcome.certificate.is_complete());
    })
}
