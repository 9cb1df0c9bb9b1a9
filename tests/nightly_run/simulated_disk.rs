//! A run on a simulated disk gives the same bytes as on a file, and heals when killed at any event.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use plimsoll::disk::SimulatedDisk;
use plimsoll::engine::{self, EngineError, RunObserver};
use plimsoll::store::{RunState, Store, StoreError};

use crate::harness::{Harness, JAN_8, harness, harness_on_disk, nightly};

fn golden() -> Vec<String> {
    let harness = harness(JAN_8);
    harness.run(&nightly());
    harness.output_rows()
}

#[test]
fn simulated_disk_gives_the_same_bytes_as_a_file() {
    let harness = harness_on_disk(JAN_8, &SimulatedDisk::new());
    harness.run(&nightly());
    harness.copy_to_file();
    assert_eq!(harness.output_rows(), golden());
}

#[test]
fn concurrent_runs_on_separate_disks_are_independent() {
    let golden = golden();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let harness = harness_on_disk(JAN_8, &SimulatedDisk::new());
                harness.run(&nightly());
                harness.copy_to_file();
                assert!(harness.output_rows() == golden);
            });
        }
    });
}

/// Returns the disks left behind when a run is killed, and when power fails, at each of its events,
/// in and between its transactions.
fn crash_images(harness: &Harness, disk: &SimulatedDisk) -> Vec<SimulatedDisk> {
    let images = Mutex::new(Vec::new());
    let cancel = AtomicBool::new(false);
    let observer = RunObserver {
        on_event: &|_| {
            let mut images = images.lock().unwrap();
            images.extend([disk.fork(), disk.after_power_cut()]);
        },
        ..RunObserver::unobserved(&cancel)
    };
    let outcome = engine::run(
        &harness.store,
        &nightly(),
        &harness.settings,
        &harness.environment,
        &observer,
    );
    outcome.unwrap();
    images.into_inner().unwrap()
}

#[test]
fn next_run_completes_a_run_killed_at_any_event() {
    let golden = golden();
    let disk = SimulatedDisk::new();
    let mut harness = harness_on_disk(JAN_8, &disk);
    // 36 cells in batches of 12, so that there are events between commits.
    harness.settings.batch_cells = NonZeroUsize::new(12).unwrap();
    let images = crash_images(&harness, &disk);
    assert!(images.len() >= 16, "{}", images.len());
    let killed = harness.environment.process.clone();
    for disk in images {
        let mut next = harness.opened_on(&disk, 2_000);
        next.environment.process.pid += 1;
        // The lease stays live until the dead process is seen to be gone.
        let refused = next.try_run(&nightly()).unwrap_err();
        assert!(
            matches!(refused, EngineError::Store(StoreError::LeaseHeld { .. })),
            "{refused}"
        );
        next.environment.processes.mark_gone(&killed);
        next.run(&nightly());
        assert!(!next.run_states().contains(&RunState::Running));
        next.copy_to_file();
        assert!(next.output_rows() == golden);
    }
}

#[test]
fn a_disk_holds_one_database() {
    let disk = SimulatedDisk::new();
    assert!(matches!(Store::open(&disk), Err(StoreError::Absent(_))));
    let store = Store::create(&disk).unwrap();
    assert!(matches!(Store::create(&disk), Err(StoreError::Present(_))));
    assert_eq!(store.path().to_str(), Some("books.db"));
    assert_eq!(store.network_file_system(), None);
    assert!(
        store
            .read(|reading| reading.integrity())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_copy_gets_its_name_on_another_disk_when_it_is_complete() {
    let (disk, copy) = (SimulatedDisk::new(), SimulatedDisk::new());
    let harness = harness_on_disk(JAN_8, &disk);
    let bytes = harness
        .store
        .read(|reading| reading.copy_to(&copy))
        .unwrap();
    assert!(bytes > 0);
    let again = harness.store.read(|reading| reading.copy_to(&copy));
    assert!(matches!(again, Err(StoreError::Present(_))));
    let portfolios = |store: &Store| store.read(|r| r.portfolios().named("Tech Growth")).unwrap();
    assert_eq!(
        portfolios(&Store::open(&copy).unwrap()),
        portfolios(&harness.store)
    );
}
