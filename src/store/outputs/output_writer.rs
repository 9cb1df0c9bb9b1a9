//! Writes packed outputs: each table's statement is looked up once for all of them.

use rusqlite::CachedStatement;

use super::packed::{PackedCells, PackedStatistics};
use super::{books, exposures, positions, risk, statistics};
use crate::store::{ModelNumber, StoreError, WriteTransaction};

/// A way in for outputs that were made by one risk model. Rows that are there already are replaced.
pub(in crate::store) struct OutputWriter<'w> {
    model: ModelNumber,
    statistics: CachedStatement<'w>,
    books: CachedStatement<'w>,
    positions: CachedStatement<'w>,
    exposures: CachedStatement<'w>,
    risk: CachedStatement<'w>,
}

impl WriteTransaction<'_> {
    pub(in crate::store) fn output_writer(
        &self,
        model: ModelNumber,
    ) -> Result<OutputWriter<'_>, StoreError> {
        let prepare = |sql: &str| self.connection.prepare_cached(sql);
        Ok(OutputWriter {
            model,
            statistics: prepare(statistics::INSERT)?,
            books: prepare(books::INSERT)?,
            positions: prepare(positions::INSERT)?,
            exposures: prepare(exposures::INSERT)?,
            risk: prepare(risk::INSERT)?,
        })
    }
}

impl OutputWriter<'_> {
    /// Writes cells, table by table: each stays in the processor's caches while it grows.
    pub(in crate::store) fn write_cells(
        &mut self,
        portions: &[PackedCells],
    ) -> Result<(), StoreError> {
        for (cell, snapshot) in portions.iter().flat_map(|portion| &portion.books) {
            books::insert(&mut self.books, *cell, snapshot)?;
        }
        for portion in portions {
            for row in &portion.positions {
                positions::insert(&mut self.positions, row, portion.detail(row))?;
            }
        }
        for portion in portions {
            for row in &portion.exposures {
                exposures::insert(&mut self.exposures, row, portion.detail(row))?;
            }
        }
        for portion in portions {
            for row in &portion.risk {
                risk::insert(&mut self.risk, row, portion.detail(row), self.model)?;
            }
        }
        Ok(())
    }

    /// Writes the statistics of securities on a day.
    pub(in crate::store) fn write_statistics(
        &mut self,
        of: &PackedStatistics,
    ) -> Result<(), StoreError> {
        for row in &of.rows {
            statistics::insert(&mut self.statistics, row, of.detail(row), self.model)?;
        }
        Ok(())
    }
}
