//! Tests of shrinking, and of the two ways to make a history.

use super::condition::{Condition, ConditionKind};
use super::error::ShrinkError;
use super::shrink::{ShrinkResult, history_of, shrink};
use crate::scenario::load::WorldHistory;
use crate::scenario::runner::{CheckLevel, play_until};
use crate::scenario::script::{FixtureError, Scenario};

const TEXT: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n\
                    [[step]]\nrun = {}\n";

fn shrink_to(condition: &str) -> Result<ShrinkResult, ShrinkError> {
    shrink_text(TEXT, condition)
}

fn shrink_text(text: &str, condition: &str) -> Result<ShrinkResult, ShrinkError> {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let scratch = tempfile::tempdir().unwrap();
    let condition = condition.parse().unwrap();
    shrink(
        "a",
        text,
        &no_fixture,
        &condition,
        scratch.path(),
        &|_, _| {},
    )
}

fn read_scenario(text: &str) -> Scenario {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Scenario::read("a", text, &no_fixture).unwrap()
}

#[test]
fn a_condition_that_always_holds_is_refused() {
    let missing = shrink_to("differs-from:snapshots/missing.snap");
    assert!(
        matches!(missing, Err(ShrinkError::Golden { .. })),
        "{missing:?}"
    );
    let unknown = shrink_to("command:plimsoll-unknown-command");
    assert!(
        matches!(unknown, Err(ShrinkError::CannotRun { code: 127, .. })),
        "{unknown:?}"
    );
    let failing = shrink_to("command:false #").unwrap();
    assert_eq!(failing.kind, ConditionKind::ExitCode(1));
}

#[test]
fn a_marked_history_has_the_kinds_of_a_computed_one() {
    let text = "now = 2026-01-08T18:00:00-05:00\n\
        policies = [\"global-max\", \"min-of-max\", \"target-only\", \"per-cell\"]\n\
        [portfolios]\nA = { complete = \"..2026-01-07\", holes = 2026-01-05 }\n\
        B = { complete = \"..2026-01-06\", phases = { 2026-01-07 = [\"snapshot\"] } }\n\
        C = { complete = \"..2026-01-05\", rows = 2026-01-07 }\n\
        D = { complete = \"..2026-01-05\", failed = { 2026-01-06 = [\"risk\"] } }\n\
        E = { complete = \"..2026-01-06\", blocked = 2026-01-08 }\n\
        F = { inception = 2026-01-06 }\n[[step]]\nrun = {}\n[[step]]\nrun = {}\n";
    let scenario = read_scenario(text);
    for condition in [Condition::PoliciesDiffer, Condition::LeftBehind] {
        assert_eq!(history_of(&condition, &scenario), WorldHistory::Marked);
        let kinds = [WorldHistory::Computed, WorldHistory::Marked].map(|history| {
            let level = CheckLevel::ExpectationsOnly;
            let result = play_until(&scenario, level, history, |_| false).unwrap();
            condition.kinds(&result, None)
        });
        assert!(kinds[0].len() > 1, "{kinds:?}");
        assert_eq!(kinds[0], kinds[1]);
    }
    let invariant = history_of(&Condition::InvariantFails, &scenario);
    assert_eq!(invariant, WorldHistory::Computed);
}

#[test]
fn a_large_world_needs_few_trials() {
    let text = "now = 2026-01-08T18:00:00-05:00\npolicies = [\"global-max\"]\n[portfolios]\n\
        \"P001..P299\" = { inception = 2025-06-02, complete = \"..2026-01-05\" }\n\
        P300 = { inception = 2025-06-02, complete = \"..2026-01-07\" }\n\
        [[step]]\nrun = {}\n";
    let small = shrink_text(text, "left-behind").unwrap();
    assert_eq!(small.portfolios, (2, 300));
    assert!(small.tried < 100, "{}", small.tried);
}
