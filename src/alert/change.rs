//! Which troubles came, spread and went: what was told, held against what is.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::IdSet;
use crate::query::AlertConditions;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A run could not be made, or could not go on.
    Run,
    /// Portfolios are further behind than they may be.
    Late,
    /// Phases of portfolios fail.
    Failing,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Run, Self::Late, Self::Failing];

    /// The word that is stored and that programs read.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Late => "late",
            Self::Failing => "failing",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Troubles, and whom each concerns; nobody in particular where that is empty.
pub(super) type Standing = BTreeMap<Kind, IdSet>;

/// The troubles of books, and that of the run where it could not be made.
pub(super) fn standing(
    troubles: Option<&AlertConditions>,
    before: &Standing,
    run: RunWent,
) -> Standing {
    let mut standing = match troubles {
        // Of books that can't be looked at, what was told still holds.
        None => before.clone(),
        Some(troubles) => [
            (Kind::Late, &troubles.late),
            (Kind::Failing, &troubles.failing),
        ]
        .into_iter()
        .filter(|(_, who)| !who.is_empty())
        .map(|(kind, who)| (kind, who.clone()))
        .collect(),
    };
    match run {
        RunWent::Through => standing.remove(&Kind::Run),
        RunWent::Wrong => standing.insert(Kind::Run, IdSet::new()),
    };
    standing
}

/// Whether a run could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunWent {
    /// It came to its end, whatever that is.
    Through,
    /// An error stopped it.
    Wrong,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Changes {
    /// Troubles that were not there.
    pub(super) came: Vec<Kind>,
    /// Troubles that were there, and have come to others too.
    pub(super) spread: Vec<Kind>,
    /// Troubles that are over.
    pub(super) went: Vec<Kind>,
    /// Troubles that stand, these among them.
    pub(super) stands: Vec<Kind>,
}

impl Changes {
    /// What changed from `before` to `after`. That fewer are concerned is not told.
    pub(super) fn between(before: &Standing, after: &Standing) -> Self {
        let mut changes = Self {
            stands: after.keys().copied().collect(),
            ..Self::default()
        };
        for (kind, who) in after {
            match before.get(kind) {
                None => changes.came.push(*kind),
                Some(told) if !(who - told).is_empty() => changes.spread.push(*kind),
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|kind| !after.contains_key(kind));
        changes.went.extend(gone.copied());
        changes
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.came.is_empty() && self.spread.is_empty() && self.went.is_empty()
    }

    /// Whether it got worse for somebody.
    pub(super) fn is_worse(&self) -> bool {
        !self.came.is_empty() || !self.spread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(who: &[u32]) -> Standing {
        let who: IdSet = who.iter().copied().collect();
        Standing::from([(Kind::Late, who)])
    }

    #[test]
    fn a_night_like_the_one_before_tells_nothing() {
        let changes = Changes::between(&late(&[1, 2]), &late(&[1, 2]));
        assert!(changes.is_empty());
        assert!(Changes::between(&Standing::new(), &Standing::new()).is_empty());
    }

    #[test]
    fn trouble_that_comes_spreads_and_goes_is_told_and_what_shrinks_is_not() {
        let none = Standing::new();
        let kinds = |before: &Standing, after: &Standing| {
            let changes = Changes::between(before, after);
            (changes.came, changes.spread, changes.went)
        };
        let here = || vec![Kind::Late];
        assert_eq!(kinds(&none, &late(&[1])), (here(), vec![], vec![]));
        assert_eq!(kinds(&late(&[1]), &late(&[1, 2])), (vec![], here(), vec![]));
        assert_eq!(kinds(&late(&[1, 2]), &late(&[2])), (vec![], vec![], vec![]));
        assert_eq!(kinds(&late(&[1]), &late(&[2])), (vec![], here(), vec![]));
        assert_eq!(kinds(&late(&[2]), &none), (vec![], vec![], here()));
    }

    #[test]
    fn what_cannot_be_looked_at_is_as_it_was_told() {
        let before = late(&[1]);
        let after = standing(None, &before, RunWent::Wrong);
        assert_eq!(after[&Kind::Late], before[&Kind::Late]);
        assert!(after.contains_key(&Kind::Run));
        let changes = Changes::between(&before, &after);
        assert_eq!((changes.came, changes.went), (vec![Kind::Run], vec![]));
    }
}
