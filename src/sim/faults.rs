//! Injects every fault at every call that a run makes to its disk: once at this call only, and once
//! also at all later calls that can have this fault.
//!
//! The run may end in any way that it reports. Afterwards the fault is over: the next run on the
//! disk, as it is or after a power cut, must lead to the books of the undisturbed run.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;

use super::baseline::Baseline;
use super::disk_checks::{CommitRecorder, DiskChecker};
use super::finding::{Disturbance, Finding};
use super::run_under_test::{RunUnderTest, SimError};
use super::violation::Violation;
use crate::disk::{Call, Fault, FaultDuration, InjectedDiskFault};
use crate::scenario::script::RunEnd;

/// The extent of a fault injection.
#[derive(Debug, Clone, Copy)]
pub struct FaultOptions {
    /// The distance between calls that get faults; 1 is every call.
    pub step: NonZeroUsize,
    /// The number of threads; findings do not depend on it.
    pub jobs: NonZeroUsize,
}

/// The result of injecting faults into a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FaultReport {
    /// The number of the step in the scenario.
    pub step: String,
    /// The request of the run in a few words.
    #[serde(rename = "what")]
    pub description: String,
    /// The kind of operation that is made to fail.
    #[serde(rename = "of")]
    pub target: FaultTarget,
    /// The number of such operations in the undisturbed run.
    pub calls: usize,
    /// The number of runs made with a fault.
    pub runs: usize,
    /// The number of runs by their end.
    pub ends: BTreeMap<RunEnd, usize>,
    /// The violations by call and fault.
    pub findings: Vec<Finding>,
}

/// A kind of operation that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultTarget {
    /// A call that SQLite makes to the disk.
    Call,
    /// An allocation of memory by SQLite.
    Allocation,
}

impl FaultTarget {
    /// Returns the name, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Allocation => "allocation",
        }
    }
}

/// Injects every fault at the selected calls of a run, and makes the run anew for each.
///
/// # Errors
///
/// The store or a query fails although no fault is active.
pub fn inject_faults(
    run_under_test: &RunUnderTest,
    options: &FaultOptions,
) -> Result<FaultReport, SimError> {
    // A fixed seed: a replay records the same baseline.
    let baseline = Baseline::record(run_under_test, 1)?;
    let calls = record_calls(run_under_test);
    let injected_faults = fault_plan(&calls, options.step);
    let checker = DiskChecker::new(run_under_test, &baseline);
    let results = run_under_test.map_parallel(options.jobs, &injected_faults, |injected| {
        run_with_fault(&checker, *injected)
    });
    let mut ends = BTreeMap::new();
    let mut findings = Vec::new();
    for (injected, result) in injected_faults.iter().zip(results) {
        let (end, violations) = result?;
        *ends.entry(end).or_default() += 1;
        let finding = |violation| run_under_test.finding(Disturbance::Fault(*injected), violation);
        findings.extend(violations.into_iter().map(finding));
    }
    Ok(FaultReport {
        step: run_under_test.step().to_owned(),
        description: run_under_test.description().to_owned(),
        target: FaultTarget::Call,
        calls: calls.len(),
        runs: injected_faults.len(),
        ends,
        findings,
    })
}

/// Returns the calls that the undisturbed run makes to its disk.
pub(super) fn record_calls(run_under_test: &RunUnderTest) -> Vec<Call> {
    let disk = run_under_test.disk();
    disk.arm(None);
    run_under_test.run(&disk, run_under_test.request(), 0, &|_| {});
    disk.disarm().0
}

fn fault_plan(calls: &[Call], every: NonZeroUsize) -> Vec<InjectedDiskFault> {
    let calls = calls.iter().enumerate().step_by(every.get());
    let faults_of_call = |(at, call): (usize, &Call)| {
        let faults = Fault::ALL
            .into_iter()
            .filter(|fault| fault.applies_to(*call));
        let injected = faults.flat_map(move |fault| {
            // After a single fault the run may go on; a lasting one also hits the error handling of
            // the run.
            [FaultDuration::Once, FaultDuration::Always].map(|lasting| InjectedDiskFault {
                at,
                fault,
                duration: lasting,
            })
        });
        injected.collect::<Vec<_>>()
    };
    calls.flat_map(faults_of_call).collect()
}

/// Makes the run with a fault and returns its end with the violations.
pub(super) fn run_with_fault(
    checker: &DiskChecker<'_>,
    injected: InjectedDiskFault,
) -> Result<(RunEnd, Vec<Violation>), SimError> {
    let run_under_test = checker.run_under_test;
    let disk = run_under_test.disk();
    let recorder = CommitRecorder::default();
    disk.arm(Some(injected));
    let attempt = run_under_test.run(&disk, run_under_test.request(), 0, &|event| {
        recorder.record(event, &disk)
    });
    let (_, killed) = disk.disarm();
    let acknowledged = recorder.into_last();
    let mut violations = checker.check_run(&disk, attempt.end, acknowledged.as_ref())?;
    // A commit must be durable at the moment it is reported, not only at the end of the run.
    if let Some([before, left]) = &acknowledged {
        violations.extend(checker.check_acknowledged(before, left)?);
    }
    if disk.is_doubtful_log_used() {
        violations.push(Violation::DoubtfulLogUsed);
    }
    // A COMMIT in doubt is read back, which one fault does not prevent.
    if injected.duration == FaultDuration::Once && attempt.end != RunEnd::Complete {
        violations.extend(checker.check_taken_for_lost(&disk, acknowledged.as_ref())?);
    }
    // A process can also be killed at the very call that fails.
    if let Some(killed) = killed {
        violations.extend(checker.check_disk(killed.fork())?);
        violations.extend(checker.check_disk(killed.after_power_cut())?);
        violations.extend(checker.check_rerun_then_power_cut(&killed)?);
    }
    violations.extend(checker.check_rerun_then_power_cut(&disk)?);
    // The disk as it is and the disk after a power cut often have the same violation.
    violations.dedup();
    Ok((attempt.end, violations))
}
