//! Stores the output of phase 6, `risk`: the main figures in columns; observations, factors and
//! shocks packed.

use rusqlite::{CachedStatement, Row, params};

use super::packing::{PackedRow, Packer, Unpacker};
use super::rows::ReadOutputs;
use crate::domain::output::{FactorExposure, Risk};
use crate::domain::{Cell, Day, Figure, IdSet, PortfolioId};
use crate::store::error::StoreError;
use crate::store::select::{select, select_first};
use crate::store::sources::ModelNumber;

/// No `INSERT OR REPLACE`: because the table has an index, that looks up each row before it writes
/// it, and took twice as long.
pub(super) const INSERT: &str =
    "INSERT INTO risk (cell, model, volatility_21, volatility_63, volatility_252, beta,
     r_squared, var_95, cvar_95, correlation, effective_number, covered, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
     ON CONFLICT (cell) DO UPDATE SET model = excluded.model,
     volatility_21 = excluded.volatility_21, volatility_63 = excluded.volatility_63,
     volatility_252 = excluded.volatility_252, beta = excluded.beta,
     r_squared = excluded.r_squared, var_95 = excluded.var_95, cvar_95 = excluded.cvar_95,
     correlation = excluded.correlation, effective_number = excluded.effective_number,
     covered = excluded.covered, detail = excluded.detail";

const SELECT: &str =
    "SELECT model, volatility_21, volatility_63, volatility_252, beta, r_squared, var_95, cvar_95,
     correlation, effective_number, covered, detail FROM risk WHERE cell = ?1";

/// Figures with a column of their own, in the order of the table.
pub(super) type Columns = [Option<f64>; 10];

/// Packs the risk figures of a cell into a row.
pub(super) fn pack(cell: Cell, risk: &Risk, packer: &mut Packer) -> PackedRow<Columns> {
    let [month, quarter, year] = &risk.volatility;
    let figures = [
        month,
        quarter,
        year,
        &risk.beta,
        &risk.r_squared,
        &risk.var_95,
        &risk.cvar_95,
        &risk.correlation,
        &risk.effective_number,
        &risk.covered_share,
    ];
    PackedRow {
        key: cell.key(),
        columns: figures.map(Figure::value),
        detail: packer.blob(|packer| {
            for figure in figures {
                packer.figure_without_value(figure);
            }
            pack_lists(risk, packer);
        }),
    }
}

fn pack_lists(risk: &Risk, packer: &mut Packer) {
    packer.count(risk.factors.len() as u64);
    for factor in &risk.factors {
        packer.figure(&factor.exposure);
        packer.float(factor.covered_share);
    }
    packer.count(risk.stress.len() as u64);
    for result in &risk.stress {
        packer.figure(result);
    }
}

fn row_to_risk(row: &Row<'_>) -> Result<(ModelNumber, Risk), StoreError> {
    let mut unpacker = Unpacker::new(row.get_ref(11)?.as_blob().map_err(StoreError::damaged)?);
    // Column 0 is the model; the figures follow in the order in which they were packed.
    let mut next = 1;
    let mut figure = |unpacker: &mut Unpacker<'_>| {
        let column = row.get(next)?;
        next += 1;
        unpacker.figure_without_value(column)
    };
    let mut risk = Risk {
        volatility: [
            figure(&mut unpacker)?,
            figure(&mut unpacker)?,
            figure(&mut unpacker)?,
        ],
        beta: figure(&mut unpacker)?,
        r_squared: figure(&mut unpacker)?,
        var_95: figure(&mut unpacker)?,
        cvar_95: figure(&mut unpacker)?,
        correlation: figure(&mut unpacker)?,
        effective_number: figure(&mut unpacker)?,
        covered_share: figure(&mut unpacker)?,
        factors: Vec::new(),
        stress: Vec::new(),
    };
    for _ in 0..unpacker.count()? {
        risk.factors.push(FactorExposure {
            exposure: unpacker.figure()?,
            covered_share: unpacker.finite()?,
        });
    }
    for _ in 0..unpacker.count()? {
        risk.stress.push(unpacker.figure()?);
    }
    unpacker.end()?;
    Ok((row.get(0)?, risk))
}

impl ReadOutputs<'_> {
    /// Returns the risk of a cell, valid or not, and the model it was computed with.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn risk(&self, cell: Cell) -> Result<Option<(ModelNumber, Risk)>, StoreError> {
        select_first(self.connection, SELECT, [cell.key()], row_to_risk)
    }

    /// Returns the portfolios with holdings and a positive NAV on a day whose risk has not one
    /// figure, valid or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn without_figures(&self, day: Day) -> Result<IdSet, StoreError> {
        // The conditions of the index `risk_without_figures`. Cells without holdings or NAV have no
        // covered share either.
        let sql = "SELECT cell FROM risk
             WHERE cell BETWEEN ?1 AND ?2 AND covered IS NOT NULL AND volatility_21 IS NULL
               AND volatility_63 IS NULL AND volatility_252 IS NULL AND beta IS NULL
               AND var_95 IS NULL AND correlation IS NULL
             ORDER BY cell";
        let ends = [PortfolioId(0), PortfolioId(u32::MAX)].map(|id| Cell::new(day, id).key());
        select(self.connection, sql, ends, |row| {
            let key: i64 = row.get(0)?;
            let cell = Cell::from_key(key);
            let cell = cell.ok_or_else(|| StoreError::damaged(format!("invalid cell key `{key}`")));
            Ok(cell?.portfolio.0)
        })
    }
}

/// Inserts or replaces the risk of a cell.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    row: &PackedRow<Columns>,
    detail: &[u8],
    model: ModelNumber,
) -> Result<(), StoreError> {
    let [month, quarter, year, beta, r_squared, var_95, cvar_95, ..] = row.columns;
    let [.., correlation, effective_number, covered] = row.columns;
    statement.execute(params![
        row.key,
        model,
        month,
        quarter,
        year,
        beta,
        r_squared,
        var_95,
        cvar_95,
        correlation,
        effective_number,
        covered,
        detail
    ])?;
    Ok(())
}
