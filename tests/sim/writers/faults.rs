//! Injects faults into the calls of each writer.

use std::collections::BTreeSet;

use plimsoll::disk::{Call, Fault, FaultDuration, InjectedDiskFault, SimulatedDisk};

use super::scene::{Found, Scene, Written, writers};

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

/// Returns the calls of `work` on a copy of a disk.
pub(super) fn calls_of(
    before: &SimulatedDisk,
    work: impl Fn(&SimulatedDisk) -> Written,
) -> Result<Vec<Call>, String> {
    let disk = before.fork();
    disk.arm(None);
    work(&disk).map_err(|error| format!("without a fault: {error}"))?;
    Ok(disk.disarm().0)
}

/// Calls `work` on copies of a disk with every `step`-th fault. Calls `check` with the disks that a
/// kill and a power cut leave then, and whether `work` succeeded. Each disk is passed once.
pub(super) fn each_fault(
    before: &SimulatedDisk,
    step: usize,
    work: impl Fn(&SimulatedDisk) -> Written,
    check: impl FnMut(&SimulatedDisk, bool) -> Found,
) -> Found {
    let calls = calls_of(before, &work)?;
    inject_each(before, all_faults(&calls).step_by(step), work, check)
}

/// Does what [`each_fault`] does, with the given faults.
pub(super) fn inject_each(
    before: &SimulatedDisk,
    faults: impl Iterator<Item = InjectedDiskFault>,
    work: impl Fn(&SimulatedDisk) -> Written,
    mut check: impl FnMut(&SimulatedDisk, bool) -> Found,
) -> Found {
    let mut known = BTreeSet::new();
    for injected in faults {
        let disk = before.fork();
        disk.arm(Some(injected));
        let worked = work(&disk);
        drop(disk.disarm());
        let place = format!("{injected:?}, {worked:?}");
        if disk.is_doubtful_log_used() {
            return Err(format!("{place}: a log is used after an error"));
        }
        for left in [disk.fork(), disk.after_power_cut()] {
            if known.insert((left.digest(), worked.is_ok())) {
                let checked = check(&left, worked.is_ok());
                checked.map_err(|error| format!("{place}: {error}"))?;
            }
        }
    }
    Ok(())
}

/// Injects every `step`-th fault into each writer.
pub(crate) fn inject_faults_into_writers(step: usize) -> Found {
    for writer in writers() {
        let scene = Scene::before(writer);
        let (states, _) = writer.states(&scene, &scene.disk.fork())?;
        let write = |disk: &SimulatedDisk| scene.write(writer, disk);
        let checked = each_fault(&scene.disk, step, write, |left, has_succeeded| {
            writer.check(&scene, left, &states, has_succeeded)
        });
        checked.map_err(|error| format!("{}: {error}", writer.name))?;
    }
    Ok(())
}

#[test]
fn a_fault_in_any_call_leaves_the_state_before_or_after() {
    assert_eq!(inject_faults_into_writers(331), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_fault_in_any_call_leaves_the_state_before_or_after() {
    assert_eq!(inject_faults_into_writers(1), Ok(()));
}
