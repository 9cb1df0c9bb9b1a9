//! Round trip of a state: capture, load, capture again, and compare texts and plans.

use std::collections::BTreeMap;

use plimsoll::capture::{CaptureExtent, State, capture_books};
use plimsoll::engine::survey_and_plan;
use plimsoll::environment::Environment;
use plimsoll::plan::{Decision, PolicyName};

use crate::harness::{Harness, harness, nightly};

/// Captures the state of a harness without sources.
pub(crate) fn capture_state(harness: &Harness) -> State {
    capture_books(
        &harness.store,
        &harness.settings,
        &environment(harness),
        CaptureExtent::State,
    )
    .unwrap()
}

/// Captures the state of a harness as the text of a world.
pub(crate) fn capture_toml(harness: &Harness) -> String {
    capture_state(harness).to_world_toml().unwrap()
}

fn environment(harness: &Harness) -> Environment {
    Environment::fixed(harness.environment.clock.now(), 1)
}

/// Returns a policy's decision on each cell, by day and portfolio. Reasons are reduced to their kind,
/// since a loaded database has other invalidation ids.
pub(crate) fn plan_decisions(
    harness: &Harness,
    policy: PolicyName,
) -> BTreeMap<(String, String), String> {
    let mut request = nightly().request;
    request.policy = policy.policy();
    let now = harness.environment.clock.now();
    let (portfolios, plan) = (harness.store)
        .read(|reading| {
            let (_, plan) = survey_and_plan(reading, &request, &harness.settings, now)?;
            Ok::<_, plimsoll::engine::EngineError>((reading.portfolios().all()?, plan))
        })
        .unwrap();
    let mut decisions = BTreeMap::new();
    for day in &plan.days {
        for portfolio in &portfolios {
            let decision = match day.decision(portfolio.id) {
                Decision::Step { phases, reason } => format!("{}: {phases}", reason.kind()),
                other => other.to_string(),
            };
            let label = format!("{} {}", portfolio.name, portfolio.key);
            decisions.insert((day.day.to_string(), label), decision);
        }
    }
    decisions
}

/// Captures, loads and captures again, and asserts that texts and plans are equal. Returns the
/// captured text.
pub(crate) fn round_trip(original: &Harness) -> String {
    let text = capture_toml(original);
    let loaded = harness(&text);
    assert_eq!(capture_toml(&loaded), text, "captured again");
    for policy in PolicyName::ALL {
        let (before, after) = (
            plan_decisions(original, policy),
            plan_decisions(&loaded, policy),
        );
        let differ = before
            .iter()
            .find(|(cell, decision)| after.get(*cell) != Some(*decision));
        if let Some((cell, decision)) = differ {
            panic!(
                "{policy} {cell:?}: {decision}, and then {:?}\n{text}",
                after.get(cell)
            );
        }
        assert_eq!(before.len(), after.len(), "{policy}\n{text}");
    }
    text
}
