//! Two runs at once.

use std::num::NonZeroUsize;

use plimsoll::sim::{Disturbance, PairOptions, PairReport, ReplayDetail, replay, run_pairs};

use crate::support::{THREE_CELLS, runs, scenario};

fn paired(seeds: u32, jobs: usize) -> PairReport {
    let terms = PairOptions {
        seed: 1,
        seeds,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    };
    run_pairs(&runs(&scenario(THREE_CELLS))[0], &terms).unwrap()
}

#[test]
fn together_they_do_what_one_alone_does_and_each_cell_once() {
    let paired = paired(120, 2);
    let says: Vec<_> = paired.findings.iter().map(|one| &one.message).collect();
    assert_eq!(says, [] as [&String; 0]);
    assert!(paired.interleavings > 100, "{paired:?}");
    for both in [
        "busy and complete",
        "complete and busy",
        "lost-lease and complete",
    ] {
        assert!(paired.ends.contains_key(both), "{both}: {:?}", paired.ends);
    }
}

#[test]
fn a_seed_gives_the_same_order_on_any_number_of_threads() {
    assert_eq!(paired(30, 1), paired(30, 8));
}

#[test]
fn one_pair_can_be_seen_again() {
    let run = &runs(&scenario(THREE_CELLS))[0];
    let token = format!("pair:1:{}@test.toml", 3).parse().unwrap();
    let [one, two] = [0, 1].map(|_| replay(run, &token).unwrap());
    assert_eq!(one, two);
    assert_eq!(token.disturbance, Disturbance::Pair { seed: 3 });
    let ReplayDetail::Pair { calls, .. } = one.detail else {
        panic!("{:?}", one.detail);
    };
    assert!(calls.iter().all(|calls| *calls > 20), "{calls:?}");
}
