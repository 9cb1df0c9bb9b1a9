//! Stores the decisions to do without the closes of unpriced sessions.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use crate::domain::{AcceptedPrices, DayRange, PriceAcceptance};
use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

subject!(accepted_prices: ReadAcceptedPrices, WriteAcceptedPrices, "the accepted prices");

const COLUMNS: &str = "id, at, first, last, by, reason, revoked_at";

fn row_to_accepted(row: &Row<'_>) -> Result<AcceptedPrices, StoreError> {
    let revoked_at: Option<Micros> = row.get(6)?;
    Ok(AcceptedPrices {
        id: row.get(0)?,
        at: row.get::<_, Micros>(1)?.0,
        decision: PriceAcceptance {
            days: DayRange::new(row.get(2)?, row.get(3)?).map_err(StoreError::damaged)?,
            by: row.get(4)?,
            reason: row.get(5)?,
        },
        revoked_at: revoked_at.map(|at| at.0),
    })
}

impl ReadAcceptedPrices<'_> {
    /// Returns all decisions, also revoked ones, the oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<AcceptedPrices>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM accepted_prices ORDER BY id");
        select(self.connection, &sql, [], row_to_accepted)
    }

    /// Returns the decisions that are not revoked, the oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn in_force(&self) -> Result<Vec<AcceptedPrices>, StoreError> {
        let mut all = self.all()?;
        all.retain(|accepted| accepted.revoked_at.is_none());
        Ok(all)
    }
}

impl WriteAcceptedPrices<'_> {
    /// Inserts a decision, in force from then on, and returns its id.
    pub(crate) fn add(
        &self,
        decision: &PriceAcceptance,
        at: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let PriceAcceptance { days, by, reason } = decision;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO accepted_prices (at, first, last, by, reason)
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        )?;
        let values = params![Micros(at), days.first(), days.last(), by, reason];
        Ok(statement.query_row(values, |row| row.get(0))?)
    }

    /// Ends the decision with this id, if it is in force.
    pub(crate) fn revoke(&self, id: u32, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE accepted_prices SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            params![id, Micros(at)],
        )?;
        Ok(())
    }
}
