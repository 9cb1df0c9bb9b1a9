//! The statuses of cells that expectations name.

/// The status that is expected of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellStatus {
    /// Processed by a run of the step or scenario.
    Processed,
    /// A step of the plan.
    Planned,
    /// Needed, and not selected by the policy.
    LeftBehind,
    /// Tried, with a phase that failed.
    Failed,
    /// Blocked: it waits for inputs.
    Blocked,
    /// Quarantined: a phase failed too often.
    Quarantined,
    /// Expected and not complete after the step, or at the end.
    Open,
    /// Waiting for prices or rates after the step, or at the end.
    Waiting,
    /// With books that value a holding at an older price.
    Stale,
    /// Complete, with books that use a price or rate older than the limit of waiting.
    OldInputs,
    /// Waiting because the session is unpriced, after the step or at the end.
    Unpriced,
}

impl CellStatus {
    /// Returns its label in transcripts and findings.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Planned => "planned",
            Self::LeftBehind => "left behind",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Quarantined => "quarantined",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Stale => "stale",
            Self::OldInputs => "old inputs",
            Self::Unpriced => "unpriced",
        }
    }

    /// Returns whether it is a status in the database, not one in the outcome of a run.
    pub const fn is_of_state(self) -> bool {
        matches!(self, Self::Open | Self::Waiting | Self::Unpriced) || self.is_of_books()
    }

    /// Returns whether it is a status in a plan, so that it is known without a run.
    pub const fn is_of_plan(self) -> bool {
        matches!(
            self,
            Self::Planned | Self::LeftBehind | Self::Blocked | Self::Quarantined
        )
    }

    /// Returns whether it is a status of stored books.
    pub const fn is_of_books(self) -> bool {
        matches!(self, Self::Stale | Self::OldInputs)
    }
}
