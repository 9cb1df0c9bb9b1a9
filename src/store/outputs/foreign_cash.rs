//! Stores the cash balances in foreign currencies, a part of the output of phase 3. Only cells of
//! portfolios that have used such cash have rows.

use rusqlite::{CachedStatement, Row, params};

use super::rows::ReadOutputs;
use crate::domain::output::ForeignCash;
use crate::domain::{Cell, PriceQuality};
use crate::store::error::StoreError;
use crate::store::select::select;

pub(super) const INSERT: &str =
    "INSERT INTO foreign_cash (cell, currency, balance, value, cost, quality, fx_gain, fx_realized)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub(super) const DELETE: &str = "DELETE FROM foreign_cash WHERE cell = ?1";

fn row_to_balance(row: &Row<'_>) -> Result<ForeignCash, StoreError> {
    let quality = PriceQuality::from_code(row.get(4)?)
        .ok_or_else(|| StoreError::damaged("a cash balance has an invalid price quality"))?;
    Ok(ForeignCash {
        currency: row.get(0)?,
        balance: row.get(1)?,
        value: row.get(2)?,
        cost: row.get(3)?,
        quality,
        fx_gain: row.get(5)?,
        fx_realized: row.get(6)?,
    })
}

impl ReadOutputs<'_> {
    /// Returns the foreign cash of a cell by currency, valid or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn foreign_cash(&self, cell: Cell) -> Result<Vec<ForeignCash>, StoreError> {
        let sql = "SELECT currency, balance, value, cost, quality, fx_gain, fx_realized
                   FROM foreign_cash WHERE cell = ?1 ORDER BY currency";
        select(self.connection, sql, [cell.key()], row_to_balance)
    }

    /// Returns whether any cell has foreign cash.
    pub(super) fn has_foreign_cash(&self) -> Result<bool, StoreError> {
        // `max` is one seek, where `EXISTS` counts as a scan.
        let mut statement = self
            .connection
            .prepare_cached("SELECT max(cell) FROM foreign_cash")?;
        let last: Option<i64> = statement.query_row([], |row| row.get(0))?;
        Ok(last.is_some())
    }
}

/// Inserts the balances of a cell, which must have none.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    cell: Cell,
    balances: &[ForeignCash],
) -> Result<(), StoreError> {
    for balance in balances {
        statement.execute(params![
            cell.key(),
            balance.currency,
            balance.balance,
            balance.value,
            balance.cost,
            balance.quality.code(),
            balance.fx_gain,
            balance.fx_realized,
        ])?;
    }
    Ok(())
}
