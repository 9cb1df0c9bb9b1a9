//! Reads rows of outputs undecoded and writes them by prepared statements alone: the least time
//! that SQLite and the disk need for the writes of a run. For `plimsoll bench`.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::rows::table_of;
use super::rows::{ReadOutputs, WriteOutputs};
use super::{books, exposures, positions, risk, statistics};
use crate::domain::{Cell, Day, Phase, PortfolioId};
use crate::store::error::StoreError;

/// The undecoded rows of one phase on one day.
#[derive(Debug)]
pub struct RawRows {
    insert: &'static str,
    width: usize,
    /// Values row by row, each row in the order of the columns.
    values: Vec<Value>,
}

/// Returns the statement that inserts a row of a phase; its parameters have the order of the
/// columns.
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
    /// Returns the number of rows.
    pub fn count(&self) -> u64 {
        (self.values.len() / self.width.max(1)) as u64
    }

    /// Returns the size of the values in bytes: eight for each number, none for an absent value.
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

impl ReadOutputs<'_> {
    /// Returns the rows of a phase on a day; `None` for the phase `prices`, which has no table.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
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

impl WriteOutputs<'_> {
    /// Inserts rows into the table of their phase.
    pub(crate) fn write_raw_rows(&self, rows: &RawRows) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(rows.insert)?;
        for row in rows.values.chunks_exact(rows.width) {
            statement.execute(params_from_iter(row))?;
        }
        Ok(())
    }
}
