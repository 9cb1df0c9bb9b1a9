//! Every fault at every single call that a run makes of its disk, once and from then on.
//!
//! The run may end as it likes, as long as it says so. Then the fault is over, and what is left,
//! with and without the power, must lead to the books of the run that nothing disturbed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;

use super::baseline::Baseline;
use super::disk_checks::{CommitRecorder, DiskChecker};
use super::finding::{Disturbance, Finding};
use super::run_under_test::{RunUnderTest, SimError};
use crate::scenario::script::RunEnd;
use crate::store::disk::{Call, Fault, FaultDuration, InjectedDiskFault};

/// How faults are tried.
#[derive(Debug, Clone, Copy)]
pub struct FaultOptions {
    /// Every how many-th call is tried; 1 is each.
    pub step: NonZeroUsize,
    /// On how many threads.
    pub jobs: NonZeroUsize,
}

/// What came of a run's faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FaultReport {
    /// Which step of the scenario it is.
    pub step: String,
    /// What is asked for.
    #[serde(rename = "what")]
    pub description: String,
    /// What could go wrong.
    #[serde(rename = "of")]
    pub target: FaultTarget,
    /// How much of that the undisturbed run asks for.
    pub calls: usize,
    /// How many runs were made with a fault.
    pub runs: usize,
    /// How they ended.
    pub ends: BTreeMap<RunEnd, usize>,
    /// What does not hold, by call and fault.
    pub findings: Vec<Finding>,
}

/// What a run asks for that it may not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultTarget {
    /// A call of its disk.
    Call,
    /// Memory for SQLite.
    Allocation,
}

impl FaultTarget {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Allocation => "allocation",
        }
    }
}

/// Tries every fault on a run.
pub fn inject_faults(
    subject: &RunUnderTest,
    terms: &FaultOptions,
) -> Result<FaultReport, SimError> {
    let course = Baseline::record(subject, 1)?;
    let calls = record_calls(subject);
    let strikes = fault_plan(&calls, terms.step);
    let leftovers = DiskChecker::new(subject, &course);
    let tried = subject.map_parallel(terms.jobs, &strikes, |strike| {
        run_with_fault(&leftovers, *strike)
    });
    let mut ends = BTreeMap::new();
    let mut findings = Vec::new();
    for (strike, tried) in strikes.iter().zip(tried) {
        let (end, wrong) = tried?;
        *ends.entry(end).or_default() += 1;
        let finding = |says| subject.finding(Disturbance::Fault(*strike), says);
        findings.extend(wrong.into_iter().map(finding));
    }
    Ok(FaultReport {
        step: subject.step().to_owned(),
        description: subject.description().to_owned(),
        target: FaultTarget::Call,
        calls: calls.len(),
        runs: strikes.len(),
        ends,
        findings,
    })
}

/// The calls of the undisturbed run.
pub(super) fn record_calls(subject: &RunUnderTest) -> Vec<Call> {
    let disk = subject.disk();
    disk.arm(None);
    subject.run(&disk, subject.request(), 0, &|_| {});
    disk.disarm().0
}

fn fault_plan(calls: &[Call], every: NonZeroUsize) -> Vec<InjectedDiskFault> {
    let calls = calls.iter().enumerate().step_by(every.get());
    let of_call = |(at, call): (usize, &Call)| {
        let faults = Fault::ALL
            .into_iter()
            .filter(|fault| fault.applies_to(*call));
        let strikes = faults.flat_map(move |fault| {
            [FaultDuration::Once, FaultDuration::Always].map(|lasting| InjectedDiskFault {
                at,
                fault,
                duration: lasting,
            })
        });
        strikes.collect::<Vec<_>>()
    };
    calls.flat_map(of_call).collect()
}

/// How a run with a fault ends, and what does not hold.
pub(super) fn run_with_fault(
    leftovers: &DiskChecker<'_>,
    strike: InjectedDiskFault,
) -> Result<(RunEnd, Vec<String>), SimError> {
    let subject = leftovers.subject;
    let disk = subject.disk();
    let told = CommitRecorder::default();
    disk.arm(Some(strike));
    let attempt = subject.run(&disk, subject.request(), 0, &|moment| {
        told.record(moment, &disk)
    });
    let (_, killed) = disk.disarm();
    let acknowledged = told.into_last();
    let mut wrong = leftovers.check_run(&disk, attempt.end, acknowledged.as_ref())?;
    if let Some([before, left]) = &acknowledged {
        wrong.extend(leftovers.check_acknowledged(before, left)?);
    }
    if let Some(killed) = killed {
        wrong.extend(leftovers.check_disk(killed.fork())?);
        wrong.extend(leftovers.check_disk(killed.after_power_cut())?);
        wrong.extend(leftovers.check_rerun_then_power_cut(&killed)?);
    }
    wrong.extend(leftovers.check_rerun_then_power_cut(&disk)?);
    wrong.dedup();
    Ok((attempt.end, wrong))
}
