//! Counts the memory and allocations of planning and of a run. Nothing is timed. SQLite's own
//! memory is not counted: the sizes of its caches bound it.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use dhat::{HeapStats, Profiler};
use plimsoll::domain::Scope;
use plimsoll::engine::{self, RunObserver, RunRequest, Settings, survey_and_plan};
use plimsoll::environment::Environment;
use plimsoll::plan::Request;
use plimsoll::scenario::synthetic::{InitialCoverage, Shape, create_database, now};
use plimsoll::store::Store;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Runs all checks in one test, because the allocator counts the allocations of all threads.
#[test]
fn memory_grows_with_pending_work_only() {
    planning_memory_grows_with_gaps_only();
    run_frees_computed_cells();
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
