//! A night on a simulated disk is a night on a file; and there it can be killed at any moment.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use plimsoll::engine::{self, EngineError, RunObserver};
use plimsoll::environment::Environment;
use plimsoll::store::{RunState, SimulatedDisk, Store, StoreError};

use crate::stage::{JAN_8, Stage, nightly, stage, stage_on};

fn golden() -> Vec<String> {
    let stage = stage(JAN_8);
    stage.run(&nightly());
    stage.books()
}

#[test]
fn it_gives_the_same_bytes_as_on_a_file() {
    let stage = stage_on(JAN_8, &SimulatedDisk::new());
    stage.run(&nightly());
    stage.keep();
    assert_eq!(stage.books(), golden());
}

#[test]
fn many_nights_at_once_do_not_disturb_each_other() {
    let golden = golden();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let stage = stage_on(JAN_8, &SimulatedDisk::new());
                stage.run(&nightly());
                stage.keep();
                assert!(stage.books() == golden);
            });
        }
    });
}

/// The disks that are left when a night is killed at each of its moments, in and between its
/// transactions, and when the power fails there.
fn disks_left(stage: &Stage, disk: &SimulatedDisk) -> Vec<SimulatedDisk> {
    let left = Mutex::new(Vec::new());
    let watch = RunObserver {
        cancel: &AtomicBool::new(false),
        on_progress: &|_| {},
        on_event: &|_| {
            let mut left = left.lock().unwrap();
            left.extend([disk.fork(), disk.after_power_cut()]);
        },
    };
    let night = engine::run(
        &stage.store,
        &nightly(),
        &stage.settings,
        &stage.environment,
        &watch,
    );
    night.unwrap();
    left.into_inner().unwrap()
}

#[test]
fn killed_at_any_moment_it_is_completed_by_the_next_one() {
    let golden = golden();
    let disk = SimulatedDisk::new();
    let mut stage = stage_on(JAN_8, &disk);
    stage.settings.batch_cells = NonZeroUsize::new(12).unwrap();
    let left = disks_left(&stage, &disk);
    assert!(left.len() >= 16, "{}", left.len());
    let killed = stage.environment.process.clone();
    for disk in left {
        let mut next = later(&stage, &disk);
        next.environment.process.pid += 1;
        let refused = next.try_run(&nightly()).unwrap_err();
        assert!(
            matches!(refused, EngineError::Store(StoreError::LeaseHeld { .. })),
            "{refused}"
        );
        next.environment.processes.mark_gone(&killed);
        next.run(&nightly());
        assert!(!next.runs().contains(&RunState::Running));
        next.keep();
        assert!(next.books() == golden);
    }
}

/// What a later process finds on a disk.
fn later(stage: &Stage, disk: &SimulatedDisk) -> Stage {
    let now = stage.environment.clock.now();
    Stage::reopened(
        Store::open(disk).unwrap(),
        stage.settings.clone(),
        Environment::fixed(now, 2_000),
    )
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
fn a_copy_goes_to_another_disk_under_its_name_only_when_it_is_whole() {
    let (disk, copy) = (SimulatedDisk::new(), SimulatedDisk::new());
    let stage = stage_on(JAN_8, &disk);
    let bytes = stage.store.read(|reading| reading.copy_to(&copy)).unwrap();
    assert!(bytes > 0);
    let again = stage.store.read(|reading| reading.copy_to(&copy));
    assert!(matches!(again, Err(StoreError::Present(_))));
    let portfolios = |store: &Store| store.read(|r| r.portfolios_named("Tech Growth")).unwrap();
    assert_eq!(
        portfolios(&Store::open(&copy).unwrap()),
        portfolios(&stage.store)
    );
}
