//! Tales that are drawn from seeds: a fixed few here, fresh ones by `plimsoll sim fuzz`.

use std::num::NonZeroUsize;

use plimsoll::sim::{FuzzTerms, Fuzzed, fuzz, tale, tell};

fn fuzzed(seed: u64, seeds: u64, jobs: usize) -> Fuzzed {
    let terms = FuzzTerms {
        seed,
        seeds,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    fuzz(&terms).unwrap()
}

#[test]
fn tales_hold_against_the_twin_and_every_invariant() {
    let fuzzed = fuzzed(1, 60, 2);
    let told = fuzzed.findings.iter();
    let told: Vec<_> = told
        .map(|one| format!("{}: {}", one.token, one.says))
        .collect();
    assert_eq!(told, [] as [String; 0]);
    assert!(fuzzed.portfolio_days > 5_000, "{fuzzed:?}");
}

#[test]
fn a_seed_tells_the_same_on_any_number_of_threads() {
    assert_eq!(fuzzed(500, 8, 1), fuzzed(500, 8, 8));
}

/// The twin sees what the engine would say itself: here two cells that no run is to do.
#[test]
fn what_a_run_leaves_undone_is_seen_by_the_twin() {
    let text = tale(3);
    assert!(tell(&text, 3).unwrap().wrong.is_empty());
    let broken = "\nnow = 2026-01-08T18:00:00-05:00\n[market]\nshares = 1\nfrom = 2025-12-22\n\
                  [portfolios]\nA = { inception = 2026-01-05 }\n[[step]]\nrun = { to = 2026-01-06 }\n";
    let wrong = tell(broken, 3).unwrap().wrong;
    assert!(
        wrong
            .iter()
            .any(|says| says.contains("not done is: portfolio 1 on 2026-01-07")),
        "{wrong:#?}"
    );
}
