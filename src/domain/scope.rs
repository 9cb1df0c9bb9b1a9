//! Selects portfolios and their cells. A scope can't be empty, so it can't silently become all
//! portfolios.

use std::collections::BTreeSet;

use thiserror::Error;

use super::day::DayRange;
use super::ids::PortfolioId;
use super::phase::PhaseSet;

/// The portfolios of a request: all active ones, or a set that is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every portfolio that is not deleted.
    AllActive,
    /// These portfolios and no others.
    Only(Members),
}

/// The portfolios of a named scope: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members(BTreeSet<PortfolioId>);

/// The error of a scope without any portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("empty scope: name at least one portfolio")]
pub struct EmptyScope;

/// Phases of the cells of some portfolios on some days, as a person names them.
#[derive(Debug, Clone, Copy)]
pub struct CellSelection<'s> {
    /// Portfolios of the cells.
    pub scope: &'s Scope,
    /// Phases of the cells.
    pub phases: PhaseSet,
    /// Sessions of the cells; days without a session are ignored.
    pub range: DayRange,
}

impl Scope {
    /// Creates the scope of these portfolios.
    ///
    /// # Errors
    ///
    /// Refuses an empty list.
    pub fn from_ids(members: impl IntoIterator<Item = PortfolioId>) -> Result<Self, EmptyScope> {
        let members: BTreeSet<_> = members.into_iter().collect();
        if members.is_empty() {
            return Err(EmptyScope);
        }
        Ok(Self::Only(Members(members)))
    }

    /// Creates the scope of one portfolio.
    pub fn single(portfolio: PortfolioId) -> Self {
        Self::Only(Members(BTreeSet::from([portfolio])))
    }

    /// Returns whether `portfolio` is in the scope, provided that it is active.
    pub fn contains(&self, portfolio: PortfolioId) -> bool {
        match self {
            Self::AllActive => true,
            Self::Only(members) => members.0.contains(&portfolio),
        }
    }
}

impl Members {
    /// Iterates over the members in order of id.
    pub fn iter(&self) -> impl Iterator<Item = PortfolioId> {
        self.0.iter().copied()
    }

    /// Returns the number of members, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a scope is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
