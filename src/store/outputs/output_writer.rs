//! Writes packed outputs. The statement of each table is looked up once for all rows.

use rusqlite::CachedStatement;

use super::packed::{PackedCells, PackedStatistics};
use super::rows::WriteOutputs;
use super::{books, exposures, foreign_cash, positions, risk, statistics};
use crate::store::error::StoreError;
use crate::store::sources::ModelNumber;

/// Writes outputs computed with one risk model. Existing rows are replaced.
pub(in crate::store) struct OutputWriter<'w> {
    model: ModelNumber,
    statistics: CachedStatement<'w>,
    books: CachedStatement<'w>,
    delete_cash: CachedStatement<'w>,
    insert_cash: CachedStatement<'w>,
    /// Whether any cell has foreign cash. Most databases never have, and then no row is deleted.
    has_cash: bool,
    positions: CachedStatement<'w>,
    exposures: CachedStatement<'w>,
    risk: CachedStatement<'w>,
}

impl<'c> WriteOutputs<'c> {
    pub(in crate::store) fn statements(
        &self,
        model: ModelNumber,
    ) -> Result<OutputWriter<'c>, StoreError> {
        let prepare = |sql: &str| self.connection.prepare_cached(sql);
        Ok(OutputWriter {
            model,
            statistics: prepare(statistics::INSERT)?,
            books: prepare(books::INSERT)?,
            delete_cash: prepare(foreign_cash::DELETE)?,
            insert_cash: prepare(foreign_cash::INSERT)?,
            has_cash: self.has_foreign_cash()?,
            positions: prepare(positions::INSERT)?,
            exposures: prepare(exposures::INSERT)?,
            risk: prepare(risk::INSERT)?,
        })
    }
}

impl OutputWriter<'_> {
    /// Writes cells table by table. New rows mostly append to a table, so the end of the current
    /// table stays in the processor's caches.
    pub(in crate::store) fn write_cells(
        &mut self,
        chunks: &[PackedCells],
    ) -> Result<(), StoreError> {
        for (cell, snapshot) in chunks.iter().flat_map(|chunk| &chunk.books) {
            books::insert(&mut self.books, *cell, snapshot)?;
        }
        for (cell, snapshot) in chunks.iter().flat_map(|chunk| &chunk.books) {
            if self.has_cash {
                self.delete_cash.execute([cell.key()])?;
            }
            foreign_cash::insert(&mut self.insert_cash, *cell, &snapshot.foreign_cash)?;
        }
        for chunk in chunks {
            for row in &chunk.positions {
                positions::insert(&mut self.positions, row, chunk.detail(row))?;
            }
        }
        for chunk in chunks {
            for row in &chunk.exposures {
                exposures::insert(&mut self.exposures, row, chunk.detail(row))?;
            }
        }
        for chunk in chunks {
            for row in &chunk.risk {
                risk::insert(&mut self.risk, row, chunk.detail(row), self.model)?;
            }
        }
        Ok(())
    }

    /// Writes the statistics of the securities of one day.
    pub(in crate::store) fn write_statistics(
        &mut self,
        statistics: &PackedStatistics,
    ) -> Result<(), StoreError> {
        for row in &statistics.rows {
            statistics::insert(
                &mut self.statistics,
                row,
                statistics.detail(row),
                self.model,
            )?;
        }
        Ok(())
    }
}
