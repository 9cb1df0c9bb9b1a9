//! Splits the text of a scenario into its world, its own keys and its expectations. Each part keeps
//! its place in the text, so that an error can point at it.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error, ValueDeserializer};

use super::error::ScenarioError;
use super::spec::{ExpectationSpec, ScenarioSpec};
use crate::scenario::world::spec::{PortfolioSpecs, WorldSpec};

/// Top-level keys that only a scenario has, not a world or fixture.
pub const SCENARIO_KEYS: [&str; 7] = [
    "fixture",
    "policies",
    "policy",
    "configuration",
    "fault",
    "step",
    EXPECT_KEY,
];
/// Top-level keys of a world.
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
/// The top-level key of expectations, which are read after the policies are known.
const EXPECT_KEY: &str = "expect";

/// The parts of a scenario's text.
pub(super) struct Parts {
    /// The keys of its world, over those of the fixture.
    pub(super) world: WorldSpec,
    /// The keys that are not of its world, without expectations.
    pub(super) scenario: ScenarioSpec,
    /// Expectations under every policy.
    pub(super) expected: ExpectationSpec,
    /// Expectations under single policies.
    pub(super) expected_by_policy: PolicyExpectations,
}

/// Expectations under single policies, each with the span of the policy's name.
type PolicyExpectations = Vec<(Spanned<String>, ExpectationSpec)>;

/// Iterates over all top-level keys that a scenario may have.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    WORLD_KEYS.into_iter().chain(SCENARIO_KEYS)
}

/// Splits a text into its parts. All of them may be empty: a scenario needs no step, expectation or
/// policy.
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
    // Keys keep their spans when they move to a part: with the text as input, an error shows
    // line and column of the file.
    let pointed = |error: Error| ScenarioError::text_with_input(error, text);
    let table = |table| Deserializer::from(Spanned::new(span.clone(), table));
    let scenario = ScenarioSpec::deserialize(table(scenario)).map_err(pointed)?;
    let (expected, expected_by_policy) = match expect {
        None => Default::default(),
        Some(value) => split_expectations(value, &scenario).map_err(pointed)?,
    };
    Ok(Parts {
        world: WorldSpec::deserialize(table(world)).map_err(pointed)?,
        scenario,
        expected,
        expected_by_policy,
    })
}

/// Splits a table of expectations: a key that is the name of a policy holds expectations under that
/// policy, any other key is an expectation under all of them.
fn split_expectations(
    value: Spanned<DeValue<'_>>,
    scenario: &ScenarioSpec,
) -> Result<(ExpectationSpec, PolicyExpectations), Error> {
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        // Not a table: serde words the error.
        let value = ValueDeserializer::from(Spanned::new(span, DeValue::Boolean(true)));
        return ExpectationSpec::deserialize(value).map(|common| (common, Vec::new()));
    };
    let (mut common, mut by_policy) = (DeTable::new(), Vec::new());
    for (key, value) in table {
        if scenario.is_policy_name(key.get_ref()) {
            let name = Spanned::new(key.span(), key.into_inner().into_owned());
            let expected = ExpectationSpec::deserialize(ValueDeserializer::from(value))?;
            by_policy.push((name, expected));
        } else {
            common.insert(key, value);
        }
    }
    let common = Deserializer::from(Spanned::new(span, common));
    Ok((ExpectationSpec::deserialize(common)?, by_policy))
}

impl Parts {
    /// Removes and returns the portfolios that steps add, in the order of the steps; steps of a
    /// `meanwhile` count at the place of their run.
    pub(super) fn take_added(&mut self) -> Vec<PortfolioSpecs> {
        let mut added = Vec::new();
        for step in &mut self.scenario.step {
            step.get_mut().take_added(&mut added);
        }
        added
    }
}
