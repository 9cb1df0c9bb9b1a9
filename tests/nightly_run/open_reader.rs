//! Runs on a disk whose log cannot be emptied, because another connection keeps a read transaction
//! open. They go on while each sync succeeded, and what they report survives a power cut.

use plimsoll::disk::{Call, Fault, FaultDuration, InjectedDiskFault, SimulatedDisk};
use plimsoll::engine::{EngineError, RunRequest};
use plimsoll::store::{Store, StoreError};

use crate::harness::{Harness, harness_on_disk, nightly, range};

const WORLD: &str = r#"
now = 2026-01-09T18:00:00-05:00
[portfolios]
"A..B" = { inception = 2026-01-06, cash = 1_000, holdings = { NIMB = 100 } }
"#;

/// The first id of a later process.
const FIRST_ID: u64 = 50_000;

/// A run that commits each time, and leaves the same books.
fn forced() -> RunRequest {
    RunRequest {
        force: Some(range("2026-01-06", "2026-01-08")),
        ..nightly()
    }
}

/// Calls `work` while a read transaction is open.
fn under_a_reader<T>(disk: &SimulatedDisk, work: impl FnOnce() -> T) -> T {
    let store = Store::open(disk).unwrap();
    let read = store.read(|reading| {
        reading.revision()?;
        Ok::<_, StoreError>(work())
    });
    read.unwrap()
}

/// The books and the number of runs after a power cut.
fn after_power_cut(harness: &Harness, disk: &SimulatedDisk) -> (Vec<String>, usize) {
    let left = harness.opened_on(&disk.after_power_cut(), FIRST_ID);
    left.copy_to_file();
    (left.output_rows(), left.run_states().len())
}

#[test]
fn several_runs_under_one_reader_are_kept() {
    let disk = SimulatedDisk::new();
    let harness = harness_on_disk(WORLD, &disk);
    harness.run(&nightly());
    let (books, runs) = after_power_cut(&harness, &disk);
    under_a_reader(&disk, || {
        for night in 1..=4 {
            harness.run(&forced());
            let left = after_power_cut(&harness, &disk);
            assert_eq!(left, (books.clone(), runs + night));
        }
    });
}

#[test]
fn after_a_failed_sync_no_run_reports_what_a_power_cut_takes() {
    let disk = SimulatedDisk::new();
    let harness = harness_on_disk(WORLD, &disk);
    harness.run(&nightly());
    let books = after_power_cut(&harness, &disk).0;
    let calls = {
        let disk = disk.fork();
        let night = harness.opened_on(&disk, FIRST_ID);
        under_a_reader(&disk, || {
            night.run(&forced());
            disk.arm(None);
            night.run(&forced());
            disk.disarm().0
        })
    };
    let syncs = calls.iter().enumerate();
    let syncs = syncs.filter(|(_, call)| **call == Call::Sync);
    let mut tried = 0;
    for ((at, _), fault) in syncs.flat_map(|sync| [(sync, Fault::Dropped), (sync, Fault::Io)]) {
        let disk = disk.fork();
        let night = harness.opened_on(&disk, FIRST_ID);
        under_a_reader(&disk, || {
            night.run(&forced());
            disk.arm(Some(InjectedDiskFault {
                at,
                fault,
                duration: FaultDuration::Once,
            }));
            let hit = night.try_run(&forced());
            disk.disarm();
            assert!(hit.is_err(), "{fault:?} at {at}: {hit:?}");
            // Nothing is appended to a log of which a sync failed.
            let next = night.succeeded_on(&disk).try_run(&nightly());
            let is_busy = matches!(
                next,
                Err(EngineError::Store(StoreError::CheckpointBusy { .. }))
            );
            assert!(is_busy, "{fault:?} at {at}: {next:?}");
        });
        // The run of the world and the one without a fault are kept.
        let (_, runs) = after_power_cut(&harness, &disk);
        assert!(runs >= 2, "{fault:?} at {at}: {runs} runs");
        // Without the reader the log is emptied, and the next run brings all books back.
        let next = night.succeeded_on(&disk.fork());
        next.run(&nightly());
        next.copy_to_file();
        assert!(next.output_rows() == books, "{fault:?} at {at}");
        tried += 1;
    }
    assert!(tried > 4, "{tried}");
}
