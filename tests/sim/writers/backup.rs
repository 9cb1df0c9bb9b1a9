//! Crashes a backup on the disk of the copy, and injects faults there.

use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{Store, StoreError};

use super::faults::each_fault;
use super::scene::{Found, Scene, contents, each_crash};

/// Crashes a backup on the disk of the copy, and checks every `step`-th disk. The last commit is in
/// the log only.
pub(crate) fn crash_backup(step: usize) -> Found {
    let fail = |error: StoreError| error.to_string();
    let scene = Scene::new();
    let store = Store::open(&scene.disk).map_err(fail)?;
    let mut writer = store.writer().map_err(fail)?;
    let counted = writer.write(|writing| writing.increment_revision());
    counted.map_err(fail)?;
    let state = contents(&scene.disk).map_err(fail)?;
    let copy = SimulatedDisk::new();
    let empty = copy.fork();
    copy.start_log();
    let copied = store.read(|reading| reading.copy_to(&copy));
    copied.map_err(fail)?;
    let log = copy.end_log();
    each_crash(&empty, &log, step, |point, image| match contents(image) {
        Err(StoreError::Absent(_)) => Ok(()),
        Ok(found) if found == state => Ok(()),
        Ok(_) => Err(format!("after {point} operations: a copy of another state")),
        Err(error) => Err(format!("after {point} operations: {error}")),
    })?;
    match contents(&copy.after_power_cut()) {
        Ok(found) if found == state => Ok(()),
        Ok(_) => Err("the reported copy has another state".to_owned()),
        Err(error) => Err(format!("the reported copy is lost: {error}")),
    }
}

/// Injects every `step`-th fault on the disk of the copy.
pub(crate) fn inject_faults_into_backup(step: usize) -> Found {
    let fail = |error: StoreError| error.to_string();
    let scene = Scene::new();
    let state = contents(&scene.disk).map_err(fail)?;
    let store = Store::open(&scene.disk).map_err(fail)?;
    let copy = |disk: &SimulatedDisk| {
        store.read(|reading| reading.copy_to(disk))?;
        Ok(())
    };
    each_fault(
        &SimulatedDisk::new(),
        step,
        copy,
        |left, is_reported| match contents(left) {
            Err(StoreError::Absent(_)) if !is_reported => Ok(()),
            Ok(found) if found == state => Ok(()),
            Ok(_) => Err("a copy of another state".to_owned()),
            Err(error) => Err(error.to_string()),
        },
    )
}

#[test]
fn a_fault_in_a_backup_leaves_no_copy_or_a_whole_one() {
    assert_eq!(inject_faults_into_backup(3), Ok(()));
}

#[test]
fn a_crash_during_a_backup_leaves_no_copy_or_a_whole_one() {
    assert_eq!(crash_backup(3), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_crash_and_fault_in_a_backup_leaves_no_copy_or_a_whole_one() {
    assert_eq!(crash_backup(1), Ok(()));
    assert_eq!(inject_faults_into_backup(1), Ok(()));
}
