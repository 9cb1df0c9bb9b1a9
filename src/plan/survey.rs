//! The facts that planning looks at, as one read transaction saw them. A survey decides nothing.

use std::collections::BTreeMap;

use crate::domain::{
    Coverage, Day, DayRange, IdSet, Phase, PhaseSet, PortfolioId, Scope, SecurityId,
};

use super::LifecycleIndex;
use super::resolve_scope::scope_members;

/// What was true when the books were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// Who there is.
    pub lifecycles: LifecycleIndex,
    /// Every session from the earliest inception of anybody to the target, or to the end of the
    /// range asked for where that is later; ascending.
    pub sessions: Vec<Day>,
    /// What is proven done. Planning looks at the four phases of a cell.
    pub coverage: Coverage,
    /// The snapshot rows that exist, valid or not, by day: what a replayed policy looks at.
    /// Empty when the policy has no need of them.
    pub snapshots: BTreeMap<Day, IdSet>,
    /// The invalidations with cells that are still open, by ascending id.
    pub invalidations: Vec<OpenInvalidation>,
    /// The phases of cells that failed too often.
    pub quarantined: BTreeMap<Day, Vec<(PortfolioId, PhaseSet)>>,
    /// The cells whose inputs aren't there.
    pub blocked: BTreeMap<Day, Vec<BlockedCell>>,
}

/// Why cells that were done are to be done again, and which of them still are.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenInvalidation {
    /// Its id; a later invalidation has a higher one.
    pub id: i64,
    /// What kind of change it was.
    pub cause: InvalidationCause,
    /// The input that changed, in words for people.
    pub reason: String,
    /// What it took out of the ledger.
    pub cells: BTreeMap<(Day, Phase), IdSet>,
}

/// What took cells out of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InvalidationCause {
    /// A run was told to do them again, whatever the inputs say.
    Forced,
    /// A price came late or was corrected.
    Price,
    /// A transaction was back-dated, corrected or withdrawn.
    Transaction,
    /// A corporate action was recorded or corrected.
    Action,
    /// A security's sector, class, currency or multiplier, or a portfolio's currency changed.
    Attribute,
    /// The benchmark, the factors or the shocks changed.
    Model,
    /// The calendar changed.
    Calendar,
    /// A person said that they are wrong.
    Request,
}

impl InvalidationCause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Forced,
        Self::Price,
        Self::Transaction,
        Self::Action,
        Self::Attribute,
        Self::Model,
        Self::Calendar,
        Self::Request,
    ];

    /// The word that people see and that is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forced => "forced",
            Self::Price => "price",
            Self::Transaction => "transaction",
            Self::Action => "action",
            Self::Attribute => "attribute",
            Self::Model => "model",
            Self::Calendar => "calendar",
            Self::Request => "request",
        }
    }

    /// The cause with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// A cell that can't be filled yet.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockedCell {
    /// Whose cell.
    pub portfolio: PortfolioId,
    /// What it waits for.
    pub reason: BlockReason,
}

/// An input that isn't there yet.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockReason {
    /// Too little of the holdings has a price for the day.
    MissingPrices {
        /// Share of the holdings, by value at the last known price, that has one; 0 to 1.
        covered_share: f64,
        /// The securities that have none, ascending.
        missing: Vec<SecurityId>,
    },
    /// There is no rate between two currencies.
    MissingRate {
        /// The pair, such as `EURUSD`.
        pair: String,
    },
}

impl Survey {
    /// The survey that would be read, had the done cells of `scope` on the sessions of `range`
    /// been forced: their `phases` are taken out of coverage, under an invalidation of the next
    /// free id. What is not done is left as it is, since nothing of it can be invalidated.
    #[must_use]
    pub fn with_forced(&self, range: DayRange, scope: &Scope, phases: PhaseSet) -> Self {
        let mut survey = self.clone();
        let members = scope_members(scope, &self.lifecycles) & self.lifecycles.active();
        let mut lives = self.lifecycles.cursor(members);
        let mut cells = BTreeMap::new();
        for day in self.sessions.iter().copied().filter(|d| range.contains(*d)) {
            lives.advance(day);
            for phase in phases.intersection(PhaseSet::CELL_PHASES).iter() {
                let Some(done) = self.coverage.get(day, phase) else {
                    continue;
                };
                let taken = done & &lives.alive;
                if !taken.is_empty() {
                    survey.coverage.set(day, phase, done - &taken);
                    cells.insert((day, phase), taken);
                }
            }
        }
        if !cells.is_empty() {
            survey.invalidations.push(OpenInvalidation {
                id: self.invalidations.iter().map(|i| i.id).max().unwrap_or(0) + 1,
                cause: InvalidationCause::Forced,
                reason: format!("forced for {range}"),
                cells,
            });
        }
        survey
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lifecycle;

    #[test]
    fn forcing_removes_only_done_cells_in_scope() {
        let days: Vec<_> = (0..3).map(|n| Day::MIN.saturating_add(n)).collect();
        let mut survey = Survey {
            sessions: days.clone(),
            ..Survey::default()
        };
        for id in [1, 2, 3] {
            let life = Lifecycle::new(days[0]);
            survey.lifecycles.add(PortfolioId(id), &life);
        }
        for day in &days {
            survey.coverage.set(*day, Phase::Risk, IdSet::from([1, 2]));
            survey.coverage.set(*day, Phase::Snapshot, IdSet::from([2]));
        }
        let scope = Scope::from_ids([PortfolioId(2), PortfolioId(3)]).unwrap();
        let range = DayRange::new(days[1], days[2]).unwrap();
        let forced = survey.with_forced(range, &scope, PhaseSet::from_phase(Phase::Risk));

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
        let taken: Vec<_> = invalidation.cells.keys().copied().collect();
        assert_eq!(taken, [(days[1], Phase::Risk), (days[2], Phase::Risk)]);
        assert!(
            invalidation
                .cells
                .values()
                .all(|who| *who == IdSet::from([2]))
        );
    }

    #[test]
    fn cause_names_round_trip() {
        for cause in InvalidationCause::ALL {
            assert_eq!(InvalidationCause::from_name(cause.name()), Some(cause));
        }
    }
}
