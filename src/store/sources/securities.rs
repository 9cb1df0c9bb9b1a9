//! Stores securities, one row each.

use rusqlite::params;

use crate::domain::{NewSecurity, Security, SecurityId};
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

subject!(securities: ReadSecurities, WriteSecurities, "the securities");

impl ReadSecurities<'_> {
    /// Returns all securities, by id.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<Security>, StoreError> {
        let sql = "SELECT id, symbol, name, class, sector, currency, multiplier,
                    inactive_from, calendar
             FROM security ORDER BY id";
        select(self.connection, sql, [], |row| {
            Ok(Security {
                id: row.get(0)?,
                symbol: row.get(1)?,
                name: row.get(2)?,
                class: row.get(3)?,
                sector: row.get(4)?,
                currency: row.get(5)?,
                multiplier: row.get(6)?,
                inactive_from: row.get(7)?,
                calendar: row.get(8)?,
            })
        })
    }
}

impl WriteSecurities<'_> {
    /// Inserts a security and returns its id, the next one.
    pub(crate) fn add(&self, new: &NewSecurity) -> Result<SecurityId, StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO security (symbol, name, class, sector, currency, multiplier,
                                       inactive_from, calendar)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                new.symbol,
                new.name,
                new.class,
                new.sector,
                new.currency,
                new.multiplier,
                new.inactive_from,
                new.calendar
            ])?;
        // Ids are members of Roaring bitmaps, which hold 32 bits.
        let id = u32::try_from(self.connection.last_insert_rowid()).map_err(StoreError::damaged)?;
        Ok(SecurityId(id))
    }

    /// Replaces the attributes of a security, except its symbol.
    pub(crate) fn change(&self, security: &Security) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE security SET name = ?2, class = ?3, sector = ?4, currency = ?5,
                                     multiplier = ?6, inactive_from = ?7, calendar = ?8
                 WHERE id = ?1",
            )?
            .execute(params![
                security.id,
                security.name,
                security.class,
                security.sector,
                security.currency,
                security.multiplier,
                security.inactive_from,
                security.calendar
            ])?;
        Ok(())
    }
}
