//! Phase 2's rows: the statistics of a security on a session.

use rusqlite::{CachedStatement, Row, params};

use super::packing::{Packer, Unpacker};
use crate::domain::output::SecurityStatistics;
use crate::domain::{Cell, Day, PortfolioId, SecurityId};
use crate::store::{ModelNumber, Reading, StoreError};

pub(super) const INSERT: &str =
    "INSERT OR REPLACE INTO security_statistics (cell, model, session_return, volatility_21,
     volatility_63, volatility_252, beta, r_squared, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const SELECT: &str =
    "SELECT model, session_return, volatility_21, volatility_63, volatility_252, beta, r_squared,
     detail FROM security_statistics WHERE cell = ?1";

/// A security's row is keyed as a cell is.
fn key(day: Day, security: SecurityId) -> i64 {
    Cell::new(day, PortfolioId(security.0)).key()
}

fn pack(statistics: &SecurityStatistics, packer: &mut Packer) {
    packer.evidence(&statistics.session_return);
    for figure in &statistics.volatility {
        packer.evidence(figure);
    }
    packer.evidence(&statistics.beta);
    packer.evidence(&statistics.r_squared);
    packer.count(statistics.factor_betas.len() as u64);
    for beta in &statistics.factor_betas {
        packer.figure(beta);
    }
}

fn row_to_statistics(
    security: SecurityId,
    row: &Row<'_>,
) -> Result<(ModelNumber, SecurityStatistics), StoreError> {
    let mut unpacker = Unpacker::new(row.get_ref(7)?.as_blob().map_err(StoreError::damaged)?);
    let session_return = unpacker.evidence(row.get(1)?)?;
    let volatility = [
        unpacker.evidence(row.get(2)?)?,
        unpacker.evidence(row.get(3)?)?,
        unpacker.evidence(row.get(4)?)?,
    ];
    let beta = unpacker.evidence(row.get(5)?)?;
    let r_squared = unpacker.evidence(row.get(6)?)?;
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

impl Reading<'_> {
    /// The statistics of a security on a day, valid or not, and the model they were made by.
    pub fn security_statistics(
        &self,
        day: Day,
        security: SecurityId,
    ) -> Result<Option<(ModelNumber, SecurityStatistics)>, StoreError> {
        let mut statement = self.connection.prepare_cached(SELECT)?;
        let mut rows = statement.query([key(day, security)])?;
        rows.next()?
            .map(|row| row_to_statistics(security, row))
            .transpose()
    }
}

/// Writes the statistics of a security on a day.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    day: Day,
    statistics: &SecurityStatistics,
    model: ModelNumber,
    packer: &mut Packer,
) -> Result<(), StoreError> {
    packer.clear();
    pack(statistics, packer);
    statement.execute(params![
        key(day, statistics.security),
        model,
        statistics.session_return.value(),
        statistics.volatility[0].value(),
        statistics.volatility[1].value(),
        statistics.volatility[2].value(),
        statistics.beta.value(),
        statistics.r_squared.value(),
        packer.bytes()
    ])?;
    Ok(())
}
