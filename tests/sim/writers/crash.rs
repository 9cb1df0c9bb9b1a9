//! Crashes each writer at its operations.

use super::scene::{Found, Scene, contents, each_crash, writers};

/// Crashes each writer at every `step`-th operation, and after its end.
pub(crate) fn crash_writers(step: usize) -> Found {
    for writer in writers() {
        let scene = Scene::before(writer);
        let name = writer.name;
        let disk = scene.disk.fork();
        disk.start_log();
        let written = scene.write(writer, &disk);
        written.map_err(|error| format!("{name} fails: {error}"))?;
        let log = disk.end_log();
        let states = [&scene.disk, &disk].map(contents);
        let [before, after] = states.map(|state| state.map_err(|error| error.to_string()));
        let (before, after) = (before?, after?);
        if before == after {
            return Err(format!("{name} changes nothing"));
        }
        each_crash(&scene.disk, &log, step, |point, image| {
            let place = format!("{name}, after {point} operations");
            let found = scene.verified(image);
            let found = found.map_err(|error| format!("{place}: {error}"))?;
            match found == before || found == after {
                true => Ok(()),
                false => Err(format!("{place}: neither the state before nor that after")),
            }
        })?;
        let reported = scene.verified(&disk.after_power_cut())?;
        if reported != after {
            return Err(format!("{name} is lost after it ended"));
        }
    }
    Ok(())
}

#[test]
fn a_crash_at_any_operation_leaves_the_state_before_or_after() {
    assert_eq!(crash_writers(9), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn a_crash_at_every_operation_leaves_the_state_before_or_after() {
    assert_eq!(crash_writers(1), Ok(()));
}
