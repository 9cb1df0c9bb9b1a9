//! A state, captured and loaded again: the same bytes, and the same plan by every policy.

use std::collections::BTreeMap;

use plimsoll::capture::{CaptureExtent, State, capture_books};
use plimsoll::engine::survey_and_plan;
use plimsoll::environment::Environment;
use plimsoll::plan::{Decision, PolicyName};

use crate::stage::{Stage, nightly, stage};

/// The state of a stage.
pub(crate) fn state(stage: &Stage) -> State {
    capture_books(
        &stage.store,
        &stage.settings,
        &environment(stage),
        CaptureExtent::State,
    )
    .unwrap()
}

/// The world of a stage.
pub(crate) fn captured(stage: &Stage) -> String {
    state(stage).to_world_toml().unwrap()
}

fn environment(stage: &Stage) -> Environment {
    Environment::fixed(stage.environment.clock.now(), 1)
}

/// What a policy would do with each cell that it speaks of, by name and day. An invalidation is
/// another one there, so only the kind of a reason is told.
pub(crate) fn decisions(stage: &Stage, policy: PolicyName) -> BTreeMap<(String, String), String> {
    let mut request = nightly().request;
    request.policy = policy.policy();
    let now = stage.environment.clock.now();
    let (portfolios, plan) = (stage.store)
        .read(|reading| {
            let (_, plan) = survey_and_plan(reading, &request, &stage.settings, now)?;
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
pub(crate) fn round_trip(original: &Stage) -> String {
    let text = captured(original);
    let loaded = stage(&text);
    assert_eq!(captured(&loaded), text, "captured again");
    for policy in PolicyName::ALL {
        let (before, after) = (decisions(original, policy), decisions(&loaded, policy));
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
