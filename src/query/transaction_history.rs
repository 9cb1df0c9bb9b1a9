//! Shows a transaction as it is now, and as it was before each correction.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::QueryError;
use super::names::Names;
use super::serialize::text;
use crate::domain::{Day, RecordedEdit, Transaction};
use crate::store::Store;

/// A transaction with the names of its portfolio and security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransactionView {
    /// Name of the portfolio.
    pub portfolio: String,
    /// The day from which it counts.
    pub date: Day,
    /// The time of day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The kind, as files write it.
    pub kind: String,
    /// Symbol of the security.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The quantity moved, if the kind moves one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// The price of one unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// The amount, as stated in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Currency of price, amount and cash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The amount that an exchange pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_amount: Option<String>,
    /// Currency of the amount that an exchange pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_currency: Option<String>,
    /// The fee beside the amount.
    pub fee: String,
    /// Currency of the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_currency: Option<String>,
    /// Name of the portfolio at the other end of a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<String>,
    /// The lots that it closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lots: Option<String>,
}

impl TransactionView {
    fn new(of: &Transaction, names: &Names) -> Self {
        let quantity = Some(of.quantity).filter(|quantity| !quantity.is_zero());
        Self {
            portfolio: names.portfolio(of.portfolio),
            date: of.day,
            time: of.time.map(|time| time.to_string()),
            kind: of.kind.to_string(),
            symbol: of
                .security
                .map(|security| names.security_on(security, of.day)),
            quantity: quantity.map(|quantity| quantity.to_string()),
            price: of.price.map(|price| price.to_string()),
            amount: of.amount.map(|amount| amount.to_string()),
            currency: of.cash.currency.map(|currency| currency.to_string()),
            from_amount: of.cash.from_amount.map(|amount| amount.to_string()),
            from_currency: of.cash.from_currency.map(|currency| currency.to_string()),
            fee: of.fee.to_string(),
            fee_currency: of.cash.fee_currency.map(|currency| currency.to_string()),
            counterpart: of.counterpart.map(|id| names.portfolio(id)),
            lots: of.lots.as_ref().map(ToString::to_string),
        }
    }
}

/// One recorded change of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransactionChangeView {
    /// The kind of change.
    #[serde(serialize_with = "text")]
    pub change: RecordedEdit,
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// Name of the person.
    pub by: String,
    /// Reason of the change.
    pub reason: String,
    /// The transaction before the change; absent if it was voided then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<TransactionView>,
}

/// A transaction, and its recorded changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransactionHistory {
    /// The transaction's id in the imported files.
    pub id: String,
    /// The transaction as it counts now; absent if it is voided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<TransactionView>,
    /// Its changes, the oldest first.
    pub changes: Vec<TransactionChangeView>,
}

/// Returns the history of the transaction with this id.
///
/// # Errors
///
/// No transaction has or had the id, or the store cannot be read.
pub fn transaction_history(store: &Store, id: &str) -> Result<TransactionHistory, QueryError> {
    store.read(|reading| {
        let now = reading.entries().with_reference(id)?;
        let changes = reading.transaction_changes().of_transaction(id)?;
        if now.is_none() && changes.is_empty() {
            return Err(QueryError::UnknownTransaction(id.to_owned()));
        }
        let names = Names::read_all(reading)?;
        let view = |of: &Transaction| TransactionView::new(of, &names);
        Ok(TransactionHistory {
            id: id.to_owned(),
            now: now.as_ref().map(view),
            changes: (changes.into_iter())
                .map(|change| TransactionChangeView {
                    change: change.kind,
                    at: change.at,
                    by: change.attribution.by,
                    reason: change.attribution.reason,
                    was: change.was.as_ref().map(view),
                })
                .collect(),
        })
    })
}
