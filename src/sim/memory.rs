//! Lets each allocation fail that SQLite makes for a run: this one only, and all from there on.
//!
//! SQLite's memory belongs to the process, so these runs are made one after the other.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::baseline::Baseline;
use super::disk_checks::{CommitRecorder, DiskChecker};
use super::faults::{FaultReport, FaultTarget};
use super::finding::Disturbance;
use super::run_under_test::{RunUnderTest, SimError};
use super::violation::Violation;
use crate::disk::{Allocations, FaultDuration};
use crate::scenario::script::RunEnd;

/// Makes the run twice for each `every`-th allocation: this one fails, then all from there on.
///
/// # Errors
///
/// The store or a query fails although no allocation does.
pub fn exhaust_memory(
    run_under_test: &RunUnderTest,
    allocations: Allocations,
    every: NonZeroUsize,
) -> Result<FaultReport, SimError> {
    let baseline = Baseline::record(run_under_test, 1)?;
    let count = count_allocations(run_under_test, allocations);
    let checker = DiskChecker::new(run_under_test, &baseline);
    let mut ends = BTreeMap::new();
    let mut findings = Vec::new();
    let mut runs = 0;
    for at in (0..count).step_by(every.get()) {
        for lasting in [FaultDuration::Once, FaultDuration::Always] {
            let (end, violations) = run_out_of_memory(&checker, allocations, at, lasting)?;
            runs += 1;
            run_under_test.report_progress(at as usize, count as usize);
            *ends.entry(end).or_default() += 1;
            let finding = |violation| {
                run_under_test.finding(
                    Disturbance::Memory {
                        allocation: at,
                        lasting,
                    },
                    violation,
                )
            };
            findings.extend(violations.into_iter().map(finding));
        }
    }
    Ok(FaultReport {
        step: run_under_test.step().to_owned(),
        description: run_under_test.description().to_owned(),
        target: FaultTarget::Allocation,
        calls: count as usize,
        runs,
        ends,
        findings,
    })
}

/// Returns the number of allocations that the undisturbed run makes.
pub(super) fn count_allocations(run_under_test: &RunUnderTest, allocations: Allocations) -> u64 {
    let disk = run_under_test.disk();
    allocations.arm(None);
    run_under_test.run(&disk, run_under_test.request(), 0, &|_| {});
    allocations.disarm()
}

/// Makes the run with a failing allocation and returns its end with the violations.
pub(super) fn run_out_of_memory(
    checker: &DiskChecker<'_>,
    allocations: Allocations,
    at: u64,
    lasting: FaultDuration,
) -> Result<(RunEnd, Vec<Violation>), SimError> {
    let run_under_test = checker.run_under_test;
    let disk = run_under_test.disk();
    let recorder = CommitRecorder::default();
    // Armed after the disk is prepared: only allocations of the run are counted.
    allocations.arm(Some((at, lasting)));
    // A panic is a finding here and must not end the other runs.
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        run_under_test.run(&disk, run_under_test.request(), 0, &|event| {
            recorder.record(event, &disk)
        })
    }));
    // The checks below allocate too, and must not fail.
    allocations.disarm();
    let mut violations = Vec::new();
    let end = match &attempt {
        Ok(attempt) => attempt.end,
        Err(_) => {
            violations.push(Violation::Panic);
            RunEnd::Crashed
        }
    };
    violations.extend(checker.check_run(&disk, end, recorder.into_last().as_ref())?);
    violations.dedup();
    Ok((end, violations))
}
