//! Stores the output of phase 2, `securities`: the statistics of a security on a session.

use rusqlite::{CachedStatement, Row, params};

use super::packing::{PackedRow, Packer, Unpacker};
use super::rows::ReadOutputs;
use crate::domain::output::SecurityStatistics;
use crate::domain::{Cell, Day, Figure, PortfolioId, SecurityId};
use crate::store::error::StoreError;
use crate::store::select::select_first;
use crate::store::sources::ModelNumber;

pub(super) const INSERT: &str =
    "INSERT OR REPLACE INTO security_statistics (cell, model, session_return, volatility_21,
     volatility_63, volatility_252, beta, r_squared, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const SELECT: &str =
    "SELECT model, session_return, volatility_21, volatility_63, volatility_252, beta, r_squared,
     detail FROM security_statistics WHERE cell = ?1";

/// Returns the key of a security's row: that of a cell, with the security's id for the portfolio's.
fn key(day: Day, security: SecurityId) -> i64 {
    Cell::new(day, PortfolioId(security.0)).key()
}

/// Figures with a column of their own, in the order of the table.
pub(super) type Columns = [Option<f64>; 6];

/// Packs the statistics of a security on a day into a row.
pub(super) fn pack(
    day: Day,
    statistics: &SecurityStatistics,
    packer: &mut Packer,
) -> PackedRow<Columns> {
    let [month, quarter, year] = &statistics.volatility;
    let figures = [
        &statistics.session_return,
        month,
        quarter,
        year,
        &statistics.beta,
        &statistics.r_squared,
    ];
    PackedRow {
        key: key(day, statistics.security),
        columns: figures.map(Figure::value),
        detail: packer.blob(|packer| {
            for figure in figures {
                packer.figure_without_value(figure);
            }
            packer.count(statistics.factor_betas.len() as u64);
            for beta in &statistics.factor_betas {
                packer.figure(beta);
            }
        }),
    }
}

fn row_to_statistics(
    security: SecurityId,
    row: &Row<'_>,
) -> Result<(ModelNumber, SecurityStatistics), StoreError> {
    let mut unpacker = Unpacker::new(row.get_ref(7)?.as_blob().map_err(StoreError::damaged)?);
    let session_return = unpacker.figure_without_value(row.get(1)?)?;
    let volatility = [
        unpacker.figure_without_value(row.get(2)?)?,
        unpacker.figure_without_value(row.get(3)?)?,
        unpacker.figure_without_value(row.get(4)?)?,
    ];
    let beta = unpacker.figure_without_value(row.get(5)?)?;
    let r_squared = unpacker.figure_without_value(row.get(6)?)?;
    let mut factor_betas = Vec::new();
    for _ in 0..unpacker.count()? {
        factor_betas.push(unpacker.figure()?);
    }
    unpacker.end()?;
    let statistics = SecurityStatistics {
        security,
        session_return,
        volatility,
        beta,
        r_squared,
        factor_betas,
    };
    Ok((row.get(0)?, statistics))
}

impl ReadOutputs<'_> {
    /// Returns the statistics of a security on a day, valid or not, and the model they were
    /// computed with.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn security_statistics(
        &self,
        day: Day,
        security: SecurityId,
    ) -> Result<Option<(ModelNumber, SecurityStatistics)>, StoreError> {
        select_first(self.connection, SELECT, [key(day, security)], |row| {
            row_to_statistics(security, row)
        })
    }
}

/// Inserts or replaces the statistics of a security on a day.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    row: &PackedRow<Columns>,
    detail: &[u8],
    model: ModelNumber,
) -> Result<(), StoreError> {
    let [session_return, month, quarter, year, beta, r_squared] = row.columns;
    statement.execute(params![
        row.key,
        model,
        session_return,
        month,
        quarter,
        year,
        beta,
        r_squared,
        detail
    ])?;
    Ok(())
}
