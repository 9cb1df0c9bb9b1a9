//! Limits of the configuration and facts from outside the database.

use std::path::PathBuf;

use crate::engine::PriceWait;

/// The limits up to which a state is no concern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConcernLimits {
    /// Number of sessions that a portfolio may be behind.
    pub max_lag: usize,
    /// Number of sessions that a price or exchange rate may be old.
    pub max_stale: usize,
}

impl Default for ConcernLimits {
    fn default() -> Self {
        Self {
            max_lag: 1,
            max_stale: usize::from(PriceWait::default().dead_after_sessions),
        }
    }
}

/// Limits and outside facts that concerns depend on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConcernInputs {
    /// The limits of the configuration, or those of the command.
    pub limits: ConcernLimits,
    /// The state of the inbox.
    pub inbox: InboxState,
}

/// The state of the inbox.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum InboxState {
    /// No inbox is configured.
    #[default]
    NotConfigured,
    /// The inbox was listed.
    Listed {
        /// The files that wait for an operator, by path.
        rejected: Vec<RejectedFileView>,
    },
    /// The inbox could not be listed.
    Unreadable {
        /// The folder that could not be listed.
        path: PathBuf,
        /// The error of the operating system.
        error: String,
    },
}

/// A file of the inbox that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedFileView {
    /// The path of the file.
    pub path: PathBuf,
    /// The path of the report beside it, if there is one.
    pub report: Option<PathBuf>,
}
