//! A concern as a line of a page.

use super::labels;
use crate::query::Concern;
use crate::report;

/// A concern as a line of a page.
pub(super) struct ConcernLine {
    pub(super) tone: &'static str,
    pub(super) severity: &'static str,
    pub(super) text: String,
    /// The command to run next; empty if there is none.
    pub(super) command: String,
}

impl ConcernLine {
    pub(super) fn new(concern: &Concern) -> Self {
        let severity = concern.severity();
        Self {
            tone: labels::tone_class(severity),
            severity: severity.name(),
            text: report::concern_text(concern),
            command: (concern.next.as_ref())
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }
}
