//! Faults at the calls that a run makes of its disk.

use std::num::NonZeroUsize;

use plimsoll::scenario::script::RunEnd;
use plimsoll::sim::{
    FaultOptions, FaultReport, Finding, ReplayDetail, RunUnderTest, inject_faults, replay,
};

use crate::support::{THREE_CELLS, parse_scenario, runs_under_test, with_ledger_first};

fn run_under_test() -> RunUnderTest {
    runs_under_test(&parse_scenario(THREE_CELLS)).remove(0)
}

fn fault_report(run: &RunUnderTest, every: usize, jobs: usize) -> FaultReport {
    let options = FaultOptions {
        step: NonZeroUsize::new(every).unwrap(),
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    inject_faults(run, &options).unwrap()
}

fn messages(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| finding.violation.to_string())
        .collect()
}

#[test]
fn books_are_the_same_after_any_fault() {
    let report = fault_report(&run_under_test(), 5, 2);
    assert_eq!(messages(&report.findings), [] as [String; 0]);
    assert_eq!(report.ends.values().sum::<usize>(), report.runs);
    let ends: Vec<RunEnd> = report.ends.keys().copied().collect();
    assert_eq!(
        ends,
        [RunEnd::Complete, RunEnd::Failed],
        "no panic, no other end"
    );
}

#[test]
fn findings_do_not_depend_on_thread_count() {
    let single_threaded = fault_report(&run_under_test(), 23, 1);
    assert_eq!(fault_report(&run_under_test(), 23, 8), single_threaded);
}

#[test]
fn ledger_written_first_is_found_and_replayed() {
    let faulty_run = || with_ledger_first(run_under_test());
    let report = fault_report(&faulty_run(), 5, 2);
    let found = report
        .findings
        .iter()
        .find(|finding| finding.violation.to_string().contains("the ledger"));
    let found = found.unwrap_or_else(|| panic!("{:#?}", messages(&report.findings)));
    let again = replay(&faulty_run(), &found.token).unwrap();
    assert!(again.findings.contains(found), "{again:#?}");
    let ReplayDetail::Fault { calls, end, .. } = again.detail else {
        panic!("{:?}", again.detail);
    };
    assert_eq!(calls, report.calls);
    assert!(report.ends.contains_key(&end));
}
