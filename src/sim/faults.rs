//! Every fault at every single call that a run makes of its disk, once and from then on.
//!
//! The run may end as it likes, as long as it says so. Then the fault is over, and what is left,
//! with and without the power, must lead to the books of the run that nothing disturbed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;

use super::course::Course;
use super::finding::{Finding, Place};
use super::leftovers::{Leftovers, Told};
use super::subject::{SimError, Subject};
use crate::scenario::script::RunEnd;
use crate::store::disk::{Call, Fault, FaultDuration, InjectedDiskFault};

/// How faults are tried.
#[derive(Debug, Clone, Copy)]
pub struct FaultTerms {
    /// Every how many-th call is tried; 1 is each.
    pub every: NonZeroUsize,
    /// On how many threads.
    pub jobs: NonZeroUsize,
}

/// What came of a run's faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Faulted {
    /// Which step of the scenario it is.
    pub step: String,
    /// What is asked for.
    pub what: String,
    /// What could go wrong.
    pub of: Asked,
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
pub enum Asked {
    /// A call of its disk.
    Call,
    /// Memory for SQLite.
    Allocation,
}

impl Asked {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Allocation => "allocation",
        }
    }
}

/// Tries every fault on a run.
pub fn faults(subject: &Subject, terms: &FaultTerms) -> Result<Faulted, SimError> {
    let course = Course::of(subject, 1)?;
    let calls = calls_of(subject);
    let strikes = strikes(&calls, terms.every);
    let leftovers = Leftovers::of(subject, &course);
    let tried = subject.each(terms.jobs, &strikes, |strike| struck(&leftovers, *strike));
    let mut ends = BTreeMap::new();
    let mut findings = Vec::new();
    for (strike, tried) in strikes.iter().zip(tried) {
        let (end, wrong) = tried?;
        *ends.entry(end).or_default() += 1;
        let finding = |says| subject.finding(Place::Fault(*strike), says);
        findings.extend(wrong.into_iter().map(finding));
    }
    Ok(Faulted {
        step: subject.number().to_owned(),
        what: subject.what().to_owned(),
        of: Asked::Call,
        calls: calls.len(),
        runs: strikes.len(),
        ends,
        findings,
    })
}

/// The calls of the undisturbed run.
pub(super) fn calls_of(subject: &Subject) -> Vec<Call> {
    let disk = subject.disk();
    disk.arm(None);
    subject.make(&disk, subject.asked(), 0, &|_| {});
    disk.disarm().0
}

fn strikes(calls: &[Call], every: NonZeroUsize) -> Vec<InjectedDiskFault> {
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
pub(super) fn struck(
    leftovers: &Leftovers<'_>,
    strike: InjectedDiskFault,
) -> Result<(RunEnd, Vec<String>), SimError> {
    let subject = leftovers.subject;
    let disk = subject.disk();
    let told = Told::default();
    disk.arm(Some(strike));
    let attempt = subject.make(&disk, subject.asked(), 0, &|moment| {
        told.hear(moment, &disk)
    });
    let (_, killed) = disk.disarm();
    let acknowledged = told.last();
    let mut wrong = leftovers.of_run(&disk, attempt.end, acknowledged.as_ref())?;
    if let Some([before, left]) = &acknowledged {
        wrong.extend(leftovers.lost(before, left)?);
    }
    if let Some(killed) = killed {
        wrong.extend(leftovers.judged(killed.fork())?);
        wrong.extend(leftovers.judged(killed.after_power_cut())?);
        wrong.extend(leftovers.made_again_then_power_cut(&killed)?);
    }
    wrong.extend(leftovers.made_again_then_power_cut(&disk)?);
    wrong.dedup();
    Ok((attempt.end, wrong))
}
