//! Outputs in the form of table rows. They are packed on the threads that compute, so the one
//! writer, which limits a catch-up, only binds and inserts.

use super::packing::{PackedRow, Packer};
use super::{exposures, positions, risk, statistics};
use crate::domain::output::{CellOutput, SecurityStatistics, Snapshot};
use crate::domain::{Cell, Day, IdSet, PhaseSet};

/// The packed outputs of some cells.
#[derive(Debug, Clone, Default)]
pub struct PackedCells {
    cells: Vec<(Cell, PhaseSet)>,
    pub(super) books: Vec<(Cell, Snapshot)>,
    pub(super) positions: Vec<PackedRow<positions::Columns>>,
    pub(super) exposures: Vec<PackedRow<exposures::Columns>>,
    pub(super) risk: Vec<PackedRow<risk::Columns>>,
    bytes: Vec<u8>,
}

impl PackedCells {
    /// Packs the outputs of some cells; each cell may have only some of the phases.
    pub fn pack(cells: Vec<CellOutput>) -> Self {
        let (mut packed, mut packer) = (Self::default(), Packer::default());
        for output in cells {
            let (cell, phases) = (output.cell, output.phases());
            packed.cells.push((cell, phases));
            packed
                .books
                .extend(output.snapshot.map(|snapshot| (cell, snapshot)));
            if let Some(holdings) = output.positions {
                let row = positions::pack(cell, &holdings, &mut packer);
                packed.positions.push(row);
            }
            if let Some(exposures) = output.exposures {
                packed
                    .exposures
                    .push(exposures::pack(cell, &exposures, &mut packer));
            }
            if let Some(figures) = output.risk {
                packed.risk.push(risk::pack(cell, &figures, &mut packer));
            }
        }
        packed.bytes = packer.into_bytes();
        packed
    }

    /// Returns the cells in the order given, each with the phases that have output.
    pub fn cells(&self) -> &[(Cell, PhaseSet)] {
        &self.cells
    }

    pub(super) fn detail<C>(&self, row: &PackedRow<C>) -> &[u8] {
        &self.bytes[row.detail.clone()]
    }
}

/// The packed statistics of some securities on one day.
#[derive(Debug, Clone)]
pub struct PackedStatistics {
    day: Day,
    securities: IdSet,
    pub(super) rows: Vec<PackedRow<statistics::Columns>>,
    bytes: Vec<u8>,
}

impl PackedStatistics {
    /// Packs the statistics of one day.
    pub fn pack<'s>(
        day: Day,
        statistics_of_day: impl IntoIterator<Item = &'s SecurityStatistics>,
    ) -> Self {
        let mut packer = Packer::default();
        let (mut securities, mut rows) = (IdSet::new(), Vec::new());
        for output in statistics_of_day {
            securities.insert(output.security.0);
            rows.push(statistics::pack(day, output, &mut packer));
        }
        Self {
            day,
            securities,
            rows,
            bytes: packer.into_bytes(),
        }
    }

    /// Returns the day of all rows.
    pub fn day(&self) -> Day {
        self.day
    }

    /// Returns the ids of the securities.
    pub fn securities(&self) -> &IdSet {
        &self.securities
    }

    pub(super) fn detail(&self, row: &PackedRow<statistics::Columns>) -> &[u8] {
        &self.bytes[row.detail.clone()]
    }
}
