//! Stores transactions. The table of transactions is `entry`: `transaction` is an SQL
//! keyword.

use std::collections::BTreeSet;

use rusqlite::{Row, params};

use crate::domain::{
    CashTerms, Currency, Day, DayRange, IdSet, PortfolioId, SecurityId, Transaction,
};
use crate::store::error::StoreError;
use crate::store::select::{select, select_first};
use crate::store::transaction::subject;

const COLUMNS: &str = "portfolio, day, kind, security, quantity, price, amount, fee, reference, time, \
     counterpart, lots, currency, fee_currency, from_amount, from_currency";

fn row_to_entry(row: &Row<'_>) -> Result<Transaction, StoreError> {
    Ok(Transaction {
        portfolio: row.get(0)?,
        day: row.get(1)?,
        kind: row.get(2)?,
        security: row.get(3)?,
        quantity: row.get(4)?,
        price: row.get(5)?,
        amount: row.get(6)?,
        fee: row.get(7)?,
        reference: row.get(8)?,
        time: row.get(9)?,
        counterpart: row.get(10)?,
        lots: row.get(11)?,
        cash: CashTerms {
            currency: row.get(12)?,
            fee_currency: row.get(13)?,
            from_amount: row.get(14)?,
            from_currency: row.get(15)?,
        },
    })
}

subject!(entries: ReadEntries, WriteEntries, "the transactions of the portfolios");

