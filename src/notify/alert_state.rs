//! Active alerts and their changes: which alerts are raised, spread to more portfolios, or clear.
//!
//! Pure: compares the alerts that were last notified with those found now. Reads no database and
//! sends nothing.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::IdSet;
use crate::query::AlertConditions;

/// The kind of an alert. At most one alert of each kind is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AlertKind {
    /// A run ended with an error.
    Run,
    /// Portfolios are more sessions behind than `max_lag` allows.
    Late,
    /// Active portfolios have a phase that failed and has not been done since.
    Failing,
}

impl AlertKind {
    const ALL: [Self; 3] = [Self::Run, Self::Late, Self::Failing];

    /// The name in the database and in webhook bodies. It must not change, since older versions and
    /// webhook receivers read it.
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

/// Active alerts with the portfolios of each. The set of [`AlertKind::Run`] is empty: it concerns
/// no portfolio in particular.
pub(super) type ActiveAlerts = BTreeMap<AlertKind, IdSet>;

/// Returns the alerts that are active after a run.
///
/// `conditions` are those found after the run. They are `None` if the run failed: then the late and
/// failing alerts of `before` stay active.
pub(super) fn active_alerts(
    conditions: Option<&AlertConditions>,
    before: &ActiveAlerts,
    run: RunCompletion,
) -> ActiveAlerts {
    let mut alerts = match conditions {
        // Without conditions nothing shows that an alert is over. To clear it would hide a problem.
        None => before.clone(),
        Some(conditions) => [
            (AlertKind::Late, &conditions.late),
            (AlertKind::Failing, &conditions.failing),
        ]
        .into_iter()
        .filter(|(_, portfolios)| !portfolios.is_empty())
        .map(|(kind, portfolios)| (kind, portfolios.clone()))
        .collect(),
    };
    match run {
        RunCompletion::Finished => alerts.remove(&AlertKind::Run),
        RunCompletion::Failed => alerts.insert(AlertKind::Run, IdSet::new()),
    };
    alerts
}

/// The way a run ended, which raises or clears [`AlertKind::Run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunCompletion {
    /// It ended without an error, complete or not.
    Finished,
    /// It ended with an error.
    Failed,
}

/// The difference between two sets of active alerts; the content of one notification.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AlertDiff {
    /// Alerts that were not active before.
    pub(super) raised: Vec<AlertKind>,
    /// Alerts that were active and now have further portfolios.
    pub(super) spread: Vec<AlertKind>,
    /// Alerts that are no longer active.
    pub(super) cleared: Vec<AlertKind>,
    /// All alerts that are active now, raised and spread ones included.
    pub(super) active: Vec<AlertKind>,
}

impl AlertDiff {
    /// Compares two states. An alert that only loses portfolios is unchanged.
    pub(super) fn between(before: &ActiveAlerts, after: &ActiveAlerts) -> Self {
        let mut changes = Self {
            active: after.keys().copied().collect(),
            ..Self::default()
        };
        for (kind, portfolios) in after {
            match before.get(kind) {
                None => changes.raised.push(*kind),
                Some(previous) if !(portfolios - previous).is_empty() => changes.spread.push(*kind),
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

    /// Returns whether an alert is new or has further portfolios.
    pub(super) fn has_raised_or_spread(&self) -> bool {
        !self.raised.is_empty() || !self.spread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(portfolios: &[u32]) -> ActiveAlerts {
        let portfolios: IdSet = portfolios.iter().copied().collect();
        ActiveAlerts::from([(AlertKind::Late, portfolios)])
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
