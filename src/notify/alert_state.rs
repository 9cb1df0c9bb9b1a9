//! Which troubles came, spread and went: what was told, held against what is.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::IdSet;
use crate::query::AlertConditions;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AlertKind {
    /// A run could not be made, or could not go on.
    Run,
    /// Portfolios are further behind than they may be.
    Late,
    /// Phases of portfolios fail.
    Failing,
}

impl AlertKind {
    const ALL: [Self; 3] = [Self::Run, Self::Late, Self::Failing];

    /// The word that is stored and that programs read.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Late => "late",
            Self::Failing => "failing",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Troubles, and whom each concerns; nobody in particular where that is empty.
pub(super) type ActiveAlerts = BTreeMap<AlertKind, IdSet>;

/// The troubles of books, and that of the run where it could not be made.
pub(super) fn active_alerts(
    troubles: Option<&AlertConditions>,
    before: &ActiveAlerts,
    run: RunCompletion,
) -> ActiveAlerts {
    let mut standing = match troubles {
        // Of books that can't be looked at, what was told still holds.
        None => before.clone(),
        Some(troubles) => [
            (AlertKind::Late, &troubles.late),
            (AlertKind::Failing, &troubles.failing),
        ]
        .into_iter()
        .filter(|(_, who)| !who.is_empty())
        .map(|(kind, who)| (kind, who.clone()))
        .collect(),
    };
    match run {
        RunCompletion::Finished => standing.remove(&AlertKind::Run),
        RunCompletion::Failed => standing.insert(AlertKind::Run, IdSet::new()),
    };
    standing
}

/// Whether a run could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunCompletion {
    /// It came to its end, whatever that is.
    Finished,
    /// An error stopped it.
    Failed,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AlertDiff {
    /// Troubles that were not there.
    pub(super) raised: Vec<AlertKind>,
    /// Troubles that were there, and have come to others too.
    pub(super) spread: Vec<AlertKind>,
    /// Troubles that are over.
    pub(super) cleared: Vec<AlertKind>,
    /// Troubles that stand, these among them.
    pub(super) active: Vec<AlertKind>,
}

impl AlertDiff {
    /// What changed from `before` to `after`. That fewer are concerned is not told.
    pub(super) fn between(before: &ActiveAlerts, after: &ActiveAlerts) -> Self {
        let mut changes = Self {
            active: after.keys().copied().collect(),
            ..Self::default()
        };
        for (kind, who) in after {
            match before.get(kind) {
                None => changes.raised.push(*kind),
                Some(told) if !(who - told).is_empty() => changes.spread.push(*kind),
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|kind| !after.contains_key(kind));
        changes.cleared.extend(gone.copied());
        changes
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.raised.is_empty() && self.spread.is_empty() && self.cleared.is_empty()
    }

    /// Whether it got worse for somebody.
    pub(super) fn has_raised_or_spread(&self) -> bool {
        !self.raised.is_empty() || !self.spread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(who: &[u32]) -> ActiveAlerts {
        let who: IdSet = who.iter().copied().collect();
        ActiveAlerts::from([(AlertKind::Late, who)])
    }

    #[test]
    fn unchanged_alerts_give_an_empty_diff() {
        let changes = AlertDiff::between(&late(&[1, 2]), &late(&[1, 2]));
        assert!(changes.is_empty());
        assert!(AlertDiff::between(&ActiveAlerts::new(), &ActiveAlerts::new()).is_empty());
    }

    #[test]
    fn raised_spread_and_cleared_alerts_are_reported_and_shrinking_ones_are_not() {
        let none = ActiveAlerts::new();
        let kinds = |before: &ActiveAlerts, after: &ActiveAlerts| {
            let changes = AlertDiff::between(before, after);
            (changes.raised, changes.spread, changes.cleared)
        };
        let here = || vec![AlertKind::Late];
        assert_eq!(kinds(&none, &late(&[1])), (here(), vec![], vec![]));
        assert_eq!(kinds(&late(&[1]), &late(&[1, 2])), (vec![], here(), vec![]));
        assert_eq!(kinds(&late(&[1, 2]), &late(&[2])), (vec![], vec![], vec![]));
        assert_eq!(kinds(&late(&[1]), &late(&[2])), (vec![], here(), vec![]));
        assert_eq!(kinds(&late(&[2]), &none), (vec![], vec![], here()));
    }

    #[test]
    fn unreadable_books_keep_the_previous_alerts() {
        let before = late(&[1]);
        let after = active_alerts(None, &before, RunCompletion::Failed);
        assert_eq!(after[&AlertKind::Late], before[&AlertKind::Late]);
        assert!(after.contains_key(&AlertKind::Run));
        let changes = AlertDiff::between(&before, &after);
        assert_eq!(
            (changes.raised, changes.cleared),
            (vec![AlertKind::Run], vec![])
        );
    }
}
