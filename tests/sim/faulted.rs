//! Faults at the calls that a run makes of its disk.

use std::num::NonZeroUsize;
use std::sync::Arc;

use plimsoll::engine::FaultHooks;
use plimsoll::scenario::script::RunEnd;
use plimsoll::sim::{
    FaultOptions, FaultReport, Finding, ReplayDetail, RunUnderTest, inject_faults, replay,
};

use crate::support::{LedgerFirst, THREE_CELLS, runs, scenario};

fn subject() -> RunUnderTest {
    runs(&scenario(THREE_CELLS)).remove(0)
}

fn faulted(subject: &RunUnderTest, every: usize, jobs: usize) -> FaultReport {
    let terms = FaultOptions {
        step: NonZeroUsize::new(every).unwrap(),
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    inject_faults(subject, &terms).unwrap()
}

fn says(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|one| one.message.as_str()).collect()
}

#[test]
fn whatever_fails_the_books_come_out_the_same() {
    let faulted = faulted(&subject(), 5, 2);
    assert_eq!(says(&faulted.findings), [] as [&str; 0]);
    assert_eq!(faulted.ends.values().sum::<usize>(), faulted.runs);
    let ends: Vec<RunEnd> = faulted.ends.keys().copied().collect();
    assert_eq!(
        ends,
        [RunEnd::Complete, RunEnd::Failed],
        "no panic, no other end"
    );
}

#[test]
fn what_is_found_does_not_depend_on_the_threads() {
    let one = faulted(&subject(), 23, 1);
    assert_eq!(faulted(&subject(), 23, 8), one);
}

#[test]
fn a_ledger_that_is_written_first_is_found_and_can_be_seen_again() {
    let subject = || subject().with_fault_hooks(FaultHooks::with_fault(Arc::new(LedgerFirst)));
    let faulted = faulted(&subject(), 5, 2);
    let found = faulted
        .findings
        .iter()
        .find(|one| one.message.contains("the ledger"));
    let found = found.unwrap_or_else(|| panic!("{:#?}", says(&faulted.findings)));
    let again = replay(&subject(), &found.token).unwrap();
    assert!(again.findings.contains(found), "{again:#?}");
    let ReplayDetail::Fault { calls, end, .. } = again.detail else {
        panic!("{:?}", again.detail);
    };
    assert_eq!((calls, end), (faulted.calls, RunEnd::Failed));
}