impl ReadEntries<'_> {
    /// Returns the transactions of one portfolio, by day.
    ///
    /// # Errors
    ///
    /// The transactions cannot be read.
    pub fn of_portfolio(&self, portfolio: PortfolioId) -> Result<Vec<Transaction>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM entry WHERE portfolio = ?1 ORDER BY day");
        select(self.connection, &sql, [portfolio], row_to_entry)
    }

    /// Calls `each` with every transaction, by portfolio and then day.
    pub(crate) fn for_each(&self, mut each: impl FnMut(Transaction)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM entry ORDER BY portfolio, day"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row_to_entry(row)?);
        }
        Ok(())
    }

    /// Returns whether any transfer names its counterpart.
    pub(crate) fn has_counterparts(&self) -> Result<bool, StoreError> {
        // One seek in the index of counterparts.
        let mut statement = self
            .connection
            .prepare_cached("SELECT min(counterpart) FROM entry WHERE counterpart > ?1")?;
        let found: Option<u32> = statement.query_row([-1], |row| row.get(0))?;
        Ok(found.is_some())
    }

    /// Returns the portfolios with a transfer that names its counterpart.
    pub(crate) fn receivers_of_lots(&self) -> Result<IdSet, StoreError> {
        let sql = "SELECT portfolio FROM entry WHERE counterpart > ?1";
        let portfolios: Vec<u32> = select(self.connection, sql, [-1], |row| Ok(row.get(0)?))?;
        Ok(portfolios.into_iter().collect())
    }

    /// Returns the transactions that name a currency of their cash, by portfolio and then day.
    pub(crate) fn naming_currencies(&self) -> Result<Vec<Transaction>, StoreError> {
        // The condition is that of the index, which holds few rows or none.
        let sql = format!(
            "SELECT {COLUMNS} FROM entry
             WHERE currency IS NOT NULL OR fee_currency IS NOT NULL OR from_currency IS NOT NULL
             ORDER BY portfolio, day"
        );
        select(self.connection, &sql, [], row_to_entry)
    }

    /// Returns the transactions of one security, by portfolio and then day.
    pub(crate) fn of_security(&self, security: SecurityId) -> Result<Vec<Transaction>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM entry WHERE security = ?1 ORDER BY portfolio, day");
        select(self.connection, &sql, [security], row_to_entry)
    }

    /// Returns the days of the first and last transaction of a portfolio, if it has any.
    pub(crate) fn span(&self, portfolio: PortfolioId) -> Result<Option<DayRange>, StoreError> {
        // Two subqueries, each one seek in the index: `min` and `max` in one query read all
        // rows of the portfolio.
        let mut statement = self.connection.prepare_cached(
            "SELECT (SELECT min(day) FROM entry WHERE portfolio = ?1),
                    (SELECT max(day) FROM entry WHERE portfolio = ?1)",
        )?;
        let ends: (Option<Day>, Option<Day>) =
            statement.query_row([portfolio], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(match ends {
            (Some(first), Some(last)) => DayRange::new(first, last).ok(),
            _ => None,
        })
    }

    /// Returns the transaction with this reference, its id in the imported files.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn with_reference(&self, reference: &str) -> Result<Option<Transaction>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM entry WHERE reference = ?1");
        select_first(self.connection, &sql, [reference], row_to_entry)
    }

    /// Returns the ids of the securities that have any transaction.
    pub(crate) fn traded_securities(&self) -> Result<IdSet, StoreError> {
        // One seek for each security: `DISTINCT` reads the whole index.
        let mut statement = self
            .connection
            .prepare_cached("SELECT min(security) FROM entry WHERE security > ?1")?;
        let mut traded = IdSet::new();
        let mut after = -1;
        loop {
            let next: Option<u32> = statement.query_row([after], |row| row.get(0))?;
            let Some(id) = next else { return Ok(traded) };
            traded.insert(id);
            after = i64::from(id);
        }
    }

    /// Returns the first portfolio after `after`, by id, that has any transaction in a security.
    pub(crate) fn next_trading(
        &self,
        security: SecurityId,
        after: Option<PortfolioId>,
    ) -> Result<Option<PortfolioId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT min(portfolio) FROM entry WHERE security = ?1 AND portfolio > ?2",
        )?;
        let after = after.map_or(-1, |id| i64::from(id.0));
        Ok(statement.query_row(params![security, after], |row| row.get(0))?)
    }

    /// Returns the transactions of one portfolio in one security, by day.
    pub(crate) fn of_holding(
        &self,
        portfolio: PortfolioId,
        security: SecurityId,
    ) -> Result<Vec<Transaction>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entry WHERE security = ?1 AND portfolio = ?2 ORDER BY day"
        );
        select(
            self.connection,
            &sql,
            params![security, portfolio],
            row_to_entry,
        )
    }

    /// Returns the portfolios that have any transaction in a security.
    pub(crate) fn portfolios_trading(
        &self,
        security: SecurityId,
    ) -> Result<BTreeSet<PortfolioId>, StoreError> {
        let sql = "SELECT DISTINCT portfolio FROM entry WHERE security = ?1 ORDER BY portfolio";
        select(self.connection, sql, [security], |row| Ok(row.get(0)?))
    }

    /// Returns the portfolios that have any transaction in a security on the days of `range`.
    pub(crate) fn portfolios_trading_in(
        &self,
        security: SecurityId,
        range: DayRange,
    ) -> Result<IdSet, StoreError> {
        let sql = "SELECT DISTINCT portfolio FROM entry
                   WHERE security = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY portfolio";
        let values = params![security, range.first(), range.last()];
        select(
            self.connection,
            sql,
            values,
            |row| Ok(row.get::<_, u32>(0)?),
        )
    }

    /// Returns the currencies that transactions name for their cash.
    pub(crate) fn currencies_of_cash(&self) -> Result<BTreeSet<Currency>, StoreError> {
        // One seek for each currency, as in `traded_securities`.
        let next = [
            "SELECT min(currency) FROM entry WHERE currency > ?1",
            "SELECT min(fee_currency) FROM entry WHERE fee_currency > ?1",
            "SELECT min(from_currency) FROM entry WHERE from_currency > ?1",
        ];
        let mut named = BTreeSet::new();
        for sql in next {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut after = String::new();
            loop {
                let next: Option<Currency> = statement.query_row([&after], |row| row.get(0))?;
                let Some(currency) = next else { break };
                named.insert(currency);
                currency.code().clone_into(&mut after);
            }
        }
        Ok(named)
    }

    /// Returns the portfolios with a transaction on the days of `range` that names a currency for
    /// its cash.
    pub(crate) fn portfolios_naming(
        &self,
        currency: Currency,
        range: DayRange,
    ) -> Result<IdSet, StoreError> {
        let each = [
            "SELECT DISTINCT portfolio FROM entry
             WHERE currency = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY portfolio",
            "SELECT DISTINCT portfolio FROM entry
             WHERE fee_currency = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY portfolio",
            "SELECT DISTINCT portfolio FROM entry
             WHERE from_currency = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY portfolio",
        ];
        let mut named = IdSet::new();
        for sql in each {
            let values = params![currency, range.first(), range.last()];
            let found: IdSet =
                select(
                    self.connection,
                    sql,
                    values,
                    |row| Ok(row.get::<_, u32>(0)?),
                )?;
            named |= found;
        }
        Ok(named)
    }
}

impl WriteEntries<'_> {
    /// Inserts transactions, whose references must be new.
    pub(crate) fn add(&self, entries: &[Transaction]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO entry
                 (portfolio, day, kind, security, quantity, price, amount, fee, reference, time,
                  counterpart, lots, currency, fee_currency, from_amount, from_currency)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        for entry in entries {
            statement.execute(params![
                entry.portfolio,
                entry.day,
                entry.kind,
                entry.security,
                entry.quantity,
                entry.price,
                entry.amount,
                entry.fee,
                entry.reference,
                entry.time,
                entry.counterpart,
                entry.lots,
                entry.cash.currency,
                entry.cash.fee_currency,
                entry.cash.from_amount,
                entry.cash.from_currency
            ])?;
        }
        Ok(())
    }
}

impl WriteEntries<'_> {
    /// Replaces the transaction with the reference of `entry`.
    pub(crate) fn replace(&self, entry: &Transaction) -> Result<(), StoreError> {
        self.remove(&entry.reference)?;
        self.add(std::slice::from_ref(entry))
    }

    /// Removes the transaction with this reference.
    pub(crate) fn remove(&self, reference: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM entry WHERE reference = ?1")?
            .execute([reference])?;
        Ok(())
    }
}
