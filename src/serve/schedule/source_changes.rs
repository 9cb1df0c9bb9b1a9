//! Whether the sources have changed, and come to rest.

use crate::store::Revision;

/// What is known of the sources.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SourceChanges {
    /// The revision that was looked into last.
    processed: Option<Revision>,
    /// The revision at the last look.
    last_seen: Option<Revision>,
}

impl SourceChanges {
    /// Whether the sources changed since they were looked into, and did not change between two
    /// looks: while many files are taken in, one after the other, a run would have to plan anew
    /// again and again. They count as looked into from here on.
    pub(super) fn observe(&mut self, now: Revision) -> bool {
        let settled = self.last_seen == Some(now) && self.processed != Some(now);
        self.last_seen = Some(now);
        if settled {
            self.processed = Some(now);
        }
        settled
    }

    /// A run is about to be made with the sources as they are at `now`.
    pub(super) fn mark_processed(&mut self, now: Revision) {
        self.processed = Some(now);
        self.last_seen = Some(now);
    }
}
