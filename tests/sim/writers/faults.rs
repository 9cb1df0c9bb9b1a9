//! Injects faults into the calls of each writer.

use std::collections::BTreeSet;

use plimsoll::disk::{Call, Fault, FaultDuration, InjectedDiskFault};

use super::scene::{Found, Scene, writers};

/// Returns every fault at every call, once and from then on.
pub(super) fn all_faults(calls: &[Call]) -> impl Iterator<Item = InjectedDiskFault> {
    calls.iter().enumerate().flat_map(|(at, call)| {
        let applies = Fault::ALL
            .into_iter()
            .filter(|fault| fault.applies_to(*call));
        applies.flat_map(move |fault| {
            let durations = [FaultDuration::Once, FaultDuration::Always];
            durations.map(|duration| InjectedDiskFault {
                at,
                fault,
                duration,
            })
        })
    })
}

/// Injects every `step`-th fault into each writer.
pub(crate) fn inject_faults_into_writers(step: usize) -> Found {
    for writer in writers() {
        let scene = Scene::before(writer);
        let disk = scene.disk.fork();
        disk.arm(None);
        let (states, _) = writer.states(&scene, &disk)?;
        let calls = disk.disarm().0;
        let mut known = BTreeSet::new();
        for injected in all_faults(&calls).step_by(step) {
            let disk = scene.disk.fork();
            disk.arm(Some(injected));
            let written = scene.write(writer, &disk);
            drop(disk.disarm());
            let place = format!("{}: {injected:?}, {written:?}", writer.name);
            if disk.is_doubtful_log_used() {
                return Err(format!("{place}: a log is used after an error"));
            }
            for left in [disk.fork(), disk.after_power_cut()] {
                if !known.insert((left.digest(), written.is_ok())) {
                    continue;
                }
                let found = scene.verified(&left);
                let found = found.map_err(|error| format!("{place}: {error}"))?;
                if !states.contains(&found) {
                    return Err(format!(
                        "{place}: a state between those of its transactions"
                    ));
                }
                if written.is_ok() && Some(&found) != states.last() {
                    return Err(format!("{place}: it is lost"));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_fault_in_any_call_leaves_the_state_before_or_after() {
    assert_eq!(inject_faults_into_writers(67), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_fault_in_any_call_leaves_the_state_before_or_after() {
    assert_eq!(inject_faults_into_writers(1), Ok(()));
}
