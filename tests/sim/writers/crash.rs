//! Crashes each writer at its operations.

use super::scene::{Found, Scene, each_crash, writers};

/// Crashes each writer and checks every `step`-th disk, and that of after its end.
pub(crate) fn crash_writers(step: usize) -> Found {
    for writer in writers() {
        let scene = Scene::before(writer);
        let name = writer.name;
        let disk = scene.disk.fork();
        let (states, log) = writer.states(&scene, &disk)?;
        each_crash(&scene.disk, &log, step, |point, image| {
            let checked = writer.check(&scene, image, &states, false);
            checked.map_err(|error| format!("{name}, after {point} operations: {error}"))
        })?;
        let checked = writer.check(&scene, &disk.after_power_cut(), &states, true);
        checked.map_err(|error| format!("{name}, after it ended: {error}"))?;
    }
    Ok(())
}

#[test]
fn a_crash_at_any_operation_leaves_the_state_before_or_after() {
    assert_eq!(crash_writers(67), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn a_crash_at_every_operation_leaves_the_state_before_or_after() {
    assert_eq!(crash_writers(1), Ok(()));
}
