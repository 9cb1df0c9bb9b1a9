//! Whether the sources have changed, and come to rest.

use crate::store::Revision;

/// What is known of the sources.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct News {
    /// The revision that was looked into last.
    known: Option<Revision>,
    /// The revision at the last look.
    seen: Option<Revision>,
}

impl News {
    /// Whether the sources changed since they were looked into, and did not change between two
    /// looks: while many files are taken in, one after the other, a run would have to plan anew
    /// again and again. They count as looked into from here on.
    pub(super) fn settles(&mut self, now: Revision) -> bool {
        let settled = self.seen == Some(now) && self.known != Some(now);
        self.seen = Some(now);
        if settled {
            self.known = Some(now);
        }
        settled
    }

    /// A run is about to be made with the sources as they are at `now`.
    pub(super) fn known(&mut self, now: Revision) {
        self.known = Some(now);
        self.seen = Some(now);
    }
}
