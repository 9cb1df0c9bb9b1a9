//! Resolves the names of policies and portfolios in a scenario.

use std::ops::Range;

use super::error::ScenarioError;
use super::model::{Fault, NamedPolicy};
use super::spec::{FaultSpec, ScriptSpec};
use crate::domain::{DayRange, Nearest, PortfolioId};
use crate::plan::{Policy, PolicyName};
use crate::scenario::format::lenient::{Located, OneOrMany};
use crate::scenario::limits::Counted;
use crate::scenario::names::{count_names, expand_or_keep};
use crate::scenario::world::values::Span;
use crate::scenario::world::{World, WorldError};

impl ScriptSpec {
    /// Returns whether a name is that of a preset or of a policy that the scenario defines.
    pub(super) fn is_policy_name(&self, name: &str) -> bool {
        self.policy.contains_key(name) || name.parse::<PolicyName>().is_ok()
    }

    /// Returns the policy of a name; the scenario's own wins over a preset of the same name.
    pub(super) fn policy(&self, name: &Located<String>) -> Result<NamedPolicy, ScenarioError> {
        let own = self.policy.get(name.get()).copied().map(Policy::from);
        let preset = || name.get().parse().ok().map(PolicyName::policy);
        match own.or_else(preset) {
            Some(policy) => Ok(NamedPolicy {
                name: name.get().clone(),
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

pub(super) fn unknown_policy<'k>(
    name: &Located<String>,
    known: impl IntoIterator<Item = &'k str>,
) -> ScenarioError {
    ScenarioError::UnknownPolicy {
        nearest: Nearest::find(name.get(), known),
        name: name.get().clone(),
        at: name.span(),
    }
}

/// Resolves names of portfolios to the portfolios of a world and those that steps add.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'w> {
    pub(super) world: &'w World,
}

impl Resolver<'_> {
    /// Returns the portfolio of a name, or an error with the nearest name.
    pub(super) fn resolve(&self, name: &Located<String>) -> Result<PortfolioId, ScenarioError> {
        self.find(name.get(), name.span())
    }

    /// Fails if `words` stand for more portfolios than the world may have.
    pub(super) fn check_count(&self, words: &[String]) -> Result<(), ScenarioError> {
        let count = count_names(words.iter().map(String::as_str));
        let checked = self.world.limits.check(Counted::Portfolios, count);
        Ok(checked.map_err(WorldError::from)?)
    }

    /// Expands ranges in `words` to names, each of which must exist.
    pub(super) fn resolve_names(
        &self,
        words: &Located<OneOrMany<String>>,
    ) -> Result<Vec<String>, ScenarioError> {
        let mut names = Vec::new();
        for word in &words.get().0 {
            for name in expand_or_keep(word) {
                self.find(&name, words.span())?;
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Expands ranges in `words` to the ids of the portfolios.
    pub(super) fn resolve_ids(
        &self,
        words: &Located<OneOrMany<String>>,
    ) -> Result<Vec<PortfolioId>, ScenarioError> {
        let names = self.resolve_names(words)?;
        names
            .iter()
            .map(|name| self.find(name, words.span()))
            .collect()
    }

    fn find(&self, name: &str, at: Range<usize>) -> Result<PortfolioId, ScenarioError> {
        let portfolios = || self.world.portfolios.iter().chain(&self.world.added_later);
        let found = portfolios().find(|known| known.portfolio.name == name);
        found.map(|known| known.portfolio.id).ok_or_else(|| {
            let known = portfolios().map(|known| known.portfolio.name.as_str());
            ScenarioError::UnknownPortfolio {
                nearest: Nearest::find(name, known),
                name: name.to_owned(),
                at,
            }
        })
    }

    pub(super) fn fault(&self, spec: &FaultSpec) -> Result<Fault, ScenarioError> {
        let every_day = OneOrMany(vec![Span::EVERY_DAY]);
        let OneOrMany(days) = spec.days.as_ref().unwrap_or(&every_day);
        Ok(Fault {
            phase: spec.phase.0.0,
            portfolios: self.resolve_ids(&spec.portfolios)?,
            days: days
                .iter()
                .filter_map(|span| span.within(DayRange::ALL))
                .collect(),
            times: spec.times,
        })
    }
}
