//! Crashes each writer at its operations.

use super::scene::{Found, Scene, each_crash, writers};

/// Crashes each writer at every `step`-th operation, and after its end.
pub(crate) fn crash_writers(step: usize) -> Found {
    for writer in writers() {
        let scene = Scene::before(writer);
        let name = writer.name;
        let disk = scene.disk.fork();
        let (states, log) = writer.states(&scene, &disk)?;
        each_crash(&scene.disk, &log, step, |point, image| {
            let place = format!("{name}, after {point} operations");
            let found = scene.verified(image);
            let found = found.map_err(|error| format!("{place}: {error}"))?;
            match states.contains(&found) {
                true => Ok(()),
                false => Err(format!(
                    "{place}: a state between those of its transactions"
                )),
            }
        })?;
        let reported = scene.verified(&disk.after_power_cut())?;
        if Some(&reported) != states.last() {
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
