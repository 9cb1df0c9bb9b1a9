//! Crashes a backup on the disk of the copy.

use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{Store, StoreError};

use super::scene::{Found, Scene, contents, each_crash};

/// Crashes a backup at each operation on the disk of the copy. The last commit is in the log only.
pub(crate) fn crash_backup() -> Found {
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
    each_crash(&empty, &log, 1, |point, image| match contents(image) {
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

#[test]
fn a_crash_during_a_backup_leaves_no_copy_or_a_whole_one() {
    assert_eq!(crash_backup(), Ok(()));
}
