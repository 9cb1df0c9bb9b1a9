//! Reads a scenario from text: resolves names, fills in defaults and refuses contradictions.

use std::collections::BTreeMap;

use super::error::ScenarioError;
use super::expectations::{ExpectationPlace, ExpectationReader};
use super::model::{NamedPolicy, Scenario, Step};
use super::parse::FindFixture;
use super::resolver::{Resolver, unknown_policy};
use super::settings::read_settings;
use super::spec::{ScenarioSpec, ScriptSpec};
use super::steps::StepReader;
use crate::plan::PolicyName;
use crate::scenario::format::lenient::Located;
use crate::scenario::world::World;

impl Scenario {
    /// Reads a scenario from TOML text. `name` is its claim; `fixtures` finds the fixture that it
    /// names.
    ///
    /// # Errors
    ///
    /// The text is not TOML, has an unknown key, name or policy or an invalid value, its fixture
    /// cannot be read, or its world contradicts itself.
    pub fn read(name: &str, text: &str, fixtures: &FindFixture<'_>) -> Result<Self, ScenarioError> {
        let (mut spec, below) = ScenarioSpec::parse(text, fixtures)?;
        let added = spec.take_added();
        // Portfolios that steps add are numbered after those of the world, in one go. The counts
        // give each step its share again.
        let counts = added.iter().map(|specs| specs.count() as usize);
        let counts: Vec<usize> = counts.collect();
        let world = World::from_specs(below, std::mem::take(&mut spec.world), added)?;
        Self::from_spec(name, spec, world, counts)
    }

    /// Resolves a spec, whose world has been taken out and read.
    fn from_spec(
        name: &str,
        spec: ScenarioSpec,
        world: World,
        added: Vec<usize>,
    ) -> Result<Self, ScenarioError> {
        let (script, expect) = (spec.script, spec.expect);
        let policies = policies(&script)?;
        let settings = read_settings(&script.configuration, &world.calendar)?;
        let resolver = Resolver { world: &world };
        let faults = script.fault.iter();
        let faults = faults.map(|fault| resolver.fault(fault));
        let faults = faults.collect::<Result<_, _>>()?;
        let mut reader = StepReader::new(resolver, &script, &settings, added);
        let steps = reader.read(&script.step)?;
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
        for (name, expected) in expect.by_policy {
            script.check_listed(&name)?;
            by_policy.insert(name.into_inner(), expectations.read(expected)?);
        }
        let expected = expectations.read(expect.common)?;
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

impl ScriptSpec {
    /// Refuses the name of a policy that the steps are not run with, even if it is known: its
    /// expectations would never be checked.
    pub(super) fn check_listed(&self, name: &Located<String>) -> Result<(), ScenarioError> {
        let listed: Vec<&str> = match &self.policies {
            Some(names) => names.iter().map(|name| name.get().as_str()).collect(),
            None => vec![PolicyName::PerCell.name()],
        };
        match listed.contains(&name.get().as_str()) {
            true => Ok(()),
            false => Err(unknown_policy(name, listed)),
        }
    }
}

/// Returns the policies to run the steps with: `per-cell` alone if the scenario lists none.
fn policies(script: &ScriptSpec) -> Result<Vec<NamedPolicy>, ScenarioError> {
    let Some(names) = &script.policies else {
        return Ok(vec![NamedPolicy {
            name: PolicyName::PerCell.name().to_owned(),
            policy: PolicyName::PerCell.policy(),
        }]);
    };
    let mut policies: Vec<NamedPolicy> = Vec::new();
    for name in names {
        let policy = script.policy(name)?;
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
