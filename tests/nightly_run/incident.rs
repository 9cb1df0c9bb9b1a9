//! The requirements of the incident, point by point.

use plimsoll::domain::Scope;
use plimsoll::plan::{Newcomers, PolicyName, SkipReason};
use plimsoll::store::RunState;

use crate::harness::{
    JAN_8, day, day_counts, done_counts, harness, nightly, nightly_to, nightly_with,
};

const CAUGHT_UP: [(&str, u64); 3] = [("2026-01-06", 11), ("2026-01-07", 12), ("2026-01-08", 13)];

#[test]
fn one_run_completes_the_jan_8_state() {
    let harness = harness(JAN_8);
    let outcome = harness.run(&nightly());
    assert_eq!(done_counts(&outcome), day_counts(&CAUGHT_UP));
    assert_eq!(outcome.state, RunState::Complete);
    assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
    assert_eq!(outcome.certificate.done_now, 36);
    assert_eq!(outcome.progress.done, outcome.progress.planned);
    assert_eq!(outcome.watermark_after.day(), Some(day("2026-01-08")));
}

#[test]
fn min_of_max_finds_the_same_days_and_global_max_misses_two() {
    let fix = harness(JAN_8).run(&nightly_with(PolicyName::MinOfMax));
    assert_eq!(done_counts(&fix), day_counts(&CAUGHT_UP));

    let bug = harness(JAN_8).run(&nightly_with(PolicyName::GlobalMax));
    assert_eq!(done_counts(&bug), day_counts(&[("2026-01-08", 13)]));
    let behind = bug.plan.left_behind();
    assert_eq!(behind.get(&day("2026-01-06")), Some(&11));
    assert_eq!(behind.get(&day("2026-01-07")), Some(&12));
    assert_eq!(bug.state, RunState::Incomplete);
    assert!(bug.certificate.is_valid());
    assert_eq!(bug.certificate.deferred, 23);
}

#[test]
fn global_max_plans_nothing_at_its_newest_snapshot() {
    let mut request = nightly_to("2026-01-07");
    request.request.policy = PolicyName::GlobalMax.policy();
    let outcome = harness(JAN_8).run(&request);
    assert!(outcome.plan.is_empty());
    assert_eq!(outcome.progress.done, 0);
}

#[test]
fn a_second_run_plans_nothing_and_changes_no_books() {
    let harness = harness(JAN_8);
    harness.run(&nightly());
    let books = harness.output_rows();
    let again = harness.run(&nightly());
    assert!(again.plan.is_empty());
    assert_eq!(again.state, RunState::Complete);
    assert_eq!(harness.output_rows(), books);
}

#[test]
fn a_database_without_portfolios_has_nothing_to_do() {
    let harness = harness("description = \"empty\"\nnow = 2026-01-08T18:00:00-05:00\n");
    let outcome = harness.run(&nightly());
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(outcome.certificate.expected, 0);
}

#[test]
fn a_first_run_starts_at_the_earliest_inception() {
    let harness = harness(
        "description = \"new\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-05 }\nB = { inception = 2026-01-07 }\n",
    );
    let outcome = harness.run(&nightly());
    let days = [
        ("2026-01-05", 1),
        ("2026-01-06", 1),
        ("2026-01-07", 2),
        ("2026-01-08", 2),
    ];
    assert_eq!(done_counts(&outcome), day_counts(&days));
}

#[test]
fn a_deleted_portfolio_neither_holds_the_watermark_nor_is_processed() {
    let harness = harness(
        "description = \"C was deleted at Jan 2\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { complete = \"..2026-01-07\" }\n\
         C = { complete = \"..2026-01-02\", deleted-at = 2026-01-03T12:00:00-05:00 }\n",
    );
    let outcome = harness.run(&nightly());
    assert_eq!(outcome.watermark_before.day(), Some(day("2026-01-07")));
    assert_eq!(done_counts(&outcome), day_counts(&[("2026-01-08", 1)]));
    let deleted = outcome
        .plan
        .days
        .iter()
        .map(|day| day.skip_count(SkipReason::Deleted))
        .sum::<u64>();
    assert!(deleted > 0);
}

#[test]
fn a_scoped_run_touches_its_scope_only() {
    let harness = harness(JAN_8);
    let mut request = nightly();
    request.request.scope = Scope::from_ids([harness.portfolio("Test Scott Y").id]).unwrap();
    let outcome = harness.run(&request);
    assert_eq!(done_counts(&outcome), day_counts(&[("2026-01-08", 1)]));
    assert_eq!(outcome.watermark_before.day(), Some(day("2026-01-07")));
}

#[test]
fn newcomers_are_left_to_onboarding_by_policy() {
    let text = "description = \"B is new\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                A = { complete = \"..2026-01-07\" }\nB = { inception = 2026-01-06 }\n";
    let harness = harness(text);
    let mut request = nightly();
    request.request.policy.newcomers = Newcomers::LeftToOnboarding;
    let outcome = harness.run(&request);
    assert_eq!(done_counts(&outcome), day_counts(&[("2026-01-08", 1)]));
    assert_eq!(outcome.certificate.deferred, 3);
    let ordinary = harness.run(&nightly());
    assert_eq!(ordinary.progress.done, 3);
}

#[test]
fn a_plan_larger_than_allowed_is_refused_before_anything_is_written() {
    let harness = harness(JAN_8);
    let mut request = nightly();
    request.max_cells = Some(35);
    let runs = |harness: &crate::harness::Harness| {
        harness.store.read(|r| r.runs().latest(10)).unwrap().len()
    };
    let before = runs(&harness);
    let refusal = harness.try_run(&request).unwrap_err();
    assert!(refusal.to_string().contains("36 cells"), "{refusal}");
    assert_eq!(runs(&harness), before);
    request.max_cells = Some(36);
    assert_eq!(harness.run(&request).progress.done, 36);
}

#[test]
fn the_next_run_continues_after_a_limited_run() {
    let harness = harness(JAN_8);
    let mut request = nightly();
    request.request.limit = plimsoll::plan::Limit::Cells(20);
    let first = harness.run(&request);
    assert_eq!(
        done_counts(&first),
        day_counts(&[("2026-01-06", 11), ("2026-01-07", 9)])
    );
    assert_eq!(first.certificate.deferred, 16);
    let second = harness.run(&nightly());
    assert_eq!(
        done_counts(&second),
        day_counts(&[("2026-01-07", 3), ("2026-01-08", 13)])
    );
}
