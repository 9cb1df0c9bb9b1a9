//! Writes the outputs of many cells: each table's statement is looked up once, and what is packed
//! is packed in one place that keeps its memory.

use rusqlite::CachedStatement;

use super::packing::Packer;
use super::{books, positions, risk, statistics, weights};
use crate::domain::Day;
use crate::domain::output::{CellOutput, SecurityStatistics};
use crate::store::{ModelNumber, StoreError, Writing};

/// A way in for outputs that were made by one risk model. Rows that are there already are replaced.
pub(in crate::store) struct OutputWriter<'w> {
    model: ModelNumber,
    packer: Packer,
    statistics: CachedStatement<'w>,
    books: CachedStatement<'w>,
    positions: CachedStatement<'w>,
    weights: CachedStatement<'w>,
    risk: CachedStatement<'w>,
}

impl Writing<'_> {
    pub(in crate::store) fn outputs(
        &self,
        model: ModelNumber,
    ) -> Result<OutputWriter<'_>, StoreError> {
        let prepare = |sql: &str| self.connection.prepare_cached(sql);
        Ok(OutputWriter {
            model,
            packer: Packer::default(),
            statistics: prepare(statistics::INSERT)?,
            books: prepare(books::INSERT)?,
            positions: prepare(positions::INSERT)?,
            weights: prepare(weights::INSERT)?,
            risk: prepare(risk::INSERT)?,
        })
    }
}

impl OutputWriter<'_> {
    /// Writes what there is of some cells, table by table: each stays in the processor's caches
    /// while it grows.
    pub(in crate::store) fn write_cells(&mut self, cells: &[CellOutput]) -> Result<(), StoreError> {
        let packer = &mut self.packer;
        for output in cells {
            if let Some(snapshot) = &output.snapshot {
                books::insert(&mut self.books, output.cell, snapshot)?;
            }
        }
        for output in cells {
            if let Some(holdings) = &output.positions {
                positions::insert(&mut self.positions, output.cell, holdings, packer)?;
            }
        }
        for output in cells {
            if let Some(exposures) = &output.exposures {
                weights::insert(&mut self.weights, output.cell, exposures, packer)?;
            }
        }
        for output in cells {
            if let Some(figures) = &output.risk {
                risk::insert(&mut self.risk, output.cell, figures, self.model, packer)?;
            }
        }
        Ok(())
    }

    /// Writes the statistics of a security on a day.
    pub(in crate::store) fn write_statistics(
        &mut self,
        day: Day,
        of: &SecurityStatistics,
    ) -> Result<(), StoreError> {
        statistics::insert(&mut self.statistics, day, of, self.model, &mut self.packer)
    }
}
