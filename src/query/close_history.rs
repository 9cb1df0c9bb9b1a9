//! Lists the closes of a security that were corrected or deleted.

use serde::Serialize;

use super::correction_view::CorrectionView;
use super::error::QueryError;
use crate::domain::{Day, Security};
use crate::store::Store;

/// A change of a close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CloseChangeView {
    /// Day of the close.
    pub date: Day,
    /// The change of the close.
    #[serde(flatten)]
    pub correction: CorrectionView,
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
            return Err(QueryError::unknown_symbol(symbol, &securities));
        };
        let replaced = reading.closes().replaced(security.id)?.into_iter();
        Ok(replaced
            .map(|change| CloseChangeView {
                date: change.day,
                correction: CorrectionView::new(
                    change.at,
                    change.was.to_string(),
                    change.became.map(|now| now.to_string()),
                ),
            })
            .collect())
    })
}
