//! Recomputes cells and statistics from the sources with the code of a run, to prove that the
//! stored outputs are those that the sources give. Writes nothing.

use super::compute::{PhaseTimes, open_session};
use super::error::EngineError;
use super::inputs::{self, CloseSelection, Inputs};
use super::settings::Settings;
use crate::domain::output::{CellOutput, SecurityStatistics};
use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioId, SecurityId};
use crate::environment::Clock;
use crate::phases::statistics;
use crate::store::{ModelNumber, ReadTransaction, Revision};

/// The loaded sources of some portfolios, with books that roll forward.
pub(crate) struct Recomputation {
    inputs: Inputs,
    revision: Revision,
}

/// The recomputed cells of a session.
pub(crate) struct RecomputedCells {
    /// The outputs, ascending by portfolio.
    pub(crate) cells: Vec<CellOutput>,
    /// The cells without books, each with its reason as text.
    pub(crate) missing: Vec<(Cell, String)>,
}

impl Recomputation {
    /// Reads the sources of the portfolios `ids`, up to and including `last`.
    pub(crate) fn load(
        reading: &ReadTransaction<'_>,
        settings: &Settings,
        ids: &IdSet,
        last: Day,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            // All closes: a proof must not depend on the selection that a run makes.
            inputs: inputs::load(reading, settings, ids, last, CloseSelection::All)?,
            revision: reading.revision()?,
        })
    }

    /// Returns the number of the risk model in force.
    pub(crate) fn model(&self) -> ModelNumber {
        self.inputs.model
    }

    /// Returns the revision of the sources that were read.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns whether `day` is a session, not later than the last day that was read.
    pub(crate) fn has_session(&self, day: Day) -> bool {
        self.inputs
            .markets
            .of_database()
            .session_index(day)
            .is_some()
    }

    /// Recomputes cells of a session that was read; sessions must ascend from call to call.
    /// `steps` must ascend by portfolio and name only portfolios that were read.
    pub(crate) fn cells(
        &mut self,
        day: Day,
        steps: &[(PortfolioId, PhaseSet)],
        clock: &Clock,
    ) -> RecomputedCells {
        // Filters only the statistics in `start`, which are not used here. Those that risk needs
        // are always computed.
        let known = IdSet::new();
        let markets = &self.inputs.markets;
        let (steps, outside): (Vec<_>, Vec<_>) = steps
            .iter()
            .partition(|(id, _)| markets.of(*id).session_index(day).is_some());
        let outside = outside.into_iter().map(|(id, _)| {
            let reason = "the day is not a session of the portfolio's calendar".to_owned();
            (Cell::new(day, id), reason)
        });
        let outside: Vec<_> = outside.collect();
        let mut times = PhaseTimes::default();
        let (start, mut session) =
            open_session(&mut self.inputs, day, &steps, &known, clock, &mut times);
        let failures = start.failures.into_iter();
        let failed = failures.map(|failure| (failure.cell, failure.reason));
        let blocked = start.blocked.into_iter();
        let blocked = blocked.map(|blocked| {
            let cell = Cell::new(day, blocked.portfolio);
            (cell, "an exchange rate is missing".to_owned())
        });
        RecomputedCells {
            cells: session.next_cells(usize::MAX, clock, &mut times),
            missing: failed.chain(blocked).chain(outside).collect(),
        }
    }

    /// Recomputes the statistics of `securities` on a session, ascending by id. Unknown ids are
    /// ignored.
    pub(crate) fn statistics(&self, day: Day, securities: &IdSet) -> Vec<SecurityStatistics> {
        let market = self.inputs.markets.of_database();
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
