//! Faults at the calls that a run makes of its disk.

use std::num::NonZeroUsize;
use std::sync::Arc;

use plimsoll::engine::FaultHooks;
use plimsoll::scenario::script::RunEnd;
use plimsoll::sim::{
    FaultOptions, FaultReport, Finding, ReplayDetail, RunUnderTest, inject_faults, replay,
};

use crate::support::{LedgerFirst, THREE_CELLS, parse_scenario, runs_under_test};

fn run_under_test() -> RunUnderTest {
    runs_under_test(&parse_scenario(THREE_CELLS)).remove(0)
}

fn fault_report(subject: &RunUnderTest, every: usize, jobs: usize) -> FaultReport {
    let terms = FaultOptions {
        step: NonZeroUsize::new(every).unwrap(),
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    inject_faults(subject, &terms).unwrap()
}

fn messages(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|one| one.message.as_str()).collect()
}

#[test]
fn books_are_the_same_after_any_fault() {
    let faulted = fault_report(&run_under_test(), 5, 2);
    assert_eq!(messages(&faulted.findings), [] as [&str; 0]);
    assert_eq!(faulted.ends.values().sum::<usize>(), faulted.runs);
    let ends: Vec<RunEnd> = faulted.ends.keys().copied().collect();
    assert_eq!(
        ends,
        [RunEnd::Complete, RunEnd::Failed],
        "no panic, no other end"
    );
}

#[test]
fn findings_do_not_depend_on_thread_count() {
    let one = fault_report(&run_under_test(), 23, 1);
    assert_eq!(fault_report(&run_under_test(), 23, 8), one);
}

#[test]
fn ledger_written_first_is_found_and_replayed() {
    let subject =
        || run_under_test().with_fault_hooks(FaultHooks::with_fault(Arc::new(LedgerFirst)));
    let faulted = fault_report(&subject(), 5, 2);
    let found = faulted
        .findings
        .iter()
        .find(|one| one.message.contains("the ledger"));
    let found = found.unwrap_or_else(|| panic!("{:#?}", messages(&faulted.findings)));
    let again = replay(&subject(), &found.token).unwrap();
    assert!(again.findings.contains(found), "{again:#?}");
    let ReplayDetail::Fault { calls, end, .. } = again.detail else {
        panic!("{:?}", again.detail);
    };
    assert_eq!((calls, end), (faulted.calls, RunEnd::Failed));
}
