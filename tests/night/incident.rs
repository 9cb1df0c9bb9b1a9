//! What the incident asks for, point by point.

use plimsoll::domain::Scope;
use plimsoll::plan::{Newcomers, PolicyName, SkipReason};
use plimsoll::store::RunState;

use crate::stage::{JAN_8, by, counts, day, expected, nightly, stage, up_to};

const REPAIRED: [(&str, u64); 3] = [("2026-01-06", 11), ("2026-01-07", 12), ("2026-01-08", 13)];

#[test]
fn the_jan_8_state_is_repaired_by_one_run() {
    let stage = stage(JAN_8);
    let outcome = stage.run(&nightly());
    assert_eq!(counts(&outcome), expected(&REPAIRED));
    assert_eq!(outcome.state, RunState::Complete);
    assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
    assert_eq!(outcome.certificate.done_now, 36);
    assert_eq!(outcome.progress.done, outcome.progress.planned);
    assert_eq!(outcome.watermark_after.day(), Some(day("2026-01-08")));
}

#[test]
fn the_repair_finds_the_same_days_and_the_bug_leaves_two_behind() {
    let repair = stage(JAN_8).run(&by(PolicyName::MinOfMax));
    assert_eq!(counts(&repair), expected(&REPAIRED));

    let bug = stage(JAN_8).run(&by(PolicyName::GlobalMax));
    assert_eq!(counts(&bug), expected(&[("2026-01-08", 13)]));
    let behind = bug.plan.left_behind();
    assert_eq!(behind.get(&day("2026-01-06")), Some(&11));
    assert_eq!(behind.get(&day("2026-01-07")), Some(&12));
    assert_eq!(bug.state, RunState::Incomplete);
    assert!(bug.certificate.is_valid());
    assert_eq!(bug.certificate.deferred, 23);
}

#[test]
fn the_bug_says_caught_up_at_the_target_of_its_newest_snapshot() {
    let mut asked = up_to("2026-01-07");
    asked.request.policy = PolicyName::GlobalMax.policy();
    let outcome = stage(JAN_8).run(&asked);
    assert!(outcome.plan.is_empty());
    assert_eq!(outcome.progress.done, 0);
}

#[test]
fn a_second_run_finds_nothing_and_leaves_the_books_alone() {
    let stage = stage(JAN_8);
    stage.run(&nightly());
    let books = stage.books();
    let again = stage.run(&nightly());
    assert!(again.plan.is_empty());
    assert_eq!(again.state, RunState::Complete);
    assert_eq!(stage.books(), books);
}

#[test]
fn no_portfolio_at_all_is_nothing_to_do() {
    let stage = stage("description = \"nobody\"\nnow = 2026-01-08T18:00:00-05:00\n");
    let outcome = stage.run(&nightly());
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(outcome.certificate.expected, 0);
}

#[test]
fn a_first_run_starts_at_the_earliest_inception() {
    let stage = stage(
        "description = \"new\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-05 }\nB = { inception = 2026-01-07 }\n",
    );
    let outcome = stage.run(&nightly());
    let days = [
        ("2026-01-05", 1),
        ("2026-01-06", 1),
        ("2026-01-07", 2),
        ("2026-01-08", 2),
    ];
    assert_eq!(counts(&outcome), expected(&days));
}

#[test]
fn a_deleted_portfolio_neither_holds_the_watermark_nor_is_processed() {
    let stage = stage(
        "description = \"C was deleted at Jan 2\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { complete = \"..2026-01-07\" }\n\
         C = { complete = \"..2026-01-02\", deleted-at = 2026-01-03T12:00:00-05:00 }\n",
    );
    let outcome = stage.run(&nightly());
    assert_eq!(outcome.watermark_before.day(), Some(day("2026-01-07")));
    assert_eq!(counts(&outcome), expected(&[("2026-01-08", 1)]));
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
    let stage = stage(JAN_8);
    let mut asked = nightly();
    asked.request.scope = Scope::from_ids([stage.portfolio("Test Scott Y").id]).unwrap();
    let outcome = stage.run(&asked);
    assert_eq!(counts(&outcome), expected(&[("2026-01-08", 1)]));
    assert_eq!(outcome.watermark_before.day(), Some(day("2026-01-07")));
}

#[test]
fn newcomers_are_left_to_onboarding_where_that_is_the_rule() {
    let text = "description = \"B is new\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                A = { complete = \"..2026-01-07\" }\nB = { inception = 2026-01-06 }\n";
    let stage = stage(text);
    let mut asked = nightly();
    asked.request.policy.newcomers = Newcomers::LeftToOnboarding;
    let outcome = stage.run(&asked);
    assert_eq!(counts(&outcome), expected(&[("2026-01-08", 1)]));
    assert_eq!(outcome.certificate.deferred, 3);
    let ordinary = stage.run(&nightly());
    assert_eq!(ordinary.progress.done, 3);
}

#[test]
fn a_plan_larger_than_allowed_is_refused_before_anything_is_written() {
    let stage = stage(JAN_8);
    let mut asked = nightly();
    asked.max_cells = Some(35);
    let runs = |stage: &crate::stage::Stage| stage.store.read(|r| r.runs(10)).unwrap().len();
    let before = runs(&stage);
    let refusal = stage.try_run(&asked).unwrap_err();
    assert!(refusal.to_string().contains("36 cells"), "{refusal}");
    assert_eq!(runs(&stage), before);
    asked.max_cells = Some(36);
    assert_eq!(stage.run(&asked).progress.done, 36);
}

#[test]
fn a_limited_run_does_the_first_cells_and_the_next_goes_on() {
    let stage = stage(JAN_8);
    let mut asked = nightly();
    asked.request.limit = plimsoll::plan::Limit::Cells(20);
    let first = stage.run(&asked);
    assert_eq!(
        counts(&first),
        expected(&[("2026-01-06", 11), ("2026-01-07", 9)])
    );
    assert_eq!(first.certificate.deferred, 16);
    let second = stage.run(&nightly());
    assert_eq!(
        counts(&second),
        expected(&[("2026-01-07", 3), ("2026-01-08", 13)])
    );
}
