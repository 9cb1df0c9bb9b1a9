//! Defines the reasons of steps and skips.

use std::fmt;

use serde::Serialize;

/// The reason a cell is processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepReason {
    /// None of its requested phases is done, and none was invalidated.
    Missing,
    /// Some of its requested phases are done, and none of the others was invalidated.
    Partial,
    /// It was done, and an input changed or an operator invalidated it. Holds the id of the
    /// invalidation.
    Stale(i64),
    /// It was done, and a run was requested with `--force`. Holds the id of the invalidation.
    Forced(i64),
    /// A replayed policy chose it although it is not needed.
    ByRule,
}

/// The reason of a step without the id of the invalidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// The kind of [`StepReason::Missing`].
    Missing,
    /// The kind of [`StepReason::Partial`].
    Partial,
    /// The kind of [`StepReason::Stale`].
    Stale,
    /// The kind of [`StepReason::Forced`].
    Forced,
    /// The kind of [`StepReason::ByRule`].
    ByRule,
}

/// The reason a cell is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// It is done and valid.
    Complete,
    /// The day is before the portfolio's inception.
    BeforeInception,
    /// The day is after the portfolio's closing day.
    AfterClose,
    /// The portfolio is deleted.
    Deleted,
    /// The day is no session of the portfolio's own calendar.
    NoSession,
    /// The day is after the target.
    BeyondTarget,
    /// It is needed, and an input is missing.
    Blocked,
    /// It is needed, and most securities have no close of the session.
    Unpriced,
    /// It is needed, and its open phases failed too often.
    Quarantined,
    /// It is needed, and the plan's limit is reached.
    OverLimit,
    /// It is needed, and the policy leaves portfolios without any completed work to onboarding.
    LeftToOnboarding,
    /// It is needed, and the policy looks at later days only.
    HiddenByWatermark,
    /// It is needed, and the policy takes its snapshot row as proof that it is complete.
    HiddenBySnapshot,
}

impl StepReason {
    /// Returns the reason without the id of the invalidation.
    pub const fn kind(self) -> StepKind {
        match self {
            Self::Missing => StepKind::Missing,
            Self::Partial => StepKind::Partial,
            Self::Stale(_) => StepKind::Stale,
            Self::Forced(_) => StepKind::Forced,
            Self::ByRule => StepKind::ByRule,
        }
    }

    /// Returns the id of the invalidation, or `None` if the reason has none.
    pub const fn invalidation(self) -> Option<i64> {
        match self {
            Self::Stale(id) | Self::Forced(id) => Some(id),
            Self::Missing | Self::Partial | Self::ByRule => None,
        }
    }
}

impl StepKind {
    /// Returns the name, as texts and JSON write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Partial => "partial",
            Self::Stale => "stale",
            Self::Forced => "forced",
            Self::ByRule => "by-rule",
        }
    }
}

impl SkipReason {
    /// Returns the name, as texts and JSON write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::BeforeInception => "before-inception",
            Self::AfterClose => "after-close",
            Self::Deleted => "deleted",
            Self::NoSession => "no-session",
            Self::BeyondTarget => "beyond-target",
            Self::Blocked => "blocked",
            Self::Unpriced => "unpriced",
            Self::Quarantined => "quarantined",
            Self::OverLimit => "over-limit",
            Self::LeftToOnboarding => "left-to-onboarding",
            Self::HiddenByWatermark => "hidden-by-watermark",
            Self::HiddenBySnapshot => "hidden-by-snapshot",
        }
    }

    /// Returns whether a cell skipped for this reason is needed and not done. Reports name the
    /// portfolios of such cells; of other skips they show the number.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Blocked
            | Self::Unpriced
            | Self::Quarantined
            | Self::OverLimit
            | Self::LeftToOnboarding
            | Self::HiddenByWatermark
            | Self::HiddenBySnapshot => true,
            Self::Complete
            | Self::BeforeInception
            | Self::AfterClose
            | Self::Deleted
            | Self::NoSession
            | Self::BeyondTarget => false,
        }
    }

    /// Returns whether a cell skipped for this reason waits for prices or a rate.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Blocked | Self::Unpriced)
    }

    /// Returns whether a cell skipped for this reason is needed and hidden by the policy.
    pub const fn is_left_behind(self) -> bool {
        matches!(self, Self::HiddenByWatermark | Self::HiddenBySnapshot)
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for StepReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
