//! Stores what transactions were before they were corrected or voided.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Attribution, CashTerms, Day, PortfolioId, SecurityId, Transaction, TransactionChange,
};
use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::select::{select, select_first};
use crate::store::transaction::subject;

subject!(transaction_changes: ReadTransactionChanges, WriteTransactionChanges, "the history of transactions");

const COLUMNS: &str = "reference, kind, at, by, reason, was";

/// A transaction as JSON. Amounts are texts, so that no digit is lost.
#[derive(Serialize, Deserialize)]
struct StoredTransaction {
    portfolio: u32,
    day: i32,
    time: Option<String>,
    kind: String,
    security: Option<u32>,
    quantity: String,
    price: Option<String>,
    amount: Option<String>,
    fee: String,
    #[serde(default)]
    counterpart: Option<u32>,
    #[serde(default)]
    lots: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fee_currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_currency: Option<String>,
}

impl From<&Transaction> for StoredTransaction {
    fn from(transaction: &Transaction) -> Self {
        let cash = &transaction.cash;
        Self {
            portfolio: transaction.portfolio.0,
            day: transaction.day.number(),
            time: transaction.time.map(|time| time.to_string()),
            kind: transaction.kind.to_string(),
            security: transaction.security.map(|security| security.0),
            quantity: transaction.quantity.to_string(),
            price: transaction.price.map(|price| price.to_string()),
            amount: transaction.amount.map(|amount| amount.to_string()),
            fee: transaction.fee.to_string(),
            counterpart: transaction.counterpart.map(|counterpart| counterpart.0),
            lots: transaction.lots.as_ref().map(ToString::to_string),
            currency: cash.currency.map(|currency| currency.to_string()),
            fee_currency: cash.fee_currency.map(|currency| currency.to_string()),
            from_amount: cash.from_amount.map(|amount| amount.to_string()),
            from_currency: cash.from_currency.map(|currency| currency.to_string()),
        }
    }
}

impl StoredTransaction {
    fn read(self, reference: &str) -> Result<Transaction, StoreError> {
        Ok(Transaction {
            portfolio: PortfolioId(self.portfolio),
            day: Day::from_number(self.day)
                .ok_or_else(|| StoreError::damaged(format!("day {}", self.day)))?,
            time: optional(self.time)?,
            kind: parsed(&self.kind)?,
            security: self.security.map(SecurityId),
            quantity: parsed(&self.quantity)?,
            price: optional(self.price)?,
            amount: optional(self.amount)?,
            fee: parsed(&self.fee)?,
            counterpart: self.counterpart.map(PortfolioId),
            lots: optional(self.lots)?,
            cash: CashTerms {
                currency: optional(self.currency)?,
                fee_currency: optional(self.fee_currency)?,
                from_amount: optional(self.from_amount)?,
                from_currency: optional(self.from_currency)?,
            },
            reference: reference.to_owned(),
        })
    }
}

fn parsed<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(StoreError::damaged)
}

fn optional<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: Option<String>,
) -> Result<Option<T>, StoreError> {
    text.as_deref().map(parsed).transpose()
}

fn row_to_change(row: &Row<'_>) -> Result<TransactionChange, StoreError> {
    let reference: String = row.get(0)?;
    let was: Option<String> = row.get(5)?;
    let was = was.map(|text| {
        let stored: StoredTransaction = serde_json::from_str(&text).map_err(StoreError::damaged)?;
        stored.read(&reference)
    });
    Ok(TransactionChange {
        kind: row.get(1)?,
        at: row.get::<_, Micros>(2)?.0,
        attribution: Attribution {
            by: row.get(3)?,
            reason: row.get(4)?,
        },
        was: was.transpose()?,
        reference,
    })
}

impl ReadTransactionChanges<'_> {
    /// Returns the recorded changes of one transaction, the oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn of_transaction(&self, reference: &str) -> Result<Vec<TransactionChange>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM transaction_change WHERE reference = ?1 ORDER BY id");
        select(self.connection, &sql, [reference], row_to_change)
    }

    /// Returns the last recorded change of one transaction.
    pub(crate) fn last(&self, reference: &str) -> Result<Option<TransactionChange>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM transaction_change WHERE reference = ?1 ORDER BY id DESC LIMIT 1"
        );
        select_first(self.connection, &sql, [reference], row_to_change)
    }

    /// Returns whether no change was ever recorded.
    pub(crate) fn is_empty(&self) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM transaction_change)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}

impl WriteTransactionChanges<'_> {
    /// Appends a change to the history of its transaction.
    pub(crate) fn record(&self, change: &TransactionChange) -> Result<(), StoreError> {
        let was = change.was.as_ref().map(StoredTransaction::from);
        let was = was.map(|was| serde_json::to_string(&was).map_err(StoreError::damaged));
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO transaction_change (at, reference, kind, by, reason, was)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        statement.execute(params![
            Micros(change.at),
            change.reference,
            change.kind,
            change.attribution.by,
            change.attribution.reason,
            was.transpose()?
        ])?;
        Ok(())
    }
}
