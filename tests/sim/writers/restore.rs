//! Crashes a restoration at each operation: the database of before or the restored one has the name.

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{Store, StoreError};

use super::scene::{Found, Scene, contents, each_crash};

/// Crashes a restoration at each operation. A crash left the replaced database with a log.
pub(crate) fn crash_restore() -> Found {
    let fail = |error: StoreError| error.to_string();
    let scene = Scene::new();
    let backup = scene.disk.fork();
    let restored = contents(&backup).map_err(fail)?;
    let store = Store::open(&scene.disk).map_err(fail)?;
    let mut writer = store.writer().map_err(fail)?;
    let counted = writer.write(|writing| writing.increment_revision());
    counted.map_err(fail)?;
    let disk = scene.disk.fork().synced();
    drop(writer);
    let replaced = contents(&disk).map_err(fail)?;
    assert_ne!(restored, replaced, "the states must differ");

    let before = disk.fork();
    disk.start_log();
    restore(&backup, &disk, scene.now()).map_err(fail)?;
    let log = disk.end_log();
    each_crash(&before, &log, 1, |point, image| {
        let place = |error: StoreError| format!("after {point} operations: {error}");
        let found = contents(image).map_err(place)?;
        if found != restored && found != replaced {
            return Err(format!("after {point} operations: another state"));
        }
        // The next attempt succeeds whatever was left.
        let again = image.fork();
        let later = scene.now() + TimeDelta::seconds(1);
        restore(&backup, &again, later).map_err(place)?;
        match contents(&again).map_err(place)? == restored {
            true => Ok(()),
            false => Err(format!("after {point} operations and again: another state")),
        }
    })?;
    match contents(&disk.after_power_cut()).map_err(fail)? == restored {
        true => Ok(()),
        false => Err("the restored database is lost after it was reported".to_owned()),
    }
}

fn restore(from: &SimulatedDisk, to: &SimulatedDisk, now: DateTime<Utc>) -> Result<(), StoreError> {
    let backup = Store::open(from)?;
    backup.read(|reading| reading.restore_to(to, now))?;
    Ok(())
}

#[test]
fn a_crash_during_a_restoration_leaves_the_old_database_or_the_new_one() {
    assert_eq!(crash_restore(), Ok(()));
}
