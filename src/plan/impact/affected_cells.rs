//! A set of phases of cells, as the ledger keeps them.

use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, Phase, PhaseSet};

/// What a change touches: for each session and phase the subjects, portfolios or (for phase
/// `securities`) securities. What is not done is in it too; taking it out changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AffectedCells {
    cells: BTreeMap<(Day, Phase), IdSet>,
}

impl AffectedCells {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is touched.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The subjects by session and phase; no set is empty.
    pub fn into_cells(self) -> BTreeMap<(Day, Phase), IdSet> {
        self.cells
    }

    /// What either touches.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        for (at, subjects) in other.cells {
            *self.cells.entry(at).or_default() |= subjects;
        }
        self
    }

    /// Adds these phases of these subjects on a session.
    pub(super) fn add(&mut self, day: Day, phases: PhaseSet, subjects: &IdSet) {
        if subjects.is_empty() {
            return;
        }
        for phase in phases.iter() {
            *self.cells.entry((day, phase)).or_default() |= subjects;
        }
    }

    /// Adds these phases of these subjects on each of some sessions.
    pub(super) fn add_days(&mut self, days: &[Day], phases: PhaseSet, subjects: &IdSet) {
        for day in days {
            self.add(*day, phases, subjects);
        }
    }
}
