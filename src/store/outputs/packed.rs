//! Outputs as they will stand in their tables, blobs and all. They are packed on the threads that
//! compute, so that the one writer has nothing left to do but to bind and to insert.

use super::packing::{Blob, Packer};
use super::{exposures, positions, risk, statistics};
use crate::domain::output::{CellOutput, SecurityStatistics, Snapshot};
use crate::domain::{Cell, Day, IdSet, PhaseSet};

/// A row whose last column is a blob.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PackedRow<C> {
    pub(super) key: i64,
    pub(super) columns: C,
    pub(super) detail: Blob,
}

/// The outputs of some cells, packed.
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
    /// Packs what there is of some cells.
    pub fn pack(cells: Vec<CellOutput>) -> Self {
        let (mut all, mut packer) = (Self::default(), Packer::default());
        for output in cells {
            let (cell, phases) = (output.cell, output.phases());
            all.cells.push((cell, phases));
            all.books
                .extend(output.snapshot.map(|snapshot| (cell, snapshot)));
            if let Some(holdings) = output.positions {
                let row = positions::pack(cell, &holdings, &mut packer);
                all.positions.push(row);
            }
            if let Some(exposures) = output.exposures {
                all.exposures
                    .push(exposures::pack(cell, &exposures, &mut packer));
            }
            if let Some(figures) = output.risk {
                all.risk.push(risk::pack(cell, &figures, &mut packer));
            }
        }
        all.bytes = packer.into_bytes();
        all
    }

    /// Which cells there are, in the order given, and the phases of which there is output.
    pub fn cells(&self) -> &[(Cell, PhaseSet)] {
        &self.cells
    }

    pub(super) fn detail<C>(&self, row: &PackedRow<C>) -> &[u8] {
        &self.bytes[row.detail.clone()]
    }
}

/// The statistics of some securities on a day, packed.
#[derive(Debug, Clone)]
pub struct PackedStatistics {
    day: Day,
    securities: IdSet,
    pub(super) rows: Vec<PackedRow<statistics::Columns>>,
    bytes: Vec<u8>,
}

impl PackedStatistics {
    /// Packs statistics of a day.
    pub fn pack<'s>(day: Day, of: impl IntoIterator<Item = &'s SecurityStatistics>) -> Self {
        let mut packer = Packer::default();
        let (mut securities, mut rows) = (IdSet::new(), Vec::new());
        for one in of {
            securities.insert(one.security.0);
            rows.push(statistics::pack(day, one, &mut packer));
        }
        Self {
            day,
            securities,
            rows,
            bytes: packer.into_bytes(),
        }
    }

    /// Of which day.
    pub fn day(&self) -> Day {
        self.day
    }

    /// Of which securities.
    pub fn securities(&self) -> &IdSet {
        &self.securities
    }

    pub(super) fn detail(&self, row: &PackedRow<statistics::Columns>) -> &[u8] {
        &self.bytes[row.detail.clone()]
    }
}
