//! Rows of outputs as they stand, to be written again by nothing but prepared statements: the floor
//! that SQLite and the disk set under everything that the writer of a run does. For measuring.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::rows::table_of;
use super::{books, exposures, positions, risk, statistics};
use crate::domain::{Cell, Day, Phase, PortfolioId};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// The rows of one phase on one day, none of them understood.
#[derive(Debug)]
pub struct RawRows {
    insert: &'static str,
    width: usize,
    /// By row, then column.
    values: Vec<Value>,
}

/// The statement that writes a row of a phase, its columns in the order of the table.
fn insert_of(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Prices => None,
        Phase::Securities => Some(statistics::INSERT),
        Phase::Snapshot => Some(books::INSERT),
        Phase::Positions => Some(positions::INSERT),
        Phase::Exposures => Some(exposures::INSERT),
        Phase::Risk => Some(risk::INSERT),
    }
}

impl RawRows {
    /// How many rows there are.
    pub fn count(&self) -> u64 {
        (self.values.len() / self.width.max(1)) as u64
    }

    /// How many bytes their values have: eight for each number, none for what is absent.
    pub fn bytes(&self) -> usize {
        let sizes = self.values.iter().map(|value| match value {
            Value::Null => 0,
            Value::Integer(_) | Value::Real(_) => 8,
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
        });
        sizes.sum()
    }
}

impl ReadTransaction<'_> {
    /// The rows of a phase on a day; nothing where the phase has no table.
    pub fn raw_rows(&self, day: Day, phase: Phase) -> Result<Option<RawRows>, StoreError> {
        let Some((table, insert)) = table_of(phase).zip(insert_of(phase)) else {
            return Ok(None);
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT * FROM {table} WHERE cell BETWEEN ?1 AND ?2"
        ))?;
        let width = statement.column_count();
        let key = |portfolio| Cell::new(day, PortfolioId(portfolio)).key();
        let mut rows = statement.query(params![key(0), key(u32::MAX)])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            for column in 0..width {
                values.push(row.get(column)?);
            }
        }
        Ok(Some(RawRows {
            insert,
            width,
            values,
        }))
    }
}

impl WriteTransaction<'_> {
    /// Writes rows as they stand into the table that they are from.
    pub fn write_raw_rows(&self, rows: &RawRows) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(rows.insert)?;
        for row in rows.values.chunks_exact(rows.width) {
            statement.execute(params_from_iter(row))?;
        }
        Ok(())
    }
}
