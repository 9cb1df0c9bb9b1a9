//! Defines the survey: the facts that planning looks at, as read in one transaction. It decides
//! nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{
    CellSelection, Coverage, Day, IdSet, InvalidationCause, LifecycleIndex, NewInvalidation,
    OpenInvalidation, PhaseCells, PhaseSet, PortfolioId, SecurityId,
};

/// The state of the database, as far as planning needs it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// The lifecycles of all portfolios.
    pub lifecycles: LifecycleIndex,
    /// Every session from the earliest inception of all portfolios, ascending. The last one is the
    /// latest of the last final session, the requested target and the end of the requested range.
    pub sessions: Vec<Day>,
    /// The content of the ledger. Planning looks at the four phases of a cell.
    pub coverage: Coverage,
    /// Ids with a snapshot row, valid or not, by day, for replayed policies. Empty if the policy
    /// does not look at rows.
    pub snapshots: BTreeMap<Day, IdSet>,
    /// The invalidations with cells that are still open, by ascending id.
    pub invalidations: Vec<OpenInvalidation>,
    /// The phases that failed too often, by session and portfolio.
    pub quarantined: BTreeMap<Day, Vec<(PortfolioId, PhaseSet)>>,
    /// The cells that lack an input, by session.
    pub blocked: BTreeMap<Day, Vec<BlockedCell>>,
    /// The unpriced sessions, on which every cell waits, or those of `unpriced_holders`.
    pub unpriced: BTreeMap<Day, UnpricedSession>,
    /// The portfolios whose cells wait on an unpriced session; all of them if the session is left
    /// out.
    pub unpriced_holders: BTreeMap<Day, IdSet>,
}

/// The counts of a session on which too many of the held securities have no close, or too many of
/// those of one calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnpricedSession {
    /// The names of the calendars whose securities have no closes, if only their holders wait;
    /// empty if every cell waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<String>,
    /// Securities of which a close is expected and that any active portfolio holds at its end.
    pub held: u32,
    /// Those of them without a close of the session.
    pub missing: u32,
}

impl UnpricedSession {
    /// Returns whether the securities of this calendar have no closes.
    pub fn is_of(&self, calendar: &str) -> bool {
        self.calendars.is_empty() || self.calendars.iter().any(|name| name == calendar)
    }
}

/// A cell that lacks an input.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockedCell {
    /// The portfolio of the cell.
    pub portfolio: PortfolioId,
    /// The input that it lacks.
    pub reason: BlockReason,
}

/// The input that a blocked cell lacks.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockReason {
    /// Too small a share of the holdings has a price of the day.
    MissingPrices {
        /// Share of the holdings not in `missing`, by value at the last known price; 0 to 1.
        covered_share: f64,
        /// The securities whose price is waited for, ascending.
        missing: Vec<SecurityId>,
    },
    /// There is no exchange rate between two currencies.
    MissingRate {
        /// Symbol of the pair, such as `EURUSD`.
        pair: String,
    },
}

impl Survey {
    /// Returns the survey as it would be after forcing a selection: its done cells are removed from
    /// coverage under an invalidation with the next free id. Cells that are not done have nothing
    /// to invalidate and stay unchanged.
    #[must_use]
    pub fn with_forced(&self, selection: &CellSelection<'_>) -> Self {
        let mut survey = self.clone();
        let mut cells = PhaseCells::new();
        for ((day, phase), ids) in self.lifecycles.selected_cells(selection, &self.sessions) {
            let Some(done) = self.coverage.get(day, phase) else {
                continue;
            };
            let forced = done & ids;
            if !forced.is_empty() {
                cells.insert((day, phase), forced);
            }
        }
        survey.invalidate(NewInvalidation {
            cause: InvalidationCause::Forced,
            reason: format!("forced for {}", selection.range),
            cells,
        });
        survey
    }

    /// Removes cells from coverage under an invalidation with the next free id.
    pub fn invalidate(&mut self, new: NewInvalidation) {
        // An invalidation without cells would not be stored either.
        if new.cells.is_empty() {
            return;
        }
        for ((day, phase), ids) in &new.cells {
            if let Some(done) = self.coverage.get(*day, *phase) {
                let rest = done - ids;
                self.coverage.set(*day, *phase, rest);
            }
        }
        let ids = self.invalidations.iter().map(|open| open.id);
        self.invalidations.push(OpenInvalidation {
            id: ids.max().unwrap_or(0) + 1,
            cause: new.cause,
            reason: new.reason,
            cells: new.cells,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DayRange, Lifecycle, Phase, Scope};

    #[test]
    fn forcing_removes_only_done_cells_in_scope() {
        let days: Vec<_> = (0..3).map(|n| Day::MIN.saturating_add(n)).collect();
        let mut survey = Survey {
            sessions: days.clone(),
            ..Survey::default()
        };
        for id in [1, 2, 3] {
            let lifecycle = Lifecycle::new(days[0]);
            survey.lifecycles.add(PortfolioId(id), &lifecycle);
        }
        for day in &days {
            survey.coverage.set(*day, Phase::Risk, IdSet::from([1, 2]));
            survey.coverage.set(*day, Phase::Snapshot, IdSet::from([2]));
        }
        let forced = survey.with_forced(&CellSelection {
            scope: &Scope::from_ids([PortfolioId(2), PortfolioId(3)]).unwrap(),
            phases: PhaseSet::from_phase(Phase::Risk),
            range: DayRange::new(days[1], days[2]).unwrap(),
        });

        let risk = |day| forced.coverage.get(day, Phase::Risk).cloned();
        assert_eq!(risk(days[0]), Some(IdSet::from([1, 2])));
        assert_eq!(risk(days[1]), Some(IdSet::from([1])));
        assert!(
            forced
                .coverage
                .contains(days[2], Phase::Snapshot, PortfolioId(2))
        );
        let invalidation = &forced.invalidations[0];
        assert_eq!(
            (invalidation.id, invalidation.cause),
            (1, InvalidationCause::Forced)
        );
        let keys: Vec<_> = invalidation.cells.keys().copied().collect();
        assert_eq!(keys, [(days[1], Phase::Risk), (days[2], Phase::Risk)]);
        assert!(
            invalidation
                .cells
                .values()
                .all(|ids| *ids == IdSet::from([2]))
        );
    }
}
