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
fn memory_grows_with_what_is_to_be_done_and_not_with_what_is_done() {
    planning_holds_what_is_missing_and_not_what_is_there();
    a_night_lets_go_of_what_it_computed();
}

fn planning_holds_what_is_missing_and_not_what_is_there() {
    let few = planning(1_000, InitialCoverage::Full);
    let many = planning(100_000, InitialCoverage::Full);
    assert_eq!((few.missing, many.missing), (0, 0));
    let cells = 100_000 * SESSIONS;
    let more = many.held.max_bytes - few.held.max_bytes;
    assert!(more < cells / 100, "{more} bytes more for {cells} cells");

    let gaps = planning(100_000, InitialCoverage::WithHoles);
    assert!(gaps.missing > 1_900, "{} cells are missing", gaps.missing);
    let more = gaps.held.max_bytes - many.held.max_bytes;
    assert!(
        more < 200 * gaps.missing,
        "{more} bytes more for {} missing cells",
        gaps.missing
    );
}

fn a_night_lets_go_of_what_it_computed() {
    let (short, long) = (night(200, 10), night(200, 40));
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
fn counted(work: impl FnOnce()) -> HeapStats {
    let _profiler = Profiler::builder().testing().build();
    work();
    HeapStats::get()
}

struct Planning {
    missing: usize,
    held: HeapStats,
}

fn planning(portfolios: u32, past: InitialCoverage) -> Planning {
    let (_folder, store) = books(portfolios, SESSIONS, past);
    let mut missing = 0;
    let held = counted(|| {
        let request = Request::new(Scope::AllActive);
        let settings = Settings::new_york();
        let planned = store.read(|reading| survey_and_plan(reading, &request, &settings, now()));
        missing = planned.unwrap().1.step_count() as usize;
    });
    Planning { missing, held }
}

fn night(portfolios: u32, sessions: usize) -> HeapStats {
    let (_folder, store) = books(portfolios, sessions, InitialCoverage::None);
    let mut asked = RunRequest::new(Request::new(Scope::AllActive), "all active");
    asked.jobs = NonZeroUsize::new(1);
    counted(|| {
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
