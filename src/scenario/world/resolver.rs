//! Finds the portfolios of a world by name or id, for keys outside of `[portfolios]`.

use std::collections::BTreeMap;

use super::error::{Nearest, WorldError};
use super::names::expand;
use super::state::WorldPortfolio;
use crate::domain::PortfolioKey;

/// Index of the portfolios of a world, by id and by name.
pub(super) struct PortfolioResolver<'w> {
    portfolios: &'w [WorldPortfolio],
    by_key: BTreeMap<PortfolioKey, usize>,
    by_name: BTreeMap<&'w str, usize>,
}

impl<'w> PortfolioResolver<'w> {
    /// Indexes portfolios. If several have a name, it finds the first of them.
    pub(super) fn new(portfolios: &'w [WorldPortfolio]) -> Self {
        let numbered = || portfolios.iter().map(|entry| &entry.portfolio).enumerate();
        Self {
            by_key: numbered()
                .map(|(at, portfolio)| (portfolio.key, at))
                .collect(),
            by_name: (numbered()
                .rev()
                .map(|(at, portfolio)| (portfolio.name.as_str(), at)))
            .collect(),
            portfolios,
        }
    }

    /// Returns the portfolios of a name, an id or a range of names, each with the name or id that
    /// found it. An id wins over a name, and an exact name over a range.
    pub(super) fn resolve(
        &self,
        text: &str,
    ) -> Result<Vec<(String, &'w WorldPortfolio)>, WorldError> {
        if let Some(portfolio) = self.find(text) {
            return Ok(vec![(text.to_owned(), portfolio)]);
        }
        let names = expand(text).ok_or_else(|| WorldError::InvalidNameRange(text.to_owned()))?;
        let found = names.into_iter().map(|name| match self.find(&name) {
            Some(portfolio) => Ok((name, portfolio)),
            None => Err(self.unknown(name)),
        });
        found.collect()
    }

    fn find(&self, text: &str) -> Option<&'w WorldPortfolio> {
        let by_key = self.by_key.get(&PortfolioKey::from_name(text));
        let at = by_key.or_else(|| self.by_name.get(text))?;
        Some(&self.portfolios[*at])
    }

    fn unknown(&self, name: String) -> WorldError {
        let nearest = Nearest::find(&name, self.by_name.keys().copied());
        WorldError::UnknownPortfolio { name, nearest }
    }
}
