//! Two runs at once on one disk.

use std::num::NonZeroUsize;

use plimsoll::sim::{Disturbance, PairOptions, PairReport, ReplayDetail, replay, run_pairs};

use crate::support::{THREE_CELLS, parse_scenario, runs_under_test};

fn pair_report(seeds: u32, jobs: usize) -> PairReport {
    let options = PairOptions {
        seed: 1,
        seeds,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    run_pairs(&runs_under_test(&parse_scenario(THREE_CELLS))[0], &options).unwrap()
}

#[test]
fn two_runs_process_each_cell_once() {
    let report = pair_report(120, 2);
    let messages: Vec<_> = report
        .findings
        .iter()
        .map(|finding| finding.violation.to_string())
        .collect();
    assert_eq!(messages, [] as [String; 0]);
    assert!(report.interleavings > 100, "{report:?}");
    for ends in [
        "busy and complete",
        "complete and busy",
        "lost-lease and complete",
    ] {
        assert!(report.ends.contains_key(ends), "{ends}: {:?}", report.ends);
    }
}

#[test]
fn interleavings_do_not_depend_on_thread_count() {
    assert_eq!(pair_report(30, 1), pair_report(30, 8));
}

#[test]
fn pair_can_be_replayed() {
    let run = &runs_under_test(&parse_scenario(THREE_CELLS))[0];
    let token = format!("pair:1:{}@test.toml", 3).parse().unwrap();
    let [first, second] = [0, 1].map(|_| replay(run, &token).unwrap());
    assert_eq!(first, second);
    assert_eq!(token.disturbance, Disturbance::Pair { seed: 3 });
    let ReplayDetail::Pair { calls, .. } = first.detail else {
        panic!("{:?}", first.detail);
    };
    assert!(calls.iter().all(|calls| *calls > 20), "{calls:?}");
}
