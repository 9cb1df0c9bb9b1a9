//! Deleting, restoring and closing a portfolio: its row, the roster and the revision together.
//!
//! Outputs and the ledger stay as they are: a lifecycle says what is expected. What is restored
//! needs again only what its sources have changed since.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::{Day, Lifecycle, LifecycleError, Portfolio, PortfolioKey};
use crate::store::{StoreError, WriteTransaction, Writer};

/// Why a portfolio's life can't be changed.
#[derive(Debug, Error)]
pub enum LifecycleChangeError {
    /// It is deleted already.
    #[error("`{name}` was deleted at {at} already")]
    AlreadyDeleted {
        /// Its name.
        name: String,
        /// When it was deleted.
        at: DateTime<Utc>,
    },
    /// It is not deleted.
    #[error("`{name}` is not deleted")]
    NotDeleted {
        /// Its name.
        name: String,
    },
    /// The closing day leaves transactions behind it.
    #[error("`{closed}` is before the last transaction of `{name}` on `{last}`")]
    TransactionsAfterClose {
        /// Its name.
        name: String,
        /// The closing day.
        closed: Day,
        /// Day of the last transaction.
        last: Day,
    },
    /// The life would end before it begins.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// The store can't be read or written, or has no such portfolio.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes a portfolio. Nothing of it is expected any more; its books stay readable.
pub fn delete(
    writer: &mut Writer,
    key: PortfolioKey,
    at: DateTime<Utc>,
) -> Result<Portfolio, LifecycleChangeError> {
    change_lifecycle(writer, key, |_, portfolio| {
        let Portfolio {
            name, lifecycle, ..
        } = portfolio.clone();
        match lifecycle.deleted_at() {
            Some(at) => Err(LifecycleChangeError::AlreadyDeleted { name, at }),
            None => Ok(lifecycle.with_deleted_at(Some(at))),
        }
    })
}

/// Restores a portfolio that was deleted.
pub fn restore(writer: &mut Writer, key: PortfolioKey) -> Result<Portfolio, LifecycleChangeError> {
    change_lifecycle(writer, key, |_, portfolio| {
        if portfolio.lifecycle.is_active() {
            let name = portfolio.name.clone();
            return Err(LifecycleChangeError::NotDeleted { name });
        }
        Ok(portfolio.lifecycle.with_deleted_at(None))
    })
}

/// Closes a portfolio after its last day, or opens it again where none is given.
pub fn close(
    writer: &mut Writer,
    key: PortfolioKey,
    last_day: Option<Day>,
) -> Result<Portfolio, LifecycleChangeError> {
    change_lifecycle(writer, key, |writing, portfolio| {
        let closing = portfolio.lifecycle.with_closing_day(last_day)?;
        let traded = writing
            .transaction_span(portfolio.id)?
            .map(|days| days.last());
        match (last_day, traded) {
            (Some(closed), Some(last)) if closed < last => {
                Err(LifecycleChangeError::TransactionsAfterClose {
                    name: portfolio.name.clone(),
                    closed,
                    last,
                })
            }
            _ => Ok(closing),
        }
    })
}

/// Gives a portfolio another life, and gives it back as it is then. A life that stays the same
/// writes nothing.
fn change_lifecycle(
    writer: &mut Writer,
    key: PortfolioKey,
    life: impl FnOnce(&WriteTransaction<'_>, &Portfolio) -> Result<Lifecycle, LifecycleChangeError>,
) -> Result<Portfolio, LifecycleChangeError> {
    writer.write(|writing| {
        let unknown = || StoreError::UnknownPortfolio(key);
        let was = writing.portfolio_by_key(key)?.ok_or_else(unknown)?;
        let lifecycle = life(writing, &was)?;
        if lifecycle == was.lifecycle {
            return Ok(was);
        }
        let move_to = (was.id, Some(was.lifecycle), lifecycle);
        let now = Portfolio { lifecycle, ..was };
        writing.change_portfolio(&now)?;
        writing.change_lifecycle_index(&[move_to])?;
        writing.increment_revision()?;
        Ok(now)
    })
}
