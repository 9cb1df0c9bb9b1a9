//! Collects affected phases of cells, in the layout of the ledger.

use crate::domain::{Day, IdSet, Phase, PhaseCells, PhaseSet, PortfolioId};

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

    /// Returns the cells without those of some portfolios. Risk and statistics of securities stay.
    #[must_use]
    pub(super) fn without_books(mut self, portfolios: &IdSet) -> Self {
        for ((_, phase), ids) in &mut self.cells {
            if !matches!(phase, Phase::Securities | Phase::Risk) {
                *ids -= portfolios;
            }
        }
        self.cells.retain(|_, ids| !ids.is_empty());
        self
    }

    /// Returns the cells of some portfolios, without statistics of securities.
    #[must_use]
    pub(super) fn of_portfolios(&self, portfolios: &IdSet) -> Self {
        let mut cells = PhaseCells::new();
        for ((day, phase), ids) in &self.cells {
            let ids = ids & portfolios;
            if *phase != Phase::Securities && !ids.is_empty() {
                cells.insert((*day, *phase), ids);
            }
        }
        Self { cells }
    }

    /// Returns cells on `own` sessions, and the same cells on those of `all` sessions that lie
    /// between these and the `own` sessions around them.
    #[must_use]
    pub(super) fn between_sessions(self, own: &[Day], all: &[Day]) -> Self {
        let mut spread = Self::default();
        for ((day, phase), ids) in self.cells {
            let at = own.partition_point(|session| *session < day);
            let before = at.checked_sub(1).map_or(Day::MIN, |before| own[before]);
            let after = own.get(at + 1).copied().unwrap_or(Day::MAX);
            let start = all.partition_point(|session| *session <= before);
            let near = &all[start..all.partition_point(|session| *session < after)];
            for near in near {
                spread.add(*near, PhaseSet::from_phase(phase), &ids);
            }
        }
        spread
    }

    /// Returns the cells with all phases of each affected portfolio from its first affected session
    /// on. `sessions` ascend.
    #[must_use]
    pub(super) fn with_all_phases_from_first(mut self, sessions: &[Day]) -> Self {
        let mut seen = IdSet::new();
        for ((day, phase), ids) in self.cells.clone() {
            if phase != Phase::Securities {
                let later = &sessions[sessions.partition_point(|session| *session < day)..];
                self.add_days(later, PhaseSet::CELL_PHASES, &(&ids - &seen));
                seen |= ids;
            }
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

    /// Adds all phases of a portfolio on the session of `first` and the later ones. `sessions`
    /// ascend.
    pub(super) fn add_portfolio_from(
        &mut self,
        sessions: &[Day],
        first: Day,
        portfolio: PortfolioId,
    ) {
        let later = &sessions[sessions.partition_point(|session| *session < first)..];
        self.add_days(later, PhaseSet::CELL_PHASES, &IdSet::from([portfolio.0]));
    }

    /// Adds these phases of these ids on each of the sessions.
    pub(super) fn add_days(&mut self, days: &[Day], phases: PhaseSet, ids: &IdSet) {
        for day in days {
            self.add(*day, phases, ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalidation::sample::{day, sessions, table};

    #[test]
    fn a_day_without_a_session_counts_on_the_next() {
        let from = |first| {
            let mut affected = AffectedCells::default();
            affected.add_portfolio_from(&sessions(4), day(first), PortfolioId(3));
            affected
        };
        let three = vec![3];
        assert_eq!(
            table(&from(3), Phase::Risk, 4),
            [vec![], vec![], three.clone(), three]
        );
        assert_eq!(from(9), AffectedCells::default());
    }
}
