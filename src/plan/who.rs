//! Whom a scope speaks of, and what becomes of a name that nobody bears.
//!
//! A scope whose names are all unknown must not quietly become everybody. That it once did can
//! be replayed, by a rule that is refused for real work.

use std::fmt;

use thiserror::Error;

use crate::domain::{IdSet, PortfolioId, Scope};

use super::{Roster, UnknownIds};

/// A scope whose names were looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted<N> {
    /// Whom it speaks of.
    pub scope: Scope,
    /// The names that nobody bears, as they were given.
    pub unknown: Vec<N>,
}

/// Why a scope is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeRefusal<N: fmt::Display> {
    /// Some names are unknown, and the rule is to refuse.
    #[error("no portfolio is known as {}", listed(.0))]
    Unknown(Vec<N>),
    /// No name is known, so nobody is left.
    #[error("nobody is left in scope: no portfolio is known as {}", listed(.0))]
    NobodyLeft(Vec<N>),
    /// No name was given at all.
    #[error("a scope of no portfolio is not everybody: it is refused")]
    Empty,
}

/// The scope of these names, each with the portfolio that bears it, by the rule for those that
/// nobody bears.
pub fn admit<N: fmt::Display>(
    named: impl IntoIterator<Item = (N, Option<PortfolioId>)>,
    rule: UnknownIds,
) -> Result<Admitted<N>, ScopeRefusal<N>> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (name, bearer) in named {
        match bearer {
            Some(id) => known.push(id),
            None => unknown.push(name),
        }
    }
    if rule == UnknownIds::Refuse && !unknown.is_empty() {
        return Err(ScopeRefusal::Unknown(unknown));
    }
    match Scope::from_ids(known) {
        Ok(scope) => Ok(Admitted { scope, unknown }),
        Err(_) if unknown.is_empty() => Err(ScopeRefusal::Empty),
        Err(_) if rule == UnknownIds::WidenToEverybody => Ok(Admitted {
            scope: Scope::AllActive,
            unknown,
        }),
        Err(_) => Err(ScopeRefusal::NobodyLeft(unknown)),
    }
}

/// Everybody whom `scope` speaks of; deleted ones too, since a plan says of them that they are.
pub(super) fn members_of(scope: &Scope, roster: &Roster) -> IdSet {
    match scope {
        Scope::AllActive => roster.everybody(),
        Scope::Only(members) => members.iter().map(|id| id.0).collect(),
    }
}

fn listed<N: fmt::Display>(names: &[N]) -> String {
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

    fn looked_up(names: &[u32]) -> Vec<(u32, Option<PortfolioId>)> {
        let bearer = |name| (name < 100).then_some(PortfolioId(name));
        names.iter().map(|name| (*name, bearer(*name))).collect()
    }

    #[test]
    fn an_unknown_name_is_refused_or_left_out_as_the_rule_says() {
        let names = looked_up(&[1, 100]);
        let refusal = admit(names.clone(), UnknownIds::Refuse).unwrap_err();
        assert_eq!(refusal.to_string(), "no portfolio is known as `100`");
        for rule in [UnknownIds::Skip, UnknownIds::WidenToEverybody] {
            let admitted = admit(names.clone(), rule).unwrap();
            assert_eq!(admitted.scope, Scope::from_ids([PortfolioId(1)]).unwrap());
            assert_eq!(admitted.unknown, [100]);
        }
    }

    #[test]
    fn a_scope_of_unknown_names_is_everybody_only_in_a_replay() {
        let names = looked_up(&[100, 101]);
        assert_eq!(
            admit(names.clone(), UnknownIds::Skip),
            Err(ScopeRefusal::NobodyLeft(vec![100, 101]))
        );
        let widened = admit(names, UnknownIds::WidenToEverybody).unwrap();
        assert_eq!(widened.scope, Scope::AllActive);
    }

    #[test]
    fn no_name_at_all_is_nobody_by_every_rule() {
        for rule in [
            UnknownIds::Refuse,
            UnknownIds::Skip,
            UnknownIds::WidenToEverybody,
        ] {
            assert_eq!(admit(looked_up(&[]), rule), Err(ScopeRefusal::Empty));
        }
    }

    #[test]
    fn a_long_list_of_unknown_names_is_cut_short() {
        let refusal = admit(
            looked_up(&[100, 101, 102, 103, 104, 105, 106]),
            UnknownIds::Skip,
        );
        let text = refusal.unwrap_err().to_string();
        assert!(text.ends_with("`104` and 2 more"), "{text}");
    }
}
