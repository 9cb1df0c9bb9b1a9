//! Stores the result of the last request to the command that fetches prices, and the closes that it
//! did not have.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::columns::Micros;
use super::error::StoreError;
use super::select::{select, select_first};
use super::transaction::subject;
use crate::domain::{Day, SecurityId};

/// The result of the last request for prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRequestRow {
    /// Time at which it ended.
    pub at: DateTime<Utc>,
    /// Number of requests in a row, up to this one, whose answer was absent or refused.
    pub setbacks: u32,
    /// The failure, if the command failed.
    pub failure: Option<PriceFailureRow>,
}

/// The failure of the command that fetches prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceFailureRow {
    /// Time of the first failure since the last answer.
    pub since: DateTime<Utc>,
    /// The reason of the last one, as a clause.
    pub reason: String,
}

/// A close for which the command had no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRefusalRow {
    /// The security that has no close.
    pub security: SecurityId,
    /// The day of the close.
    pub day: Day,
    /// The symbol under which it was requested.
    pub symbol: String,
    /// Time of the request.
    pub at: DateTime<Utc>,
    /// True if the request had an answer for no day of the symbol.
    pub is_silent: bool,
}

/// The columns of a request.
pub(super) const REQUEST: &str = "at, setbacks, failed_since, reason";

pub(super) fn row_to_request(row: &Row<'_>) -> Result<PriceRequestRow, StoreError> {
    let since: Option<Micros> = row.get(2)?;
    let reason: Option<String> = row.get(3)?;
    let failure = since.zip(reason);
    Ok(PriceRequestRow {
        at: row.get::<_, Micros>(0)?.0,
        setbacks: row.get(1)?,
        failure: failure.map(|(since, reason)| PriceFailureRow {
            since: since.0,
            reason,
        }),
    })
}

pub(super) fn row_to_refusal(row: &Row<'_>) -> Result<PriceRefusalRow, StoreError> {
    Ok(PriceRefusalRow {
        security: row.get(0)?,
        day: row.get(1)?,
        symbol: row.get(2)?,
        at: row.get::<_, Micros>(3)?.0,
        is_silent: row.get(4)?,
    })
}

subject!(price_requests: ReadPriceRequests, WritePriceRequests, "the requests for prices");

impl ReadPriceRequests<'_> {
    /// Returns the result of the last request, if there was one.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn last(&self) -> Result<Option<PriceRequestRow>, StoreError> {
        let sql = format!("SELECT {REQUEST} FROM price_request");
        select_first(self.connection, &sql, [], row_to_request)
    }

    /// Returns the closes for which the command had no answer, by security and day.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn refusals(&self) -> Result<Vec<PriceRefusalRow>, StoreError> {
        let sql = "SELECT security, day, symbol, at, is_silent FROM price_refusal
                   ORDER BY security, day";
        select(self.connection, sql, [], row_to_refusal)
    }
}

impl WritePriceRequests<'_> {
    /// Replaces the result of the last request.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn set(&self, row: &PriceRequestRow) -> Result<(), StoreError> {
        let failure = row.failure.as_ref();
        self.connection.execute(
            "INSERT OR REPLACE INTO price_request (only, at, setbacks, failed_since, reason)
             VALUES (1, ?1, ?2, ?3, ?4)",
            params![
                Micros(row.at),
                row.setbacks,
                failure.map(|failure| Micros(failure.since)),
                failure.map(|failure| &failure.reason)
            ],
        )?;
        Ok(())
    }

    /// Adds refusals, in place of those of the same closes, and forgets the ones from before `expired`.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn refuse(
        &self,
        refusals: &[PriceRefusalRow],
        expired: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "DELETE FROM price_refusal WHERE at <= ?1",
            params![Micros(expired)],
        )?;
        let mut statement = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO price_refusal (security, day, symbol, at, is_silent)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for row in refusals {
            let (security, day) = (row.security, row.day);
            statement.execute(params![
                security,
                day,
                row.symbol,
                Micros(row.at),
                row.is_silent
            ])?;
        }
        Ok(())
    }
}
