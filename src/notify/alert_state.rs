//! Active alerts and their changes: which alerts are raised, spread to more portfolios or files, or
//! clear.
//!
//! Pure: compares the alerts that were last notified with those found now. Reads no database and
//! sends nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::IdSet;
use crate::query::{AlertConditions, Concern, ConcernKind};

/// Active alerts with the extent of each.
pub(super) type ActiveAlerts = BTreeMap<ConcernKind, AlertExtent>;

/// The portfolios and other things that an alert concerns. Both are empty for
/// [`ConcernKind::LastRun`].
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AlertExtent {
    /// The portfolios concerned.
    pub(super) portfolios: IdSet,
    /// What is concerned beside portfolios, such as the paths of files.
    pub(super) items: BTreeSet<String>,
}

impl AlertExtent {
    fn of(concern: &Concern) -> Self {
        Self {
            portfolios: concern.portfolios.clone(),
            items: concern.fact.items(),
        }
    }

    /// Returns whether it has a portfolio or another thing that `previous` lacks.
    fn exceeds(&self, previous: &Self) -> bool {
        let portfolios = &self.portfolios - &previous.portfolios;
        !portfolios.is_empty() || !self.items.is_subset(&previous.items)
    }
}

/// Returns the alerts that are active after a run.
///
/// `conditions` are those found after the run. They are `None` if the run failed: then the alerts of
/// `before` stay active.
pub(super) fn active_alerts(
    conditions: Option<&AlertConditions>,
    before: &ActiveAlerts,
    run: RunCompletion,
) -> ActiveAlerts {
    let mut alerts = match conditions {
        // Without conditions nothing shows that an alert is over. To clear it would hide a problem.
        None => before.clone(),
        Some(conditions) => (conditions.concerns.iter())
            .map(|concern| (concern.kind(), AlertExtent::of(concern)))
            .collect(),
    };
    match run {
        RunCompletion::Finished => alerts.remove(&ConcernKind::LastRun),
        RunCompletion::Failed => alerts.insert(ConcernKind::LastRun, AlertExtent::default()),
        RunCompletion::NotStarted => None,
    };
    alerts
}

/// The way a run ended, which raises or clears [`ConcernKind::LastRun`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunCompletion {
    /// It ended without an error, complete or not.
    Finished,
    /// It ended with an error.
    Failed,
    /// It was not started, because the inbox could not be imported.
    NotStarted,
}

/// The difference between two sets of active alerts; the content of one notification.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AlertDiff {
    /// Alerts that were not active before.
    pub(super) raised: Vec<ConcernKind>,
    /// Alerts that were active and now have further portfolios or files.
    pub(super) spread: Vec<ConcernKind>,
    /// Alerts that are no longer active.
    pub(super) cleared: Vec<ConcernKind>,
    /// All alerts that are active now, raised and spread ones included.
    pub(super) active: Vec<ConcernKind>,
}

impl AlertDiff {
    /// Compares two states. An alert that only loses portfolios or files is unchanged.
    pub(super) fn between(before: &ActiveAlerts, after: &ActiveAlerts) -> Self {
        let mut changes = Self {
            active: after.keys().copied().collect(),
            ..Self::default()
        };
        for (kind, extent) in after {
            match before.get(kind) {
                None => changes.raised.push(*kind),
                Some(previous) if extent.exceeds(previous) => changes.spread.push(*kind),
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|kind| !after.contains_key(kind));
        changes.cleared.extend(gone.copied());
        changes
    }

    /// Returns whether there is nothing to notify.
    pub(super) fn is_empty(&self) -> bool {
        self.raised.is_empty() && self.spread.is_empty() && self.cleared.is_empty()
    }

    /// Returns whether an alert is new or has further portfolios or files.
    pub(super) fn has_raised_or_spread(&self) -> bool {
        !self.raised.is_empty() || !self.spread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(portfolios: &[u32]) -> ActiveAlerts {
        let extent = AlertExtent {
            portfolios: portfolios.iter().copied().collect(),
            items: BTreeSet::new(),
        };
        ActiveAlerts::from([(ConcernKind::Late, extent)])
    }

    fn rejected(files: &[&str]) -> ActiveAlerts {
        let extent = AlertExtent {
            portfolios: IdSet::new(),
            items: files.iter().map(|file| (*file).to_owned()).collect(),
        };
        ActiveAlerts::from([(ConcernKind::RejectedFiles, extent)])
    }

    #[test]
    fn a_further_file_spreads_the_alert_and_a_deleted_one_does_not() {
        let (one, two) = (rejected(&["a.csv"]), rejected(&["a.csv", "b.csv"]));
        let kinds = vec![ConcernKind::RejectedFiles];
        assert_eq!(AlertDiff::between(&one, &two).spread, kinds);
        assert_eq!(
            AlertDiff::between(&one, &rejected(&["b.csv"])).spread,
            kinds
        );
        assert!(AlertDiff::between(&two, &one).is_empty());
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
        let here = || vec![ConcernKind::Late];
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
        assert_eq!(after[&ConcernKind::Late], before[&ConcernKind::Late]);
        assert!(after.contains_key(&ConcernKind::LastRun));
        let changes = AlertDiff::between(&before, &after);
        assert_eq!(
            (changes.raised, changes.cleared),
            (vec![ConcernKind::LastRun], vec![])
        );
    }
}
