//! Crashes a restoration at each operation, and injects faults into its calls: the database of before
//! or the restored one has the name.

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{Contents, Store, StoreError};

use super::faults::each_fault;
use super::scene::{Found, Scene, contents, each_crash};

/// A database to restore, and a disk with another one, of which a crash left the log.
struct Restoration {
    backup: SimulatedDisk,
    before: SimulatedDisk,
    restored: Contents,
    replaced: Contents,
    now: DateTime<Utc>,
}

impl Restoration {
    fn new() -> Result<Self, StoreError> {
        let scene = Scene::new();
        let backup = scene.disk.fork();
        let restored = contents(&backup)?;
        let mut writer = Store::open(&scene.disk)?.writer()?;
        writer.write(|writing| writing.increment_revision())?;
        let before = scene.disk.fork().synced();
        drop(writer);
        let replaced = contents(&before)?;
        assert_ne!(restored, replaced, "the states must differ");
        Ok(Self {
            backup,
            before,
            restored,
            replaced,
            now: scene.now(),
        })
    }

    fn restore(&self, to: &SimulatedDisk, now: DateTime<Utc>) -> Result<(), StoreError> {
        let backup = Store::open(&self.backup)?;
        backup.read(|reading| reading.restore_to(to, now))?;
        Ok(())
    }

    /// Checks what was left of an attempt, and that the next one succeeds there.
    fn check(&self, left: &SimulatedDisk, is_reported: bool) -> Found {
        let fail = |error: StoreError| error.to_string();
        let found = contents(left).map_err(fail)?;
        if found != self.restored && (is_reported || found != self.replaced) {
            return Err("another state".to_owned());
        }
        let again = left.fork();
        let later = self.now + TimeDelta::seconds(1);
        self.restore(&again, later).map_err(fail)?;
        match contents(&again).map_err(fail)? == self.restored {
            true => Ok(()),
            false => Err("restored again, another state".to_owned()),
        }
    }
}

/// Crashes a restoration, and checks every `step`-th disk.
pub(crate) fn crash_restore(step: usize) -> Found {
    let fail = |error: StoreError| error.to_string();
    let restoration = Restoration::new().map_err(fail)?;
    let disk = restoration.before.fork();
    disk.start_log();
    restoration.restore(&disk, restoration.now).map_err(fail)?;
    let log = disk.end_log();
    each_crash(&restoration.before, &log, step, |point, image| {
        let checked = restoration.check(image, false);
        checked.map_err(|error| format!("after {point} operations: {error}"))
    })?;
    restoration.check(&disk.after_power_cut(), true)
}

/// Injects every `step`-th fault into a restoration.
pub(crate) fn inject_faults_into_restore(step: usize) -> Found {
    let restoration = Restoration::new().map_err(|error| error.to_string())?;
    let restore = |disk: &SimulatedDisk| Ok(restoration.restore(disk, restoration.now)?);
    each_fault(&restoration.before, step, restore, |left, is_reported| {
        restoration.check(left, is_reported)
    })
}

#[test]
fn a_crash_during_a_restoration_leaves_the_old_database_or_the_new_one() {
    assert_eq!(crash_restore(29), Ok(()));
}

#[test]
fn a_fault_in_a_restoration_leaves_the_old_database_or_the_new_one() {
    assert_eq!(inject_faults_into_restore(31), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_crash_during_a_restoration_leaves_the_old_database_or_the_new_one() {
    assert_eq!(crash_restore(1), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_fault_in_a_restoration_leaves_the_old_database_or_the_new_one() {
    assert_eq!(inject_faults_into_restore(1), Ok(()));
}
