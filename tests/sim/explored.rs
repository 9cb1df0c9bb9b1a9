//! Every crash point of a run, and every disk that can be left there.

use std::sync::Arc;

use plimsoll::engine::{FaultHooks, InjectedFault, RequiredAction};
use plimsoll::sim::{
    CrashImage, Crashes, Disturbance, ExploreReport, ReplayDetail, Survival, explore, replay,
};

use crate::support::{LedgerFirst, THREE_CELLS, explored, runs, scenario, terms, told};

#[test]
fn nothing_that_was_acknowledged_is_lost_and_nothing_is_torn() {
    let explored = explored(&scenario(THREE_CELLS), &terms(6, 4, 2));
    assert_eq!(told(&explored), [] as [String; 0]);
    assert!(explored.images > 500, "{explored:?}");
    assert!(explored.states > 5, "one a transaction: {explored:?}");
}

#[test]
fn a_recovery_may_crash_at_every_point() {
    let mut twice = terms(0, 0, 2);
    twice.crashes = Crashes::Twice;
    let small = THREE_CELLS.replace("[portfolios]", "[market]\nshares = 2\n[portfolios]");
    let once = explored(&scenario(&small), &terms(0, 0, 2));
    let twice = explored(&scenario(&small), &twice);
    assert_eq!(told(&twice), [] as [String; 0]);
    assert!(twice.images > 4 * once.images, "{twice:?}");
    assert_eq!(
        twice.recovered_disks, once.recovered_disks,
        "no state that one crash does not leave"
    );
}

#[test]
fn what_is_found_does_not_depend_on_the_threads() {
    let scenario = scenario(THREE_CELLS);
    let one = explored(&scenario, &terms(3, 2, 1));
    for jobs in [2, 8] {
        let other = explored(&scenario, &terms(3, 2, jobs));
        // What SQLite draws is the process's, in which other tests are at work too.
        assert_eq!(
            ExploreReport {
                log: one.log,
                ..other
            },
            one
        );
    }
}

#[test]
fn a_forced_range_is_old_or_new_and_completed_by_whatever_run_comes_next() {
    let forced = THREE_CELLS.replace(
        "run = {}",
        "run = {}\n[[step]]\nrun = { force = \"2026-01-06..2026-01-07\" }",
    );
    let explored = explored(&scenario(&forced), &terms(3, 2, 2));
    assert_eq!(told(&explored), [] as [String; 0]);
}

#[test]
fn a_run_that_does_a_part_is_continued() {
    let limited = THREE_CELLS.replace("run = {}", "run = { limit = 2 }");
    let explored = explored(&scenario(&limited), &terms(3, 2, 2));
    assert_eq!(told(&explored), [] as [String; 0]);
}

/// Leaves the run open and the lease taken.
#[derive(Debug)]
struct NeverClosed;

impl InjectedFault for NeverClosed {
    fn skips(&self, duty: RequiredAction) -> bool {
        duty == RequiredAction::Close
    }
}

#[test]
fn faults_that_are_planted_are_found_and_can_be_seen_again() {
    let faults: [(Arc<dyn InjectedFault>, &str); 2] = [
        (Arc::new(LedgerFirst), "the ledger"),
        (Arc::new(NeverClosed), "at work for ever"),
    ];
    for (fault, words) in faults {
        let run = || {
            let mut runs = runs(&scenario(THREE_CELLS));
            runs.remove(0)
                .with_fault_hooks(FaultHooks::with_fault(Arc::clone(&fault)))
        };
        let explored = explore(&run(), &terms(0, 0, 2)).unwrap();
        let found = explored
            .findings
            .iter()
            .find(|one| one.message.contains(words));
        let found = found.unwrap_or_else(|| panic!("{words}: {:#?}", told(&explored)));

        let again = replay(&run(), &found.token).unwrap();
        assert!(again.findings.contains(found), "{again:#?}");
        let ReplayDetail::Crash {
            operations,
            pending,
            ..
        } = again.detail
        else {
            panic!("{:?}", again.detail);
        };
        assert_eq!(operations, explored.operations);
        if let Disturbance::Crash {
            image: CrashImage::Killed,
            ..
        } = found.token.disturbance
        {
            assert!(pending.iter().all(|one| one.survival == Survival::Full));
        }
    }
}
