//! Lists the closes of a security that were corrected or deleted.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::QueryError;
use crate::domain::{Day, Security, nearest};
use crate::store::Store;

/// A change of a close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CloseChangeView {
    /// Day of the close.
    pub date: Day,
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// The close before the change.
    pub was: String,
    /// The close after it; absent if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Name of the person who deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Reason of the deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Returns the corrected and deleted closes of the security with this symbol, the oldest change
/// first.
///
/// # Errors
///
/// The symbol is unknown, or the store cannot be read.
pub fn close_history(store: &Store, symbol: &str) -> Result<Vec<CloseChangeView>, QueryError> {
    store.read(|reading| {
        let securities = reading.securities().all()?;
        let Some(security) = Security::with_symbol(&securities, symbol) else {
            let symbols = securities.iter().map(|security| security.symbol.as_str());
            return Err(QueryError::UnknownSymbol {
                nearest: nearest(symbol, symbols),
                symbol: symbol.to_owned(),
            });
        };
        let replaced = reading.closes().replaced(security.id)?.into_iter();
        Ok(replaced
            .map(|change| {
                let (now, deletion) = match change.became {
                    Ok(now) => (Some(now.to_string()), None),
                    Err(deletion) => (None, Some(deletion)),
                };
                let (by, reason) = deletion.map(|of| (of.by, of.reason)).unzip();
                CloseChangeView {
                    date: change.day,
                    at: change.at,
                    was: change.was.to_string(),
                    now,
                    by,
                    reason,
                }
            })
            .collect())
    })
}
