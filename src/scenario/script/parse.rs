//! Parses the text of a scenario. Its world, its own keys and its expectations are read one by one,
//! since serde loses the places of values in flattened structs.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error, ValueDeserializer};

use super::error::{FixtureError, ScenarioError};
use super::expectation_spec::{ExpectationSpec, ExpectationsSpec};
use super::spec::{ScenarioSpec, ScriptSpec, StepSpec};
use crate::scenario::format::lenient::Located;
use crate::scenario::limits::Counted;
use crate::scenario::world::merge::Merge as _;
use crate::scenario::world::spec::{PortfolioSpecs, WorldSpec};
use crate::scenario::world::{World, WorldError};

/// Top-level keys that only a scenario has, not a world or fixture.
pub const SCENARIO_KEYS: [&str; 7] = [
    FIXTURE_KEY,
    "policies",
    "policy",
    "configuration",
    "fault",
    "step",
    EXPECT_KEY,
];
/// Top-level keys of a world.
const WORLD_KEYS: [&str; 21] = [
    "description",
    "now",
    "calendar",
    "calendar-amendments",
    "own-calendar",
    "seed",
    "limits",
    "sources",
    "risk",
    "market",
    "securities",
    "prices",
    "portfolios",
    "transaction",
    "split",
    "action",
    "correction",
    "invalidation",
    "run",
    "run-left-running",
    "accepted-prices",
];
/// The top-level key of the fixture, which is read before the steps.
const FIXTURE_KEY: &str = "fixture";
/// The top-level key of expectations, which are read after the policies are known.
const EXPECT_KEY: &str = "expect";

/// Returns the path and the text of the fixture of a name.
pub type FindFixture<'f> = dyn Fn(&str) -> Result<(std::path::PathBuf, String), FixtureError> + 'f;

/// Iterates over all top-level keys that a scenario may have.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    WORLD_KEYS.into_iter().chain(SCENARIO_KEYS)
}

impl ScenarioSpec {
    /// Parses a text, which need not have any key: a scenario needs no step, expectation or policy.
    /// Returns the world of its fixture too, an empty one without a fixture.
    pub(crate) fn parse(
        text: &str,
        fixtures: &FindFixture<'_>,
    ) -> Result<(Self, WorldSpec), ScenarioError> {
        let root = DeTable::parse(text).map_err(ScenarioError::text)?;
        let span = root.span();
        let (mut world, mut script, mut expect) = (DeTable::new(), DeTable::new(), None);
        for (key, value) in root.into_inner() {
            let name = key.get_ref().as_ref();
            if name == EXPECT_KEY {
                expect = Some(value);
            } else if SCENARIO_KEYS.contains(&name) {
                script.insert(key, value);
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
        let world = WorldSpec::deserialize(table(world)).map_err(pointed)?;
        let below = read_fixture(&script, fixtures)?;
        // Before the steps are built, as each takes a multiple of its text.
        let limits = below.limits.merge(world.limits);
        let checked = limits.check(Counted::Steps, count_steps(&script));
        checked.map_err(WorldError::from)?;
        let script = ScriptSpec::deserialize(table(script)).map_err(pointed)?;
        let expect = expect.map(|value| read_expectations(value, &script));
        let spec = Self {
            expect: expect.transpose().map_err(pointed)?.unwrap_or_default(),
            world,
            script,
        };
        Ok((spec, below))
    }

    /// Removes and returns the portfolios that steps add, in the order of the steps; steps of a
    /// `meanwhile` count at the place of their run.
    pub(super) fn take_added(&mut self) -> Vec<PortfolioSpecs> {
        let mut added = Vec::new();
        for step in &mut self.script.step {
            step.get_mut().take_added(&mut added);
        }
        added
    }
}

impl StepSpec {
    fn take_added(&mut self, added: &mut Vec<PortfolioSpecs>) {
        added.extend(self.add.as_mut().map(std::mem::take));
        for step in self.run.iter_mut().flat_map(|run| &mut run.meanwhile) {
            step.get_mut().take_added(added);
        }
    }
}

/// Reads the world of the fixture that a scenario names.
fn read_fixture(
    script: &DeTable<'_>,
    fixtures: &FindFixture<'_>,
) -> Result<WorldSpec, ScenarioError> {
    let fixture = script.iter().find(|(key, _)| key.get_ref() == FIXTURE_KEY);
    // serde words the error of another value.
    let Some((name, at)) = fixture.and_then(|(_, it)| Some((it.get_ref().as_str()?, it.span())))
    else {
        return Ok(WorldSpec::default());
    };
    let unusable = |source| ScenarioError::Fixture {
        name: name.to_owned(),
        at: at.clone(),
        source,
    };
    let (path, text) = fixtures(name).map_err(unusable)?;
    // Read alone first, so that an error in the fixture names its file, not the scenario.
    World::read(&text).map_err(|source| unusable(FixtureError::World { path, source }))?;
    toml::from_str(&text).map_err(ScenarioError::text)
}

/// Counts the steps in a table, also those of a `meanwhile`.
fn count_steps(table: &DeTable<'_>) -> u64 {
    let counted = table.iter().map(|(key, value)| match value.get_ref() {
        DeValue::Array(steps) if ["step", "meanwhile"].contains(&key.get_ref().as_ref()) => {
            let tables = steps.iter().filter_map(|step| step.get_ref().as_table());
            steps.len() as u64 + tables.map(count_steps).sum::<u64>()
        }
        DeValue::Table(table) => count_steps(table),
        _ => 0,
    });
    counted.sum()
}

/// Reads a table of expectations: a key that is the name of a policy holds expectations under that
/// policy, any other key is an expectation under all of them.
fn read_expectations(
    value: Spanned<DeValue<'_>>,
    script: &ScriptSpec,
) -> Result<ExpectationsSpec, Error> {
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        // Not a table: serde words the error.
        let value = ValueDeserializer::from(Spanned::new(span, DeValue::Boolean(true)));
        let common = ExpectationSpec::deserialize(value)?;
        return Ok(ExpectationsSpec {
            common,
            ..ExpectationsSpec::default()
        });
    };
    let (mut common, mut by_policy) = (DeTable::new(), BTreeMap::new());
    for (key, value) in table {
        if script.is_policy_name(key.get_ref()) {
            let name = Located::new(key.span(), key.into_inner().into_owned());
            let expected = ExpectationSpec::deserialize(ValueDeserializer::from(value))?;
            by_policy.insert(name, expected);
        } else {
            common.insert(key, value);
        }
    }
    let common = Deserializer::from(Spanned::new(span, common));
    Ok(ExpectationsSpec {
        common: ExpectationSpec::deserialize(common)?,
        by_policy,
    })
}
