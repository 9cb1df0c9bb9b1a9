//! Reads a scenario from text: resolves names, fills in defaults and refuses contradictions.

use std::collections::BTreeMap;

use toml::Spanned;

use super::error::{FixtureError, ScenarioError};
use super::expectations::{ExpectationPlace, ExpectationReader};
use super::model::{NamedPolicy, Scenario, Step};
use super::parts::{Parts, split_text};
use super::resolver::Resolver;
use super::settings::read_settings;
use super::spec::ScenarioSpec;
use super::steps::StepReader;
use crate::plan::PolicyName;
use crate::scenario::world::spec::WorldSpec;
use crate::scenario::world::{Nearest, World, names_of};

/// Returns the path and the text of the fixture of a name.
pub type FindFixture<'f> = dyn Fn(&str) -> Result<(std::path::PathBuf, String), FixtureError> + 'f;

impl Scenario {
    /// Reads a scenario from TOML text. `name` is its claim; `fixtures` finds the fixture that it
    /// names.
    ///
    /// # Errors
    ///
    /// The text is not TOML, has an unknown key, name or policy or an invalid value, its fixture
    /// cannot be read, or its world contradicts itself.
    pub fn read(name: &str, text: &str, fixtures: &FindFixture<'_>) -> Result<Self, ScenarioError> {
        let mut parts = split_text(text)?;
        let below = match &parts.scenario.fixture {
            None => WorldSpec::default(),
            Some(fixture) => read_fixture(fixture, fixtures)?,
        };
        let added = parts.take_added();
        // Portfolios that steps add are numbered after those of the world, in one go. The counts
        // give each step its share again.
        let counts = added.iter().map(|specs| {
            let names = specs.keys().filter_map(|key| names_of(key.get_ref()));
            names.map(|names| names.len()).sum()
        });
        let counts: Vec<usize> = counts.collect();
        let world = World::from_specs(below, std::mem::take(&mut parts.world), added)?;
        Self::from_parts(name, parts, world, counts)
    }

    fn from_parts(
        name: &str,
        parts: Parts,
        world: World,
        added: Vec<usize>,
    ) -> Result<Self, ScenarioError> {
        let Parts {
            scenario,
            expected,
            expected_by_policy,
            ..
        } = parts;
        let policies = policies(&scenario)?;
        let settings = read_settings(&scenario.configuration, &world.calendar)?;
        let resolver = Resolver { world: &world };
        let faults = scenario
            .fault
            .iter()
            .map(|fault| resolver.fault(fault.get_ref()));
        let faults = faults.collect::<Result<_, _>>()?;
        let mut reader = StepReader::new(resolver, &scenario, &settings, added);
        let steps = reader.read(&scenario.step)?;
        let days = reader.into_days();
        let expectations = ExpectationReader {
            resolver,
            days: &days,
            place: ExpectationPlace::Scenario {
                has_runs: steps.iter().any(Step::is_run),
            },
            step: None,
        };
        let mut by_policy = BTreeMap::new();
        for (name, expected) in expected_by_policy {
            // A policy that is known but not listed in `policies` is refused too: its expectations
            // would never be checked.
            if !policies.iter().any(|policy| policy.name == *name.get_ref()) {
                let known = policies.iter().map(|policy| policy.name.as_str());
                return Err(unknown_policy(&name, known));
            }
            by_policy.insert(name.into_inner(), expectations.read(expected)?);
        }
        let expected = expectations.read(expected)?;
        Ok(Self {
            name: name.to_owned(),
            policies,
            settings,
            faults,
            steps,
            expected,
            expected_by_policy: by_policy,
            world,
        })
    }
}

fn read_fixture(
    spanned: &Spanned<String>,
    fixtures: &FindFixture<'_>,
) -> Result<WorldSpec, ScenarioError> {
    let name = spanned.get_ref();
    let unusable = |source| ScenarioError::Fixture {
        name: name.clone(),
        at: spanned.span(),
        source,
    };
    let (path, text) = fixtures(name).map_err(unusable)?;
    // Read alone first, so that an error in the fixture names its file, not the scenario.
    World::read(&text).map_err(|source| unusable(FixtureError::World { path, source }))?;
    toml::from_str(&text).map_err(ScenarioError::text)
}

impl ScenarioSpec {
    /// Returns whether a name is that of a preset or of a policy that the scenario defines.
    pub(super) fn is_policy_name(&self, name: &str) -> bool {
        self.policy.contains_key(name) || name.parse::<PolicyName>().is_ok()
    }

    /// Returns the policy of a name; the scenario's own wins over a preset of the same name.
    pub(super) fn policy(&self, name: &Spanned<String>) -> Result<NamedPolicy, ScenarioError> {
        let own = self.policy.get(name.get_ref()).copied();
        let preset = || name.get_ref().parse().ok().map(PolicyName::policy);
        match own.or_else(preset) {
            Some(policy) => Ok(NamedPolicy {
                name: name.get_ref().clone(),
                policy,
            }),
            None => {
                let presets = PolicyName::ALL.iter().map(|preset| preset.name());
                let known = presets.chain(self.policy.keys().map(String::as_str));
                Err(unknown_policy(name, known))
            }
        }
    }
}

fn unknown_policy<'k>(
    name: &Spanned<String>,
    known: impl IntoIterator<Item = &'k str>,
) -> ScenarioError {
    ScenarioError::UnknownPolicy {
        nearest: Nearest::find(name.get_ref(), known),
        name: name.get_ref().clone(),
        at: name.span(),
    }
}

/// Returns the policies to run the steps with: `per-cell` alone if the scenario lists none.
fn policies(scenario: &ScenarioSpec) -> Result<Vec<NamedPolicy>, ScenarioError> {
    let Some(names) = &scenario.policies else {
        return Ok(vec![NamedPolicy {
            name: PolicyName::PerCell.name().to_owned(),
            policy: PolicyName::PerCell.policy(),
        }]);
    };
    let mut policies: Vec<NamedPolicy> = Vec::new();
    for name in names {
        let policy = scenario.policy(name)?;
        if policies.iter().any(|known| known.name == policy.name) {
            return Err(ScenarioError::InvalidPolicyList(name.span()));
        }
        policies.push(policy);
    }
    if policies.is_empty() {
        return Err(ScenarioError::InvalidPolicyList(0..0));
    }
    Ok(policies)
}
