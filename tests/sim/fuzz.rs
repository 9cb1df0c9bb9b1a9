//! Scenarios generated from fixed seeds; `plimsoll sim fuzz` tries fresh ones.

use std::num::NonZeroUsize;

use plimsoll::sim::{FuzzOptions, FuzzReport, check_generated, fuzz, generate_scenario};

fn fuzz_report(seed: u64, seeds: u64, jobs: usize) -> FuzzReport {
    let options = FuzzOptions {
        seed,
        seeds,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    fuzz(&options).unwrap()
}

#[test]
fn generated_scenarios_match_reference_model_and_invariants() {
    let report = fuzz_report(1, 60, 2);
    let findings = report.findings.iter();
    let findings: Vec<_> = findings
        .map(|finding| format!("{}: {}", finding.token, finding.violation))
        .collect();
    assert_eq!(findings, [] as [String; 0]);
    assert!(report.portfolio_days > 5_000, "{report:?}");
}

#[test]
fn fuzz_report_does_not_depend_on_thread_count() {
    assert_eq!(fuzz_report(500, 8, 1), fuzz_report(500, 8, 8));
}

/// The model reports what a run would report itself: here two cells that the run is told to skip.
#[test]
fn reference_model_detects_missing_cells() {
    let text = generate_scenario(3);
    assert!(check_generated(&text, 3).unwrap().violations.is_empty());
    let broken = "\nnow = 2026-01-08T18:00:00-05:00\n[market]\nshares = 1\nfrom = 2025-12-22\n\
                  [portfolios]\nA = { inception = 2026-01-05 }\n[[step]]\nrun = { to = 2026-01-06 }\n";
    let violations = check_generated(broken, 3).unwrap().violations;
    assert!(
        violations.iter().any(|violation| violation
            .to_string()
            .contains("not done is: portfolio 1 on 2026-01-07")),
        "{violations:#?}"
    );
}
