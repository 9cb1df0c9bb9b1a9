//! Resolves names of portfolios, and the faults that name them.

use toml::Spanned;

use super::error::ScenarioError;
use super::model::Fault;
use super::spec::FaultSpec;
use crate::domain::{DayRange, PortfolioId};
use crate::scenario::world::lenient::{CellPhase, Lenient, OneOrMany, Span};
use crate::scenario::world::{Nearest, World, names_of};

/// Resolves names of portfolios to the portfolios of a world and those that steps add.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'w> {
    pub(super) world: &'w World,
}

impl Resolver<'_> {
    /// Returns the portfolio of a name, or an error with the nearest name.
    pub(super) fn resolve(&self, name: &Spanned<String>) -> Result<PortfolioId, ScenarioError> {
        self.find(name.get_ref(), name.span())
    }

    /// Expands ranges in `words` to names, each of which must exist.
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

    /// Expands ranges in `words` to the ids of the portfolios.
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
        let Lenient(CellPhase(phase)) = spec.phase;
        let every_day = OneOrMany(vec![Span::EVERY_DAY]);
        let OneOrMany(days) = spec.days.as_ref().unwrap_or(&every_day);
        Ok(Fault {
            phase,
            portfolios: self.resolve_ids(&spec.portfolios)?,
            days: days
                .iter()
                .filter_map(|span| span.within(DayRange::ALL))
                .collect(),
            times: spec.times,
        })
    }
}
