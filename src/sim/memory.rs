//! Memory that runs out at every single allocation that SQLite makes for a run, once and from
//! then on. SQLite's memory is the process's, so these runs are made one after the other.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::baseline::Baseline;
use super::disk_checks::{CommitRecorder, DiskChecker};
use super::faults::{FaultReport, FaultTarget};
use super::finding::Disturbance;
use super::run_under_test::{RunUnderTest, SimError};
use crate::scenario::script::RunEnd;
use crate::store::disk::{Allocations, FaultDuration};

/// Lets the memory of a run end at every `every`-th allocation.
pub fn exhaust_memory(
    subject: &RunUnderTest,
    allocations: Allocations,
    every: NonZeroUsize,
) -> Result<FaultReport, SimError> {
    let course = Baseline::record(subject, 1)?;
    let count = count_allocations(subject, allocations);
    let leftovers = DiskChecker::new(subject, &course);
    let mut ends = BTreeMap::new();
    let mut findings = Vec::new();
    let mut runs = 0;
    for at in (0..count).step_by(every.get()) {
        for lasting in [FaultDuration::Once, FaultDuration::Always] {
            let (end, wrong) = run_out_of_memory(&leftovers, allocations, at, lasting)?;
            runs += 1;
            subject.report_progress(at as usize, count as usize);
            *ends.entry(end).or_default() += 1;
            let finding = |says| {
                subject.finding(
                    Disturbance::Memory {
                        allocation: at,
                        lasting,
                    },
                    says,
                )
            };
            findings.extend(wrong.into_iter().map(finding));
        }
    }
    Ok(FaultReport {
        step: subject.step().to_owned(),
        description: subject.description().to_owned(),
        target: FaultTarget::Allocation,
        calls: count as usize,
        runs,
        ends,
        findings,
    })
}

/// How many allocations the undisturbed run makes.
pub(super) fn count_allocations(subject: &RunUnderTest, allocations: Allocations) -> u64 {
    let disk = subject.disk();
    allocations.arm(None);
    subject.run(&disk, subject.request(), 0, &|_| {});
    allocations.disarm()
}

/// How a run ends that runs short of memory, and what does not hold.
pub(super) fn run_out_of_memory(
    leftovers: &DiskChecker<'_>,
    allocations: Allocations,
    at: u64,
    lasting: FaultDuration,
) -> Result<(RunEnd, Vec<String>), SimError> {
    let subject = leftovers.subject;
    let disk = subject.disk();
    let told = CommitRecorder::default();
    allocations.arm(Some((at, lasting)));
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        subject.run(&disk, subject.request(), 0, &|moment| {
            told.record(moment, &disk)
        })
    }));
    allocations.disarm();
    let mut wrong = Vec::new();
    let end = match &attempt {
        Ok(attempt) => attempt.end,
        Err(_) => {
            wrong.push("the program panics".to_owned());
            RunEnd::Crashed
        }
    };
    wrong.extend(leftovers.check_run(&disk, end, told.into_last().as_ref())?);
    wrong.dedup();
    Ok((end, wrong))
}
