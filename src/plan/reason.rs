//! Why a cell is a step, and why it is not.

use std::fmt;

/// Why a cell is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepReason {
    /// None of its phases is done.
    Missing,
    /// Some of its phases are done.
    Partial,
    /// It was done, and an input changed: the invalidation with this id.
    Stale(i64),
    /// It was done, and is to be done again because somebody said so: the invalidation's id.
    Forced(i64),
    /// A replayed policy chose it, though it is not needed.
    ByRule,
}

/// A step's reason, whichever invalidation it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// See [`StepReason::Missing`].
    Missing,
    /// See [`StepReason::Partial`].
    Partial,
    /// See [`StepReason::Stale`].
    Stale,
    /// See [`StepReason::Forced`].
    Forced,
    /// See [`StepReason::ByRule`].
    ByRule,
}

/// Why a cell is not to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// It is done and valid.
    Complete,
    /// The day is before the portfolio's inception.
    BeforeInception,
    /// The day is after the portfolio's closing day.
    AfterClose,
    /// The portfolio is deleted.
    Deleted,
    /// The day is after the target.
    BeyondTarget,
    /// An input isn't there yet.
    Blocked,
    /// What it lacks failed too often.
    Quarantined,
    /// The plan is full.
    OverLimit,
    /// Nothing of the portfolio has ever been done, and such portfolios are onboarded.
    LeftToOnboarding,
    /// It is needed, and the policy looks only at later days.
    HiddenByWatermark,
    /// It is needed, and the policy takes a snapshot row for proof that it isn't.
    HiddenBySnapshot,
}

impl StepReason {
    /// The reason without the invalidation it speaks of.
    pub const fn kind(self) -> StepKind {
        match self {
            Self::Missing => StepKind::Missing,
            Self::Partial => StepKind::Partial,
            Self::Stale(_) => StepKind::Stale,
            Self::Forced(_) => StepKind::Forced,
            Self::ByRule => StepKind::ByRule,
        }
    }

    /// The id of the invalidation it speaks of, if it does.
    pub const fn invalidation(self) -> Option<i64> {
        match self {
            Self::Stale(id) | Self::Forced(id) => Some(id),
            Self::Missing | Self::Partial | Self::ByRule => None,
        }
    }
}

impl StepKind {
    /// The word people see.
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
    /// The word people see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::BeforeInception => "before-inception",
            Self::AfterClose => "after-close",
            Self::Deleted => "deleted",
            Self::BeyondTarget => "beyond-target",
            Self::Blocked => "blocked",
            Self::Quarantined => "quarantined",
            Self::OverLimit => "over-limit",
            Self::LeftToOnboarding => "left-to-onboarding",
            Self::HiddenByWatermark => "hidden-by-watermark",
            Self::HiddenBySnapshot => "hidden-by-snapshot",
        }
    }

    /// Whether a cell skipped for this reason is needed and not done. Of such cells it is told whose
    /// they are; of others, their number is enough.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Blocked
            | Self::Quarantined
            | Self::OverLimit
            | Self::LeftToOnboarding
            | Self::HiddenByWatermark
            | Self::HiddenBySnapshot => true,
            Self::Complete
            | Self::BeforeInception
            | Self::AfterClose
            | Self::Deleted
            | Self::BeyondTarget => false,
        }
    }

    /// Whether a cell skipped for this reason is needed and its policy doesn't see it.
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
