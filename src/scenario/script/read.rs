//! What a scenario's text means: names resolved, defaults filled in, contradictions refused.

use std::collections::BTreeMap;

use toml::Spanned;

use super::error::{FixtureError, ScenarioError};
use super::expectations::ExpectationReader;
use super::model::{Fault, NamedPolicy, Scenario};
use super::parts::{Parts, split_text};
use super::settings::read_settings;
use super::spec::{FaultSpec, ScenarioSpec};
use super::steps::StepReader;
use crate::domain::{DayRange, PortfolioId};
use crate::plan::PolicyName;
use crate::scenario::world::lenient::{CellPhase, Lenient, OneOrMany, Span};
use crate::scenario::world::spec::WorldSpec;
use crate::scenario::world::{Nearest, World, names_of};

/// Finds the text of a fixture by its name, and where it was found.
pub type FindFixture<'f> = dyn Fn(&str) -> Result<(std::path::PathBuf, String), FixtureError> + 'f;

impl Scenario {
    /// Reads a scenario from TOML text. `name` is its claim, and `fixtures` finds what it names.
    pub fn read(name: &str, text: &str, fixtures: &FindFixture<'_>) -> Result<Self, ScenarioError> {
        let mut parts = split_text(text)?;
        let below = match &parts.scenario.fixture {
            None => WorldSpec::default(),
            Some(fixture) => read_fixture(fixture, fixtures)?,
        };
        let added = parts.take_added();
        let counts = added.iter().map(|one| {
            let names = one.keys().filter_map(|key| names_of(key.get_ref()));
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
            expected_by_policy: expected_of,
            ..
        } = parts;
        let policies = policies(&scenario)?;
        let settings = read_settings(&scenario.configuration, &world.calendar)?;
        let cast = Resolver { world: &world };
        let faults = scenario
            .fault
            .iter()
            .map(|fault| cast.fault(fault.get_ref()));
        let faults = faults.collect::<Result<_, _>>()?;
        let expectations = ExpectationReader { resolver: cast };
        let mut of_policies = BTreeMap::new();
        for (name, expected) in expected_of {
            if !policies.iter().any(|one| one.name == *name.get_ref()) {
                let known = policies.iter().map(|one| one.name.as_str());
                return Err(unknown_policy(&name, known));
            }
            of_policies.insert(name.into_inner(), expectations.read(expected)?);
        }
        let steps = StepReader::new(cast, &scenario, &settings, added).read(&scenario.step)?;
        let expected = expectations.read(expected)?;
        Ok(Self {
            name: name.to_owned(),
            policies,
            settings,
            faults,
            steps,
            expected,
            expected_by_policy: of_policies,
            world,
        })
    }
}

fn read_fixture(
    named: &Spanned<String>,
    fixtures: &FindFixture<'_>,
) -> Result<WorldSpec, ScenarioError> {
    let name = named.get_ref();
    let unusable = |source| ScenarioError::Fixture {
        name: name.clone(),
        at: named.span(),
        source,
    };
    let (path, text) = fixtures(name).map_err(unusable)?;
    // Read as a world of its own first, so that its own mistakes are said of its own file.
    World::read(&text).map_err(|source| unusable(FixtureError::World { path, source }))?;
    toml::from_str(&text).map_err(ScenarioError::text)
}

impl ScenarioSpec {
    /// Whether a name is that of a policy: a preset, or one of the scenario's own.
    pub(super) fn is_policy_name(&self, name: &str) -> bool {
        self.policy.contains_key(name) || name.parse::<PolicyName>().is_ok()
    }

    /// The policy of a name.
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

/// By which policies it is played: ours alone where nothing is said.
fn policies(scenario: &ScenarioSpec) -> Result<Vec<NamedPolicy>, ScenarioError> {
    let Some(named) = &scenario.policies else {
        return Ok(vec![NamedPolicy {
            name: PolicyName::PerCell.name().to_owned(),
            policy: PolicyName::PerCell.policy(),
        }]);
    };
    let mut policies: Vec<NamedPolicy> = Vec::new();
    for name in named {
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

/// Who there is in a scenario, asked by name.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'w> {
    pub(super) world: &'w World,
}

impl Resolver<'_> {
    /// The portfolio of a name that must be there.
    pub(super) fn resolve(&self, name: &Spanned<String>) -> Result<PortfolioId, ScenarioError> {
        self.find(name.get_ref(), name.span())
    }

    /// The names that some words stand for, all of which must be there.
    pub(super) fn resolve_names(
        &self,
        words: &Spanned<OneOrMany<String>>,
    ) -> Result<Vec<String>, ScenarioError> {
        let mut names = Vec::new();
        for word in &words.get_ref().0 {
            for name in names_of(word).unwrap_or_else(|| vec![word.clone()]) {
                self.find(&name, words.span())?;
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The same, as ids.
    pub(super) fn resolve_ids(
        &self,
        words: &Spanned<OneOrMany<String>>,
    ) -> Result<Vec<PortfolioId>, ScenarioError> {
        let names = self.resolve_names(words)?;
        names
            .iter()
            .map(|name| self.find(name, words.span()))
            .collect()
    }

    fn find(&self, name: &str, at: std::ops::Range<usize>) -> Result<PortfolioId, ScenarioError> {
        let everybody = || self.world.portfolios.iter().chain(&self.world.added_later);
        let found = everybody().find(|one| one.portfolio.name == name);
        found.map(|one| one.portfolio.id).ok_or_else(|| {
            let known = everybody().map(|one| one.portfolio.name.as_str());
            ScenarioError::UnknownPortfolio {
                nearest: Nearest::find(name, known),
                name: name.to_owned(),
                at,
            }
        })
    }

    fn fault(&self, written: &FaultSpec) -> Result<Fault, ScenarioError> {
        let Lenient(CellPhase(phase)) = written.phase;
        let everyday = OneOrMany(vec![Span::EVERY_DAY]);
        let OneOrMany(days) = written.days.as_ref().unwrap_or(&everyday);
        Ok(Fault {
            phase,
            portfolios: self.resolve_ids(&written.portfolios)?,
            days: days
                .iter()
                .filter_map(|span| span.within(DayRange::ALL))
                .collect(),
            times: written.times,
        })
    }
}
