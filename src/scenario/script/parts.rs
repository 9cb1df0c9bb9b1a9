//! A scenario's text taken apart: what is of its world, what is of the scenario, and what is
//! expected. Each part keeps its place in the text, so that an error can point at it.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error, ValueDeserializer};

use super::error::ScenarioError;
use super::spec::{ExpectationSpec, ScenarioSpec};
use crate::scenario::world::spec::{PortfolioSpecs, WorldSpec};

/// The keys of a scenario that are not of its world.
pub const SCENARIO_KEYS: [&str; 7] = [
    "fixture",
    "policies",
    "policy",
    "configuration",
    "fault",
    "step",
    EXPECT_KEY,
];
/// The keys of a world.
const WORLD_KEYS: [&str; 17] = [
    "description",
    "now",
    "calendar",
    "calendar-amendments",
    "seed",
    "sources",
    "risk",
    "market",
    "securities",
    "prices",
    "portfolios",
    "transaction",
    "split",
    "correction",
    "invalidation",
    "run",
    "run-left-running",
];
/// The key of what is expected.
const EXPECT_KEY: &str = "expect";

/// What stands in a scenario's text.
pub(super) struct Parts {
    /// What it says of its world.
    pub(super) world: WorldSpec,
    /// What it says besides.
    pub(super) scenario: ScenarioSpec,
    /// What is expected under every policy.
    pub(super) expected: ExpectationSpec,
    /// What is expected under one, by its name.
    pub(super) expected_by_policy: PolicyExpectations,
}

/// What is expected under single policies, each with its name where it stands.
type PolicyExpectations = Vec<(Spanned<String>, ExpectationSpec)>;

/// Every key that a scenario may have.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    WORLD_KEYS.into_iter().chain(SCENARIO_KEYS)
}

/// Takes a text apart. A text without a step, an expectation or a policy is taken apart too: it
/// says less.
pub(super) fn split_text(text: &str) -> Result<Parts, ScenarioError> {
    let root = DeTable::parse(text).map_err(ScenarioError::text)?;
    let span = root.span();
    let (mut world, mut scenario, mut expect) = (DeTable::new(), DeTable::new(), None);
    for (key, value) in root.into_inner() {
        let name = key.get_ref().as_ref();
        if name == EXPECT_KEY {
            expect = Some(value);
        } else if SCENARIO_KEYS.contains(&name) {
            scenario.insert(key, value);
        } else if WORLD_KEYS.contains(&name) {
            world.insert(key, value);
        } else {
            return Err(ScenarioError::unknown_key(name, known_keys(), key.span()));
        }
    }
    let pointed = |error: Error| ScenarioError::text_with_input(error, text);
    let table = |table| Deserializer::from(Spanned::new(span.clone(), table));
    let scenario = ScenarioSpec::deserialize(table(scenario)).map_err(pointed)?;
    let (expected, expected_of) = match expect {
        None => Default::default(),
        Some(value) => split_expectations(value, &scenario).map_err(pointed)?,
    };
    Ok(Parts {
        world: WorldSpec::deserialize(table(world)).map_err(pointed)?,
        scenario,
        expected,
        expected_by_policy: expected_of,
    })
}

/// A table of expectations: a key that names a policy holds those of that policy, and any other
/// is one of all.
fn split_expectations(
    value: Spanned<DeValue<'_>>,
    scenario: &ScenarioSpec,
) -> Result<(ExpectationSpec, PolicyExpectations), Error> {
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        let empty = ValueDeserializer::from(Spanned::new(span, DeValue::Boolean(true)));
        return ExpectationSpec::deserialize(empty).map(|one| (one, Vec::new()));
    };
    let (mut common, mut each) = (DeTable::new(), Vec::new());
    for (key, value) in table {
        if scenario.is_policy_name(key.get_ref()) {
            let name = Spanned::new(key.span(), key.into_inner().into_owned());
            let expected = ExpectationSpec::deserialize(ValueDeserializer::from(value))?;
            each.push((name, expected));
        } else {
            common.insert(key, value);
        }
    }
    let common = Deserializer::from(Spanned::new(span, common));
    Ok((ExpectationSpec::deserialize(common)?, each))
}

impl Parts {
    /// The portfolios that its steps add, in the order of the steps; those of steps within a run
    /// where that run stands.
    pub(super) fn take_added(&mut self) -> Vec<PortfolioSpecs> {
        let mut added = Vec::new();
        for step in &mut self.scenario.step {
            step.get_mut().take_added(&mut added);
        }
        added
    }
}
