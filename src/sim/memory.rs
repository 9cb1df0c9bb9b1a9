//! Memory that runs out at every single allocation that SQLite makes for a run, once and from
//! then on. SQLite's memory is the process's, so these runs are made one after the other.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::course::Course;
use super::faults::{Asked, Faulted};
use super::finding::Place;
use super::leftovers::{Leftovers, Told};
use super::subject::{SimError, Subject};
use crate::scenario::script::RunEnd;
use crate::store::disk::{Allocations, FaultDuration};

/// Lets the memory of a run end at every `every`-th allocation.
pub fn memory(
    subject: &Subject,
    allocations: Allocations,
    every: NonZeroUsize,
) -> Result<Faulted, SimError> {
    let course = Course::of(subject, 1)?;
    let count = allocations_of(subject, allocations);
    let leftovers = Leftovers::of(subject, &course);
    let mut ends = BTreeMap::new();
    let mut findings = Vec::new();
    let mut runs = 0;
    for at in (0..count).step_by(every.get()) {
        for lasting in [FaultDuration::Once, FaultDuration::Always] {
            let (end, wrong) = run_short(&leftovers, allocations, at, lasting)?;
            runs += 1;
            subject.tell(at as usize, count as usize);
            *ends.entry(end).or_default() += 1;
            let finding = |says| subject.finding(Place::Memory { at, lasting }, says);
            findings.extend(wrong.into_iter().map(finding));
        }
    }
    Ok(Faulted {
        step: subject.number().to_owned(),
        what: subject.what().to_owned(),
        of: Asked::Allocation,
        calls: count as usize,
        runs,
        ends,
        findings,
    })
}

/// How many allocations the undisturbed run makes.
pub(super) fn allocations_of(subject: &Subject, allocations: Allocations) -> u64 {
    let disk = subject.disk();
    allocations.arm(None);
    subject.make(&disk, subject.asked(), 0, &|_| {});
    allocations.disarm()
}

/// How a run ends that runs short of memory, and what does not hold.
pub(super) fn run_short(
    leftovers: &Leftovers<'_>,
    allocations: Allocations,
    at: u64,
    lasting: FaultDuration,
) -> Result<(RunEnd, Vec<String>), SimError> {
    let subject = leftovers.subject;
    let disk = subject.disk();
    let told = Told::default();
    allocations.arm(Some((at, lasting)));
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        subject.make(&disk, subject.asked(), 0, &|moment| {
            told.hear(moment, &disk)
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
    wrong.extend(leftovers.of_run(&disk, end, told.last().as_ref())?);
    wrong.dedup();
    Ok((end, wrong))
}
