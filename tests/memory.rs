//! What planning and a night hold and ask for in memory, counted by an allocator and never timed.
//! SQLite's own memory is not in it: that is bounded by the sizes of its caches.

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

/// One test, since the allocator counts what all threads do.
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
    // The transactions of thirty sessions stay; the positions of a cell alone are 1,440 bytes.
    let more = long.max_bytes - short.max_bytes;
    assert!(more < 600 * cells, "{more} bytes more for {cells} cells");
    let blocks = (long.total_blocks - short.total_blocks) as usize;
    assert!(
        blocks < 29 * cells,
        "{blocks} allocations for {cells} cells"
    );
}

const SESSIONS: usize = 20;

/// A database in a file, so that its bytes are not in memory.
fn books(portfolios: u32, sessions: usize, past: InitialCoverage) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape {
        portfolios,
        sessions,
        holdings: 30,
    };
    let path = folder.path().join("books.db");
    let store = create_database(path, &Settings::new_york(), shape, past).unwrap();
    (folder, store)
}

/// What some work holds at most and asks for in all, counted from its start.
fn heap_stats_of(work: impl FnOnce()) -> HeapStats {
    let _profiler = Profiler::builder().testing().build();
    work();
    HeapStats::get()
}

struct Planning {
    missing: usize,
    heap: HeapStats,
}

fn planning(portfolios: u32, past: InitialCoverage) -> Planning {
    let (_folder, store) = books(portfolios, SESSIONS, past);
    let mut missing = 0;
    let held = heap_stats_of(|| {
        let request = Request::new(Scope::AllActive);
        let settings = Settings::new_york();
        let planned = store.read(|reading| survey_and_plan(reading, &request, &settings, now()));
        missing = planned.unwrap().1.step_count() as usize;
    });
    Planning {
        missing,
        heap: held,
    }
}

fn run_heap_stats(portfolios: u32, sessions: usize) -> HeapStats {
    let (_folder, store) = books(portfolios, sessions, InitialCoverage::None);
    let mut asked = RunRequest::new(Request::new(Scope::AllActive), "all active");
    asked.jobs = NonZeroUsize::new(1);
    heap_stats_of(|| {
        let cancel = AtomicBool::new(false);
        let (watch, environment) = (
            RunObserver::unobserved(&cancel),
            Environment::system(Some(now())),
        );
        let settings = Settings::new_york();
        let outcome = engine::run(&store, &asked, &settings, &environment, &watch).unwrap();
        assert!(outcome.certificate.is_complete());
    })
}
