//! Finds the cells that a run has completed, from the ledger.
//!
//! The ledger does not say which run completed a cell, so those of steps inside the run are left out
//! by looking before and after each of them.

use std::collections::BTreeMap;

use crate::domain::{Coverage, Day, IdSet, Phase};

/// The cells that a run has completed, by session.
#[derive(Debug, Default)]
pub(super) struct CommittedCells {
    cells: BTreeMap<Day, IdSet>,
    /// The ledger from which the next cells are counted; none before the run has planned.
    since: Option<Coverage>,
}

impl CommittedCells {
    /// Counts from this ledger on.
    pub(super) fn start_at(&mut self, coverage: Coverage) {
        self.since = Some(coverage);
    }

    /// Adds the cells that became complete up to this ledger.
    pub(super) fn add_until(&mut self, coverage: &Coverage) {
        let Some(since) = &self.since else {
            return;
        };
        let days = coverage.iter().map(|(day, _, _)| day);
        for day in days.collect::<std::collections::BTreeSet<_>>() {
            let gained = complete_cells(coverage, day) - complete_cells(since, day);
            if !gained.is_empty() {
                *self.cells.entry(day).or_default() |= gained;
            }
        }
    }

    /// Returns the cells that the run completed up to this ledger, the one after the run.
    pub(super) fn until(mut self, coverage: &Coverage) -> BTreeMap<Day, IdSet> {
        self.add_until(coverage);
        self.cells
    }
}

/// Returns the portfolios with all phases of a session.
fn complete_cells(coverage: &Coverage, day: Day) -> IdSet {
    let phases = Phase::CELL_PHASES.into_iter();
    phases
        .map(|phase| coverage.get(day, phase).cloned().unwrap_or_default())
        .reduce(|cells, done| cells & done)
        .unwrap_or_default()
}
