//! Generated histories from fixed seeds; `plimsoll sim histories` tries fresh ones.

use std::num::NonZeroUsize;

use plimsoll::sim::{HistoryOptions, HistoryReport, histories};

fn history_report(seed: u64, seeds: u64, jobs: usize) -> HistoryReport {
    let options = HistoryOptions {
        seed,
        seeds,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    histories(&options).unwrap()
}

#[test]
fn histories_keep_the_books_of_their_final_sources() {
    let report = history_report(1, 24, 2);
    let findings = report.findings.iter();
    let findings: Vec<_> = findings
        .map(|finding| format!("{}: {}", finding.token, finding.violation))
        .collect();
    assert_eq!(findings, [] as [String; 0]);
    assert!(report.steps > 300, "{report:?}");
    assert!(report.compared > 12, "{report:?}");
}

#[test]
fn history_report_does_not_depend_on_thread_count() {
    assert_eq!(history_report(500, 4, 1), history_report(500, 4, 4));
}
