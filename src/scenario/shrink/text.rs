//! Writes a draft as a file, with a description and expectations that show the case.

use std::collections::BTreeMap;

use super::condition::ConditionKind;
use super::draft::Draft;
use crate::scenario::format::lenient::OneOrMany;
use crate::scenario::format::to_toml;
use crate::scenario::runner::{PlayResult, PolicyResult};
use crate::scenario::script::ScenarioError;
use crate::scenario::script::expectation_spec::ExpectationSpec;
use crate::scenario::world::Span;

/// Writes a draft without a description and expectations.
pub(super) fn draft_text(draft: &Draft) -> Result<String, ScenarioError> {
    Ok(to_toml(&draft.to_spec()?))
}

/// Writes the draft of a case that was found in the scenario `name`. `result` gives expectations, as
/// far as they show the kind of case.
pub(super) fn case_text(
    draft: &Draft,
    result: Option<&PlayResult>,
    kind: &ConditionKind,
    name: &str,
) -> Result<String, ScenarioError> {
    let mut spec = draft.to_spec()?;
    spec.world.description = Some(format!("smallest case found in `{name}`: {kind}"));
    let policies = kind.policies().unwrap_or_default();
    for policy in result.into_iter().flat_map(|result| &result.policies) {
        if policies.contains(&policy.policy.as_str()) {
            let expected = left_behind_expectation(policy);
            let policy = policy.policy.clone();
            spec.expect.by_policy.insert(policy.into(), expected);
        }
    }
    Ok(to_toml(&spec))
}

/// Returns the cells that a policy leaves behind after its last run, as an expectation.
fn left_behind_expectation(result: &PolicyResult) -> ExpectationSpec {
    let days = result.runs().last().map(|run| &run.left_behind);
    let left_behind: BTreeMap<_, _> = days
        .into_iter()
        .flatten()
        .map(|(day, names)| (Span::from_day(*day).into(), OneOrMany(names.clone()).into()))
        .collect();
    ExpectationSpec {
        left_behind_cells: left_behind.is_empty().then_some(0),
        left_behind,
        ..ExpectationSpec::default()
    }
}
