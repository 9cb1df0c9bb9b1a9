//! Records completed work: for each phase and session, the set of ids that are done.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::day::Day;
use super::ids::PortfolioId;
use super::phase::Phase;

/// A set of dense ids: portfolios, or securities for the phase `securities`.
pub type IdSet = RoaringBitmap;

/// Ids by session and phase.
pub type PhaseCells = BTreeMap<(Day, Phase), IdSet>;

/// Returns the number of ids in all sets, such as that of cells by session.
pub fn count_ids<K>(sets: &BTreeMap<K, IdSet>) -> u64 {
    sets.values().map(IdSet::len).sum()
}

/// Returns the number of phases, summed over cells. Statistics of securities are not counted.
pub fn count_cell_phases(cells: &PhaseCells) -> u64 {
    cells
        .iter()
        .filter(|((_, phase), _)| Phase::CELL_PHASES.contains(phase))
        .map(|(_, portfolios)| portfolios.len())
        .sum()
}

/// The content of the ledger: for each phase and session the ids that are done and valid.
/// An absent id is not done. Empty sets are not kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coverage {
    days: PhaseCells,
}

impl Coverage {
    /// Creates a coverage in which nothing is done.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the ids that are done, or `None` if there are none.
    pub fn get(&self, day: Day, phase: Phase) -> Option<&IdSet> {
        self.days.get(&(day, phase))
    }

    /// Returns whether `phase` of `portfolio` is done on `day`.
    pub fn contains(&self, day: Day, phase: Phase, portfolio: PortfolioId) -> bool {
        self.get(day, phase)
            .is_some_and(|done| done.contains(portfolio.0))
    }

    /// Replaces the ids that are done. An empty set removes the entry.
    pub fn set(&mut self, day: Day, phase: Phase, ids: IdSet) {
        if ids.is_empty() {
            self.days.remove(&(day, phase));
        } else {
            self.days.insert((day, phase), ids);
        }
    }

    /// Marks one id as done.
    pub fn insert(&mut self, day: Day, phase: Phase, id: u32) {
        self.days.entry((day, phase)).or_default().insert(id);
    }

    /// Marks one id as not done.
    pub fn remove(&mut self, day: Day, phase: Phase, id: u32) {
        if let Some(ids) = self.days.get_mut(&(day, phase)) {
            ids.remove(id);
            if ids.is_empty() {
                self.days.remove(&(day, phase));
            }
        }
    }

    /// Returns all non-empty sets.
    pub fn into_cells(self) -> PhaseCells {
        self.days
    }

    /// Iterates over all non-empty sets, by day and then phase.
    pub fn iter(&self) -> impl Iterator<Item = (Day, Phase, &IdSet)> {
        self.days
            .iter()
            .map(|((day, phase), ids)| (*day, *phase, ids))
    }
}
