//! Resolves the names of a scope to portfolios, and treats unknown names by the policy's rule.
//!
//! A scope whose names are all unknown must not silently become all portfolios. The incident's job
//! did that; a rule that is refused for real runs replays it.

use std::fmt;

use thiserror::Error;

use crate::domain::{PortfolioId, Scope};

use super::policy::UnknownIds;

/// A scope with its names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedScope<N> {
    /// The portfolios that were found.
    pub scope: Scope,
    /// The names without a portfolio, as given.
    pub unknown: Vec<N>,
}

/// The reason a scope is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeError<N: fmt::Display> {
    /// Some names are unknown, and the rule is to refuse.
    #[error("unknown {}", format_names(.0))]
    Unknown(Vec<N>),
    /// All names are unknown, so no portfolio is left.
    #[error("no portfolio left in scope: unknown {}", format_names(.0))]
    NoneLeft(Vec<N>),
    /// The list of names is empty.
    #[error("empty scope: name at least one portfolio")]
    Empty,
}

/// Resolves names to a scope. Each name comes with its portfolio, or `None` if it is unknown.
///
/// # Errors
///
/// Refuses an empty list, and unknown names as `rule` says.
pub fn resolve_scope<N: fmt::Display>(
    named: impl IntoIterator<Item = (N, Option<PortfolioId>)>,
    rule: UnknownIds,
) -> Result<ResolvedScope<N>, ScopeError<N>> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (name, portfolio) in named {
        match portfolio {
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

/// Formats names as "portfolio `A`" or "portfolios `A`, `B`", five at most.
fn format_names<N: fmt::Display>(names: &[N]) -> String {
    const MAX_SHOWN: usize = 5;
    let noun = match names {
        [_] => "portfolio",
        _ => "portfolios",
    };
    let shown = names.iter().take(MAX_SHOWN);
    let shown: Vec<_> = shown.map(|name| format!("`{name}`")).collect();
    let mut text = format!("{noun} {}", shown.join(", "));
    if names.len() > MAX_SHOWN {
        text += &format!(" and {} more", names.len() - MAX_SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_each(names: &[u32]) -> Vec<(u32, Option<PortfolioId>)> {
        let find = |name| (name < 100).then_some(PortfolioId(name));
        names.iter().map(|name| (*name, find(*name))).collect()
    }

    #[test]
    fn unknown_names_are_refused_or_skipped_by_rule() {
        let names = resolve_each(&[1, 100]);
        let refusal = resolve_scope(names.clone(), UnknownIds::Refuse).unwrap_err();
        assert_eq!(refusal.to_string(), "unknown portfolio `100`");
        for rule in [UnknownIds::Skip, UnknownIds::WidenToAll] {
            let resolved = resolve_scope(names.clone(), rule).unwrap();
            assert_eq!(resolved.scope, Scope::from_ids([PortfolioId(1)]).unwrap());
            assert_eq!(resolved.unknown, [100]);
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
