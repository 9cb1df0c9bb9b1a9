//! Computes cells and statistics anew from the sources, by the very code that a run uses, for a
//! proof that what is stored is what the sources give. Writes nothing.

use super::compute::{PhaseTimes, open_session};
use super::inputs::{self, CloseSelection, Inputs};
use super::{EngineError, Settings};
use crate::domain::output::{CellOutput, SecurityStatistics};
use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioId, SecurityId};
use crate::environment::Clock;
use crate::phases::statistics;
use crate::store::{ModelNumber, ReadTransaction, Revision};

/// The sources of some portfolios, and how far their books have been rolled.
pub(crate) struct Recomputation {
    inputs: Inputs,
    revision: Revision,
}

/// What the sources give for some cells of a session.
pub(crate) struct RecomputedCells {
    /// The outputs, in order of portfolio.
    pub(crate) cells: Vec<CellOutput>,
    /// The cells that the sources give no books for, and why, in words.
    pub(crate) missing: Vec<(Cell, String)>,
}

impl Recomputation {
    /// Reads the sources of `who`, up to and including `last`.
    pub(crate) fn load(
        reading: &ReadTransaction<'_>,
        settings: &Settings,
        who: &IdSet,
        last: Day,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            inputs: inputs::load(reading, settings, who, last, CloseSelection::All)?,
            revision: reading.revision()?,
        })
    }

    /// The risk model in force.
    pub(crate) fn model(&self) -> ModelNumber {
        self.inputs.model
    }

    /// The state of the sources that were read.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether `day` is a session of the calendar up to the last that was read.
    pub(crate) fn has_session(&self, day: Day) -> bool {
        self.inputs.market.session_index(day).is_some()
    }

    /// These cells of a session anew. `steps` are in order of portfolio and of portfolios that
    /// were read; the sessions asked for ascend.
    pub(crate) fn cells(
        &mut self,
        day: Day,
        steps: &[(PortfolioId, PhaseSet)],
        clock: &Clock,
    ) -> RecomputedCells {
        let known = IdSet::new();
        let mut times = PhaseTimes::default();
        let (opening, mut session) =
            open_session(&mut self.inputs, day, steps, &known, clock, &mut times);
        let failures = opening.failures.into_iter();
        let failed = failures.map(|one| (one.cell, one.reason));
        let blocked = opening.blocked.into_iter();
        let blocked = blocked.map(|one| {
            let cell = Cell::new(day, one.portfolio);
            (cell, "a rate of exchange is missing".to_owned())
        });
        RecomputedCells {
            cells: session.next_cells(usize::MAX, clock, &mut times),
            missing: failed.chain(blocked).collect(),
        }
    }

    /// The statistics of `securities` on a session anew, by id; those that nobody knows are left
    /// out.
    pub(crate) fn statistics(&self, day: Day, securities: &IdSet) -> Vec<SecurityStatistics> {
        let market = &self.inputs.market;
        let Some(session) = market.session_index(day) else {
            return Vec::new();
        };
        let securities = securities.iter().map(SecurityId);
        statistics(market, session, securities)
            .iter()
            .cloned()
            .collect()
    }
}
