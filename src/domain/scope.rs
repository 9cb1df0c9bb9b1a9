//! Who a request speaks of. A scope can't be empty, so it can't quietly become everybody.

use std::collections::BTreeSet;

use thiserror::Error;

use super::PortfolioId;

/// Who: all active portfolios, or a set of some that is never empty. Never a range of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every active portfolio.
    AllActive,
    /// These and no others.
    Only(Members),
}

/// The members of a named scope: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members(BTreeSet<PortfolioId>);

/// A scope was to be made of no portfolio at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a scope of no portfolio is not everybody: it is refused")]
pub struct EmptyScope;

impl Scope {
    /// The scope of these portfolios; an error when there are none.
    pub fn from_ids(members: impl IntoIterator<Item = PortfolioId>) -> Result<Self, EmptyScope> {
        let members: BTreeSet<_> = members.into_iter().collect();
        if members.is_empty() {
            return Err(EmptyScope);
        }
        Ok(Self::Only(Members(members)))
    }

    /// Whether the scope speaks of `portfolio`, were it active.
    pub fn contains(&self, portfolio: PortfolioId) -> bool {
        match self {
            Self::AllActive => true,
            Self::Only(members) => members.0.contains(&portfolio),
        }
    }
}

impl Members {
    /// The members in order of id.
    pub fn iter(&self) -> impl Iterator<Item = PortfolioId> {
        self.0.iter().copied()
    }

    /// How many they are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
