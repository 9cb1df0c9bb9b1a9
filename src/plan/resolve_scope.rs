//! Whom a scope speaks of, and what becomes of a name that nobody bears.
//!
//! A scope whose names are all unknown must not quietly become everybody. That it once did can
//! be replayed, by a rule that is refused for real work.

use std::fmt;

use thiserror::Error;

use crate::domain::{IdSet, PortfolioId, Scope};

use super::{LifecycleIndex, UnknownIds};

/// A scope whose names were looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedScope<N> {
    /// Whom it speaks of.
    pub scope: Scope,
    /// The names that nobody bears, as they were given.
    pub unknown: Vec<N>,
}

/// Why a scope is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeError<N: fmt::Display> {
    /// Some names are unknown, and the rule is to refuse.
    #[error("no portfolio is known as {}", format_names(.0))]
    Unknown(Vec<N>),
    /// No name is known, so nobody is left.
    #[error("nobody is left in scope: no portfolio is known as {}", format_names(.0))]
    NoneLeft(Vec<N>),
    /// No name was given at all.
    #[error("a scope of no portfolio is not everybody: it is refused")]
    Empty,
}

/// The scope of these names, each with the portfolio that bears it, by the rule for those that
/// nobody bears.
pub fn resolve_scope<N: fmt::Display>(
    named: impl IntoIterator<Item = (N, Option<PortfolioId>)>,
    rule: UnknownIds,
) -> Result<ResolvedScope<N>, ScopeError<N>> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (name, bearer) in named {
        match bearer {
            Some(id) => known.push(id),
            None => unknown.push(name),
        }
    }
    if rule == UnknownIds::Refuse && !unknown.is_empty() {
        return Err(ScopeError::Unknown(unknown));
    }
    match Scope::from_ids(known) {
        Ok(scope) => Ok(ResolvedScope { scope, unknown }),
        Err(_) if unknown.is_empty() => Err(ScopeError::Empty),
        Err(_) if rule == UnknownIds::WidenToAll => Ok(ResolvedScope {
            scope: Scope::AllActive,
            unknown,
        }),
        Err(_) => Err(ScopeError::NoneLeft(unknown)),
    }
}

/// Everybody whom `scope` speaks of; deleted ones too, since a plan says of them that they are.
pub(super) fn scope_members(scope: &Scope, roster: &LifecycleIndex) -> IdSet {
    match scope {
        Scope::AllActive => roster.all_ids(),
        Scope::Only(members) => members.iter().map(|id| id.0).collect(),
    }
}

fn format_names<N: fmt::Display>(names: &[N]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`"));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text += &format!(" and {} more", names.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_each(names: &[u32]) -> Vec<(u32, Option<PortfolioId>)> {
        let bearer = |name| (name < 100).then_some(PortfolioId(name));
        names.iter().map(|name| (*name, bearer(*name))).collect()
    }

    #[test]
    fn unknown_names_are_refused_or_skipped_by_rule() {
        let names = resolve_each(&[1, 100]);
        let refusal = resolve_scope(names.clone(), UnknownIds::Refuse).unwrap_err();
        assert_eq!(refusal.to_string(), "no portfolio is known as `100`");
        for rule in [UnknownIds::Skip, UnknownIds::WidenToAll] {
            let admitted = resolve_scope(names.clone(), rule).unwrap();
            assert_eq!(admitted.scope, Scope::from_ids([PortfolioId(1)]).unwrap());
            assert_eq!(admitted.unknown, [100]);
        }
    }

    #[test]
    fn only_a_replay_widens_a_scope_of_unknown_names() {
        let names = resolve_each(&[100, 101]);
        assert_eq!(
            resolve_scope(names.clone(), UnknownIds::Skip),
            Err(ScopeError::NoneLeft(vec![100, 101]))
        );
        let widened = resolve_scope(names, UnknownIds::WidenToAll).unwrap();
        assert_eq!(widened.scope, Scope::AllActive);
    }

    #[test]
    fn an_empty_scope_is_refused_by_every_rule() {
        for rule in [UnknownIds::Refuse, UnknownIds::Skip, UnknownIds::WidenToAll] {
            assert_eq!(
                resolve_scope(resolve_each(&[]), rule),
                Err(ScopeError::Empty)
            );
        }
    }

    #[test]
    fn long_lists_of_unknown_names_are_truncated() {
        let refusal = resolve_scope(
            resolve_each(&[100, 101, 102, 103, 104, 105, 106]),
            UnknownIds::Skip,
        );
        let text = refusal.unwrap_err().to_string();
        assert!(text.ends_with("`104` and 2 more"), "{text}");
    }
}
