//! Stores portfolios, one row each. A change of a lifecycle must also change the lifecycle index,
//! in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, params};

use crate::domain::{
    Correction, CostBasis, Currency, IdSet, Lifecycle, NewPortfolio, Portfolio, PortfolioId,
    PortfolioKey,
};
use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::select::{select, select_first};
use crate::store::transaction::subject;

const COLUMNS: &str =
    "id, key, name, currency, inception, closed, deleted_at, cost_basis, fees, calendar";

fn row_to_portfolio(row: &Row<'_>) -> Result<Portfolio, StoreError> {
    let lifecycle = Lifecycle::new(row.get(4)?)
        .with_closing_day(row.get(5)?)
        .map_err(StoreError::damaged)?
        .with_deleted_at(row.get::<_, Option<Micros>>(6)?.map(|at| at.0));
    Ok(Portfolio {
        id: row.get(0)?,
        key: row.get(1)?,
        name: row.get(2)?,
        currency: row.get(3)?,
        cost_basis: CostBasis {
            method: row.get(7)?,
            fees: row.get(8)?,
        },
        calendar: row.get(9)?,
        lifecycle,
    })
}

subject!(portfolios: ReadPortfolios, WritePortfolios, "the portfolios");

impl ReadPortfolios<'_> {
    /// Returns all portfolios, deleted ones too, by id.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<Portfolio>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM portfolio ORDER BY id");
        select(self.connection, &sql, [], row_to_portfolio)
    }

    /// Returns the portfolio with this row id.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn get(&self, id: PortfolioId) -> Result<Option<Portfolio>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM portfolio WHERE id = ?1");
        select_first(self.connection, &sql, [id], row_to_portfolio)
    }

    /// Returns the portfolio with this public key.
    pub(crate) fn with_key(&self, key: PortfolioKey) -> Result<Option<Portfolio>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM portfolio WHERE key = ?1");
        select_first(self.connection, &sql, [key], row_to_portfolio)
    }

    /// Returns the portfolios with exactly this name; names need not be unique.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn named(&self, name: &str) -> Result<Vec<Portfolio>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM portfolio WHERE name = ?1 ORDER BY id");
        select(self.connection, &sql, [name], row_to_portfolio)
    }

    /// Returns the currencies of all portfolios.
    pub(crate) fn currencies(&self) -> Result<BTreeSet<Currency>, StoreError> {
        // `DISTINCT` would sort, or need an index that nothing else uses. Inserted one by one: a set
        // that is collected holds the rows of all portfolios first.
        let sql = "SELECT currency FROM portfolio";
        let mut currencies = BTreeSet::new();
        select::<_, ()>(self.connection, sql, [], |row| {
            currencies.insert(row.get(0)?);
            Ok(())
        })?;
        Ok(currencies)
    }

    /// Returns the portfolios that name a calendar, by its name.
    pub(super) fn by_calendar(&self) -> Result<BTreeMap<String, IdSet>, StoreError> {
        let sql =
            "SELECT calendar, id FROM portfolio WHERE calendar IS NOT NULL ORDER BY calendar, id";
        let mut portfolios: BTreeMap<String, IdSet> = BTreeMap::new();
        select::<_, ()>(self.connection, sql, [], |row| {
            portfolios
                .entry(row.get(0)?)
                .or_default()
                .insert(row.get(1)?);
            Ok(())
        })?;
        Ok(portfolios)
    }

    /// Returns the portfolios in a currency.
    pub(crate) fn in_currency(&self, currency: Currency) -> Result<IdSet, StoreError> {
        let sql = "SELECT id FROM portfolio WHERE currency = ?1 ORDER BY id";
        select(self.connection, sql, [currency], |row| {
            Ok(row.get::<_, u32>(0)?)
        })
    }
}

impl WritePortfolios<'_> {
    /// Inserts portfolios and returns their ids, which follow the highest one.
    ///
    /// # Errors
    ///
    /// A key exists, the ids are used up, or the database cannot be written.
    pub fn add(
        &self,
        new: impl IntoIterator<Item = NewPortfolio>,
    ) -> Result<Vec<PortfolioId>, StoreError> {
        let mut changes = Vec::new();
        for new in new {
            changes.push((self.insert(&new)?, None, new.lifecycle));
        }
        self.change_lifecycle_index(&changes)?;
        Ok(changes.into_iter().map(|(id, ..)| id).collect())
    }

    fn insert(&self, new: &NewPortfolio) -> Result<PortfolioId, StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO portfolio (key, name, currency, inception, closed, deleted_at, cost_basis, fees, calendar)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                new.key,
                new.name,
                new.currency,
                new.lifecycle.inception(),
                new.lifecycle.closing_day(),
                new.lifecycle.deleted_at().map(Micros),
                new.cost_basis.method,
                new.cost_basis.fees,
                new.calendar
            ])?;
        // Ids are members of Roaring bitmaps, which hold 32 bits.
        let id = u32::try_from(self.connection.last_insert_rowid()).map_err(StoreError::damaged)?;
        Ok(PortfolioId(id))
    }

    /// Replaces names, currencies, cost bases, calendars and lifecycles of portfolios.
    ///
    /// # Errors
    ///
    /// A portfolio does not exist, or the database cannot be written.
    pub fn correct(&self, corrections: &[Correction<Portfolio>]) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        for Correction { was, now } in corrections {
            self.update(now)?;
            if was.lifecycle != now.lifecycle {
                changes.push((now.id, Some(was.lifecycle), now.lifecycle));
            }
        }
        self.change_lifecycle_index(&changes)
    }

    fn update(&self, portfolio: &Portfolio) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE portfolio SET name = ?2, currency = ?3, inception = ?4, closed = ?5, deleted_at = ?6,
                        cost_basis = ?7, fees = ?8, calendar = ?9
                 WHERE id = ?1",
            )?
            .execute(params![
                portfolio.id,
                portfolio.name,
                portfolio.currency,
                portfolio.lifecycle.inception(),
                portfolio.lifecycle.closing_day(),
                portfolio.lifecycle.deleted_at().map(Micros),
                portfolio.cost_basis.method,
                portfolio.cost_basis.fees,
                portfolio.calendar
            ])?;
        if changed == 1 {
            Ok(())
        } else {
            Err(StoreError::UnknownPortfolio(portfolio.key))
        }
    }
}
