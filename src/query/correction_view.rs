//! A change of a source that the history keeps: what it was, and what it became.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::Attribution;

/// A correction or deletion of a close or a corporate action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CorrectionView {
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// The value before the change.
    pub was: String,
    /// The value after it; absent if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Name of the person who deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Reason of the deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl CorrectionView {
    pub(super) fn new(at: DateTime<Utc>, was: String, became: Result<String, Attribution>) -> Self {
        let (now, deletion) = match became {
            Ok(now) => (Some(now), None),
            Err(deletion) => (None, Some(deletion)),
        };
        let (by, reason) = deletion.map(|of| (of.by, of.reason)).unzip();
        Self {
            at,
            was,
            now,
            by,
            reason,
        }
    }
}
