//! Every crash point of a run, with every disk that can be left there.

use plimsoll::sim::{
    CrashImage, Crashes, Disturbance, ExploreReport, ReplayDetail, Survival, explore, replay,
};

use crate::support::{
    THREE_CELLS, explore_last_run, explore_options, finding_lines, parse_scenario, runs_under_test,
    with_ledger_first,
};

#[test]
fn crashes_lose_nothing_acknowledged() {
    let report = explore_last_run(&parse_scenario(THREE_CELLS), &explore_options(6, 4, 2));
    assert_eq!(finding_lines(&report), [] as [String; 0]);
    assert!(report.images > 500, "{report:?}");
    assert!(report.states > 5, "one a transaction: {report:?}");
}

#[test]
fn recovery_survives_crash_at_every_point() {
    let mut twice = explore_options(0, 0, 2);
    twice.crashes = Crashes::Twice;
    let small = THREE_CELLS.replace("[portfolios]", "[market]\nshares = 2\n[portfolios]");
    let once = explore_last_run(&parse_scenario(&small), &explore_options(0, 0, 2));
    let twice = explore_last_run(&parse_scenario(&small), &twice);
    assert_eq!(finding_lines(&twice), [] as [String; 0]);
    assert!(twice.images > 4 * once.images, "{twice:?}");
    assert_eq!(
        twice.recovered_disks, once.recovered_disks,
        "no state that one crash does not leave"
    );
}

#[test]
fn findings_do_not_depend_on_thread_count() {
    let scenario = parse_scenario(THREE_CELLS);
    let single_threaded = explore_last_run(&scenario, &explore_options(3, 2, 1));
    for jobs in [2, 8] {
        let other = explore_last_run(&scenario, &explore_options(3, 2, jobs));
        // SQLite's randomness belongs to the process, which other tests use at the same time.
        assert_eq!(
            ExploreReport {
                log: single_threaded.log,
                ..other
            },
            single_threaded
        );
    }
}

#[test]
fn interrupted_forced_range_is_completed_by_next_run() {
    let forced = THREE_CELLS.replace(
        "run = {}",
        "run = {}\n[[step]]\nrun = { force = \"2026-01-06..2026-01-07\" }",
    );
    let report = explore_last_run(&parse_scenario(&forced), &explore_options(3, 2, 2));
    assert_eq!(finding_lines(&report), [] as [String; 0]);
}

#[test]
fn limited_run_is_continued_after_crash() {
    let limited = THREE_CELLS.replace("run = {}", "run = { limit = 2 }");
    let report = explore_last_run(&parse_scenario(&limited), &explore_options(3, 2, 2));
    assert_eq!(finding_lines(&report), [] as [String; 0]);
}

#[test]
fn injected_fault_is_found_and_replayed() {
    let run = || with_ledger_first(runs_under_test(&parse_scenario(THREE_CELLS)).remove(0));
    let report = explore(&run(), &explore_options(0, 0, 2)).unwrap();
    let mut findings = report.findings.iter();
    let found = findings.find(|finding| finding.violation.to_string().contains("the ledger"));
    let found = found.unwrap_or_else(|| panic!("{:#?}", finding_lines(&report)));

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
    assert_eq!(operations, report.operations);
    if let Disturbance::Crash {
        image: CrashImage::Killed,
        ..
    } = found.token.disturbance
    {
        assert!(
            pending
                .iter()
                .all(|operation| operation.survival == Survival::Full)
        );
    }
}
