//! The kinds of states that an operator must be told of.

use std::fmt;

use serde::Serialize;

/// A kind of state that an operator must be told of. Each kind occurs at most once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConcernKind {
    /// The run that was started last ended with an error.
    LastRun,
    /// No portfolio in scope is active, so that nothing is checked.
    NoActivePortfolios,
    /// The clock is behind the start of a run, so that later sessions are not checked.
    ClockBehind,
    /// A verification or another command found damage, and nothing has repaired it.
    Damage,
    /// The last verification is older than allowed, or there was none.
    VerificationOverdue,
    /// Portfolios are further behind the target than allowed.
    Late,
    /// Active portfolios have a phase that failed and was not done since.
    Failing,
    /// Cells failed so often that runs skip them until `plimsoll retry`.
    Quarantined,
    /// The process of a run is gone, or its lease has expired, and no run has followed.
    AbandonedRun,
    /// Files of the inbox were refused, or lie where they are not imported.
    RejectedFiles,
    /// Files of the inbox have waited for hours and are not imported.
    WaitingFiles,
    /// The inbox cannot be listed, so that its files are not imported.
    InboxUnreadable,
    /// The command that fetches prices has failed, and has not answered since.
    PriceCommand,
    /// Sessions before the target are unpriced: all their cells wait, without end.
    UnpricedSession,
    /// Complete books use prices or exchange rates that are older than allowed.
    StaleInputs,
    /// The benchmark, a factor, or a rate that converts one has no close, or one that is older than
    /// allowed, so that figures of risk are absent or soon will be.
    StaleRiskInputs,
    /// Another process keeps the write-ahead log from being emptied, so that it grows.
    HeldLog,
    /// Cells wait for prices or rates.
    Blocked,
    /// Risk is complete and has not one figure.
    RiskAbsent,
    /// The configured risk model or calendar is not in force yet, which invalidates outputs.
    ConfigurationChanged,
}

/// The consequence of a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// `plimsoll check` ends with an error, and notifications are sent.
    Error,
    /// Shown on every surface, without failing `plimsoll check`.
    Warning,
}

impl ConcernKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 20] = [
        Self::LastRun,
        Self::NoActivePortfolios,
        Self::ClockBehind,
        Self::Damage,
        Self::VerificationOverdue,
        Self::Late,
        Self::Failing,
        Self::Quarantined,
        Self::AbandonedRun,
        Self::RejectedFiles,
        Self::WaitingFiles,
        Self::InboxUnreadable,
        Self::PriceCommand,
        Self::UnpricedSession,
        Self::StaleInputs,
        Self::StaleRiskInputs,
        Self::HeldLog,
        Self::Blocked,
        Self::RiskAbsent,
        Self::ConfigurationChanged,
    ];

    /// Returns the name in JSON, metrics, webhook bodies and the database. It must not change, since
    /// older versions and receivers of webhooks read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LastRun => "run",
            Self::NoActivePortfolios => "no-active-portfolios",
            Self::ClockBehind => "clock-behind",
            Self::Damage => "damage",
            Self::VerificationOverdue => "verification-overdue",
            Self::Late => "late",
            Self::Failing => "failing",
            Self::Quarantined => "quarantined",
            Self::AbandonedRun => "abandoned-run",
            Self::RejectedFiles => "rejected-files",
            Self::WaitingFiles => "waiting-files",
            Self::InboxUnreadable => "inbox-unreadable",
            Self::PriceCommand => "price-command",
            Self::UnpricedSession => "unpriced-session",
            Self::StaleInputs => "stale-inputs",
            Self::StaleRiskInputs => "stale-risk-inputs",
            Self::HeldLog => "held-log",
            Self::Blocked => "blocked",
            Self::RiskAbsent => "risk-absent",
            Self::ConfigurationChanged => "configuration-changed",
        }
    }

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the consequence of a concern of this kind. A state that ends without an operator, as
    /// a rule, is a warning.
    pub const fn severity(self) -> Severity {
        match self {
            Self::LastRun
            | Self::NoActivePortfolios
            | Self::ClockBehind
            | Self::Damage
            | Self::VerificationOverdue
            | Self::Late
            | Self::Failing
            | Self::Quarantined
            | Self::AbandonedRun
            | Self::RejectedFiles
            | Self::WaitingFiles
            | Self::InboxUnreadable
            | Self::PriceCommand
            | Self::UnpricedSession
            | Self::StaleInputs
            | Self::StaleRiskInputs => Severity::Error,
            Self::HeldLog | Self::Blocked | Self::RiskAbsent | Self::ConfigurationChanged => {
                Severity::Warning
            }
        }
    }
}

impl fmt::Display for ConcernKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for ConcernKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl Severity {
    /// Returns the name in JSON and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_is_listed_once_and_found_by_its_name() {
        let names: BTreeSet<_> = ConcernKind::ALL.map(ConcernKind::name).into();
        assert_eq!(names.len(), ConcernKind::ALL.len());
        for kind in ConcernKind::ALL {
            assert_eq!(ConcernKind::from_name(kind.name()), Some(kind));
        }
    }
}
