//! Tales that are drawn from seeds: a fixed few here, fresh ones by `plimsoll sim fuzz`.

use std::num::NonZeroUsize;

use plimsoll::sim::{FuzzOptions, FuzzReport, check_generated, fuzz, generate_scenario};

fn fuzz_report(seed: u64, seeds: u64, jobs: usize) -> FuzzReport {
    let terms = FuzzOptions {
        seed,
        seeds,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    fuzz(&terms).unwrap()
}

#[test]
fn generated_scenarios_match_reference_model_and_invariants() {
    let fuzzed = fuzz_report(1, 60, 2);
    let told = fuzzed.findings.iter();
    let told: Vec<_> = told
        .map(|one| format!("{}: {}", one.token, one.message))
        .collect();
    assert_eq!(told, [] as [String; 0]);
    assert!(fuzzed.portfolio_days > 5_000, "{fuzzed:?}");
}

#[test]
fn fuzz_report_does_not_depend_on_thread_count() {
    assert_eq!(fuzz_report(500, 8, 1), fuzz_report(500, 8, 8));
}

/// The twin sees what the engine would say itself: here two cells that no run is to do.
#[test]
fn reference_model_detects_missing_cells() {
    let text = generate_scenario(3);
    assert!(check_generated(&text, 3).unwrap().violations.is_empty());
    let broken = "\nnow = 2026-01-08T18:00:00-05:00\n[market]\nshares = 1\nfrom = 2025-12-22\n\
                  [portfolios]\nA = { inception = 2026-01-05 }\n[[step]]\nrun = { to = 2026-01-06 }\n";
    let wrong = check_generated(broken, 3).unwrap().violations;
    assert!(
        wrong
            .iter()
            .any(|says| says.contains("not done is: portfolio 1 on 2026-01-07")),
        "{wrong:#?}"
    );
}
