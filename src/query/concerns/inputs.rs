//! Limits of the configuration and facts from outside the database.

use std::path::PathBuf;

use serde::Serialize;

use crate::engine::PriceWait;
use crate::store::HeldLog;

/// The limits up to which a state is no concern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConcernLimits {
    /// Number of sessions that a portfolio may be behind.
    pub max_lag: usize,
    /// Number of sessions that a price or exchange rate may be old.
    pub max_stale: usize,
    /// Number of days that the last verification may be old; any number if `None`.
    pub max_verify_age: Option<u32>,
}

impl Default for ConcernLimits {
    fn default() -> Self {
        Self {
            max_lag: 1,
            max_stale: usize::from(PriceWait::default().dead_after_sessions),
            max_verify_age: None,
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
    /// True if a command fetches prices; without one, its last failure is no concern.
    pub has_price_feed: bool,
    /// The write-ahead log, if another process keeps it from being emptied.
    pub held_log: Option<HeldLog>,
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
        /// The files that have waited for hours and are not imported, by path.
        waiting: Vec<WaitingFileView>,
    },
    /// The inbox could not be listed.
    Unreadable {
        /// The folder that could not be listed.
        path: PathBuf,
        /// The error of the operating system.
        error: String,
    },
}

/// A file of the inbox that has waited for hours and is not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WaitingFileView {
    /// The path of the file.
    pub path: PathBuf,
    /// The reason why it is not imported, such as "its last line has no end".
    pub reason: &'static str,
}

/// A file of the inbox that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedFileView {
    /// The path of the file.
    pub path: PathBuf,
    /// The path of the report beside it, if there is one.
    pub report: Option<PathBuf>,
}
