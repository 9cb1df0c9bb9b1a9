//! Finds a scope in which there is nothing to check.

use super::concern::Concern;
use super::fact::ConcernFact;
use crate::domain::{Day, IdSet, LifecycleIndex, Scope};
use crate::query::next_command::NextCommand;

/// A scope of which no portfolio is active and has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) struct EmptyScope {
    /// Number of deleted portfolios in scope.
    pub(super) deleted: u64,
    /// The first inception, if portfolios are active.
    pub(super) first_inception: Option<Day>,
}

/// Returns the scope if none of its portfolios is active and begins up to the target.
pub(in crate::query) fn find_empty_scope(
    lifecycles: &LifecycleIndex,
    scope: &Scope,
    target: Day,
) -> Option<EmptyScope> {
    let active = lifecycles.active_members(scope);
    let mut inceptions = lifecycles.inceptions().iter();
    let first = inceptions.find(|(_, ids)| !(*ids & &active).is_empty());
    let first_inception = first.map(|(day, _)| *day);
    let has_begun = first_inception.is_some_and(|day| day <= target);
    (!has_begun).then(|| EmptyScope {
        deleted: match scope {
            Scope::AllActive => lifecycles.deleted().len(),
            Scope::Only(_) => (lifecycles.members(scope) - &active).len(),
        },
        first_inception,
    })
}

impl EmptyScope {
    /// Returns the concern with the command that helps.
    pub(in crate::query) fn into_concern(self, next: Option<NextCommand>) -> Concern {
        let Self {
            deleted,
            first_inception,
        } = self;
        Concern {
            fact: ConcernFact::NoActivePortfolios {
                deleted,
                first_inception,
            },
            portfolios: IdSet::new(),
            next,
        }
    }
}
