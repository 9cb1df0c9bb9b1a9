//! A state, captured and loaded again: the same bytes, and the same plan by every policy.

use std::collections::BTreeMap;

use plimsoll::capture::{CaptureExtent, State, capture_books};
use plimsoll::engine::survey_and_plan;
use plimsoll::environment::Environment;
use plimsoll::plan::{Decision, PolicyName};

use crate::harness::{Harness, harness, nightly};

/// The state of a harness.
pub(crate) fn capture_state(harness: &Harness) -> State {
    capture_books(
        &harness.store,
        &harness.settings,
        &environment(harness),
        CaptureExtent::State,
    )
    .unwrap()
}

/// The world of a harness.
pub(crate) fn capture_toml(harness: &Harness) -> String {
    capture_state(harness).to_world_toml().unwrap()
}

fn environment(harness: &Harness) -> Environment {
    Environment::fixed(harness.environment.clock.now(), 1)
}

/// What a policy would do with each cell that it speaks of, by name and day. An invalidation is
/// another one there, so only the kind of a reason is told.
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
            Ok::<_, plimsoll::engine::EngineError>((reading.portfolios()?, plan))
        })
        .unwrap();
    let mut decisions = BTreeMap::new();
    for day in &plan.days {
        for one in &portfolios {
            let said = match day.decision(one.id) {
                Decision::Step { phases, reason } => format!("{}: {phases}", reason.kind()),
                other => other.to_string(),
            };
            let who = format!("{} {}", one.name, one.key);
            decisions.insert((day.day.to_string(), who), said);
        }
    }
    decisions
}

/// Captures, loads and captures again; everything must come out the same. What was captured.
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
            .find(|(cell, said)| after.get(*cell) != Some(*said));
        if let Some((cell, said)) = differ {
            panic!(
                "{policy} {cell:?}: {said}, and then {:?}\n{text}",
                after.get(cell)
            );
        }
        assert_eq!(before.len(), after.len(), "{policy}\n{text}");
    }
    text
}
