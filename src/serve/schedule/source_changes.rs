//! Detects that the sources have changed and settled.

use crate::store::Revision;

/// The revisions of the sources that were seen and processed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SourceChanges {
    /// The revision that a run was last considered for.
    processed: Option<Revision>,
    /// The revision at the last observation.
    last_seen: Option<Revision>,
}

impl SourceChanges {
    /// Returns whether the sources changed since they were processed and stayed the same between
    /// two observations; they count as processed from then on. Without the second condition, a run
    /// started during the import of many files would have to plan again after each.
    pub(super) fn observe(&mut self, now: Revision) -> bool {
        let settled = self.last_seen == Some(now) && self.processed != Some(now);
        self.last_seen = Some(now);
        if settled {
            self.processed = Some(now);
        }
        settled
    }

    /// Marks the revision `now` as processed, since a run with it is about to start.
    pub(super) fn mark_processed(&mut self, now: Revision) {
        self.processed = Some(now);
        self.last_seen = Some(now);
    }
}
