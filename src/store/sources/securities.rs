//! Stores securities, one row each.

use std::collections::BTreeMap;

use rusqlite::params;

use crate::domain::{
    DatedAttributes, FormerAttributes, FormerSymbol, NewSecurity, Security, SecurityId,
};
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
        let mut symbols = self.former_symbols()?;
        let mut attributes = self.former_attributes()?;
        select(self.connection, sql, [], |row| {
            let id = row.get(0)?;
            Ok(Security {
                id,
                symbol: row.get(1)?,
                former_symbols: symbols.remove(&id).unwrap_or_default(),
                name: row.get(2)?,
                class: row.get(3)?,
                sector: row.get(4)?,
                currency: row.get(5)?,
                multiplier: row.get(6)?,
                former_attributes: attributes.remove(&id).unwrap_or_default(),
                inactive_from: row.get(7)?,
                calendar: row.get(8)?,
            })
        })
    }

    fn former_symbols(&self) -> Result<BTreeMap<SecurityId, Vec<FormerSymbol>>, StoreError> {
        let sql = "SELECT security, day, symbol FROM former_symbol ORDER BY security, day";
        let mut former: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let rows: Vec<(SecurityId, FormerSymbol)> = select(self.connection, sql, [], |row| {
            let (until, symbol) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, FormerSymbol { until, symbol }))
        })?;
        for (security, symbol) in rows {
            former.entry(security).or_default().push(symbol);
        }
        Ok(former)
    }

    fn former_attributes(&self) -> Result<BTreeMap<SecurityId, Vec<FormerAttributes>>, StoreError> {
        let sql = "SELECT security, day, class, sector, multiplier
             FROM former_attributes ORDER BY security, day";
        let mut former: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let rows: Vec<(SecurityId, FormerAttributes)> = select(self.connection, sql, [], |row| {
            let attributes = DatedAttributes {
                class: row.get(2)?,
                sector: row.get(3)?,
                multiplier: row.get(4)?,
            };
            let until = row.get(1)?;
            Ok((row.get(0)?, FormerAttributes { until, attributes }))
        })?;
        for (security, attributes) in rows {
            former.entry(security).or_default().push(attributes);
        }
        Ok(former)
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
        self.add_former_attributes(SecurityId(id), &new.former_attributes)?;
        Ok(SecurityId(id))
    }

    /// Replaces the current and former symbols of these securities. Symbols that are unique
    /// afterwards may pass from one to another.
    pub(crate) fn set_symbols(&self, securities: &[&Security]) -> Result<(), StoreError> {
        let mut rename = self
            .connection
            .prepare_cached("UPDATE security SET symbol = ?2 WHERE id = ?1")?;
        // A blank before the id: no symbol of a file begins with one.
        for security in securities {
            rename.execute(params![security.id, format!(" {}", security.id.0)])?;
        }
        let mut forget = self
            .connection
            .prepare_cached("DELETE FROM former_symbol WHERE security = ?1")?;
        let mut add = self.connection.prepare_cached(
            "INSERT INTO former_symbol (security, day, symbol) VALUES (?1, ?2, ?3)",
        )?;
        for security in securities {
            rename.execute(params![security.id, security.symbol])?;
            forget.execute([security.id])?;
            for former in &security.former_symbols {
                add.execute(params![security.id, former.until, former.symbol])?;
            }
        }
        Ok(())
    }

    /// Replaces the attributes of a security, except its symbols.
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
        self.connection
            .prepare_cached("DELETE FROM former_attributes WHERE security = ?1")?
            .execute([security.id])?;
        self.add_former_attributes(security.id, &security.former_attributes)
    }

    fn add_former_attributes(
        &self,
        security: SecurityId,
        former: &[FormerAttributes],
    ) -> Result<(), StoreError> {
        let mut add = self.connection.prepare_cached(
            "INSERT INTO former_attributes (security, day, class, sector, multiplier)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for FormerAttributes { until, attributes } in former {
            add.execute(params![
                security,
                until,
                attributes.class,
                attributes.sector,
                attributes.multiplier
            ])?;
        }
        Ok(())
    }
}
