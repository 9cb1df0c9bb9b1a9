//! Finds the portfolios that are further behind than allowed.

use super::concern::Concern;
use super::fact::ConcernFact;
use crate::domain::{Cell, Day, IdSet};
use crate::plan::Watermarks;
use crate::query::next_command::NextCommand;

/// The portfolios that are further behind than allowed.
pub(in crate::query) struct Late {
    fact: ConcernFact,
    portfolios: IdSet,
    /// The first gap of the portfolio that is furthest behind.
    pub(in crate::query) worst_cell: Cell,
}

impl Late {
    /// Returns the late portfolios of a scope with `active` portfolios; `None` if there are none.
    pub(in crate::query) fn find(
        marks: &Watermarks,
        active: u64,
        max_lag: usize,
        target: Day,
    ) -> Option<Self> {
        let (mut portfolios, mut worst) = (IdSet::new(), None);
        for gap in marks.first_gaps() {
            let id = gap.cell.portfolio;
            let behind = marks.sessions_behind(id);
            if behind > max_lag {
                portfolios.insert(id.0);
                // The first one of those that are equally far behind, by day and id.
                if worst.is_none_or(|(most, _)| behind > most) {
                    worst = Some((behind, gap.cell));
                }
            }
        }
        let (worst, worst_cell) = worst?;
        Some(Self {
            fact: ConcernFact::Late {
                late: portfolios.len(),
                active,
                max_lag,
                worst,
                target,
            },
            portfolios,
            worst_cell,
        })
    }

    /// Returns the concern, with the command to run next.
    pub(in crate::query) fn into_concern(self, next: Option<NextCommand>) -> Concern {
        Concern {
            fact: self.fact,
            portfolios: self.portfolios,
            next,
        }
    }
}
