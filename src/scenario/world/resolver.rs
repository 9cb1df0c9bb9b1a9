//! Whom a world means where it names a portfolio outside of `[portfolios]`.

use std::collections::BTreeMap;

use super::error::{Nearest, WorldError};
use super::names::expand;
use super::state::WorldPortfolio;
use crate::domain::PortfolioKey;

/// The portfolios of a world, found by id or name.
pub(super) struct PortfolioResolver<'w> {
    portfolios: &'w [WorldPortfolio],
    by_key: BTreeMap<PortfolioKey, usize>,
    by_name: BTreeMap<&'w str, usize>,
}

impl<'w> PortfolioResolver<'w> {
    /// Those of a world. Of several that bear a name the first is found by it.
    pub(super) fn new(portfolios: &'w [WorldPortfolio]) -> Self {
        let numbered = || portfolios.iter().map(|one| &one.portfolio).enumerate();
        Self {
            by_key: numbered().map(|(at, one)| (one.key, at)).collect(),
            by_name: (numbered().rev().map(|(at, one)| (one.name.as_str(), at))).collect(),
            portfolios,
        }
    }

    /// The portfolios that a name, an id or a range of names stands for, each with what it was
    /// called.
    pub(super) fn resolve(
        &self,
        text: &str,
    ) -> Result<Vec<(String, &'w WorldPortfolio)>, WorldError> {
        if let Some(one) = self.find(text) {
            return Ok(vec![(text.to_owned(), one)]);
        }
        let names = expand(text).ok_or_else(|| WorldError::InvalidNameRange(text.to_owned()))?;
        let named = names.into_iter().map(|name| match self.find(&name) {
            Some(one) => Ok((name, one)),
            None => Err(self.unknown(name)),
        });
        named.collect()
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
