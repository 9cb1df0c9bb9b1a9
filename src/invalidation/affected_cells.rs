//! Collects affected phases of cells, in the layout of the ledger.

use crate::domain::{Day, IdSet, PhaseCells, PhaseSet};

/// The ids that a change affects, by session and phase: portfolios, or securities for the phase
/// `securities`. Ids that are not done may be included; removing them changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AffectedCells {
    cells: PhaseCells,
}

impl AffectedCells {
    /// Returns the ids by session and phase; no set is empty.
    pub(super) fn into_cells(self) -> PhaseCells {
        self.cells
    }

    /// Returns the cells that either change affects.
    #[must_use]
    pub(super) fn union(mut self, other: Self) -> Self {
        for (key, ids) in other.cells {
            *self.cells.entry(key).or_default() |= ids;
        }
        self
    }

    /// Adds these phases of these ids on a session.
    pub(super) fn add(&mut self, day: Day, phases: PhaseSet, ids: &IdSet) {
        // `into_cells` promises that no set is empty.
        if ids.is_empty() {
            return;
        }
        for phase in phases.iter() {
            *self.cells.entry((day, phase)).or_default() |= ids;
        }
    }

    /// Adds these phases of these ids on each of the sessions.
    pub(super) fn add_days(&mut self, days: &[Day], phases: PhaseSet, ids: &IdSet) {
        for day in days {
            self.add(*day, phases, ids);
        }
    }
}
