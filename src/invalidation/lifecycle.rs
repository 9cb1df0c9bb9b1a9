//! Deletes, restores and closes portfolios: changes the row, the lifecycle index and the revision
//! in one transaction.
//!
//! Outputs and the ledger stay unchanged: a lifecycle only decides which cells are expected. After
//! a restore, cells done before the deletion still count, unless a later change of their sources
//! invalidated them. The cells of others wait if a session becomes unpriced without its holdings.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::{Correction, Day, Lifecycle, LifecycleError, Portfolio, PortfolioKey};
use crate::store::{StoreError, WriteTransaction, Writer};

/// Error that refuses a change of a portfolio's lifecycle.
#[derive(Debug, Error)]
pub enum LifecycleChangeError {
    /// The portfolio to delete is already deleted.
    #[error("`{name}` is already deleted (at {at})")]
    AlreadyDeleted {
        /// The name of the portfolio.
        name: String,
        /// The time of the deletion.
        at: DateTime<Utc>,
    },
    /// The portfolio to restore is not deleted.
    #[error("`{name}` is not deleted")]
    NotDeleted {
        /// The name of the portfolio.
        name: String,
    },
    /// The portfolio has transactions after the closing day.
    #[error("`{closed}` is before the last transaction of `{name}` on `{last}`")]
    TransactionsAfterClose {
        /// The name of the portfolio.
        name: String,
        /// The requested closing day.
        closed: Day,
        /// The day of the last transaction.
        last: Day,
    },
    /// The closing day is before the inception.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// The store failed, or has no such portfolio.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes a portfolio: none of its cells is expected any more; its books stay readable.
///
/// # Errors
///
/// Fails if the portfolio does not exist or is already deleted, or if the store fails.
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

/// Restores a deleted portfolio.
///
/// # Errors
///
/// Fails if the portfolio does not exist or is not deleted, or if the store fails.
pub fn restore(writer: &mut Writer, key: PortfolioKey) -> Result<Portfolio, LifecycleChangeError> {
    change_lifecycle(writer, key, |_, portfolio| {
        if portfolio.lifecycle.is_active() {
            let name = portfolio.name.clone();
            return Err(LifecycleChangeError::NotDeleted { name });
        }
        Ok(portfolio.lifecycle.with_deleted_at(None))
    })
}

/// Closes a portfolio after `last_day`, or reopens it if `None`.
///
/// # Errors
///
/// Fails if the portfolio does not exist, if `last_day` is before its inception or its last
/// transaction, or if the store fails.
pub fn close(
    writer: &mut Writer,
    key: PortfolioKey,
    last_day: Option<Day>,
) -> Result<Portfolio, LifecycleChangeError> {
    change_lifecycle(writer, key, |writing, portfolio| {
        let closing = portfolio.lifecycle.with_closing_day(last_day)?;
        let traded = writing
            .entries()
            .span(portfolio.id)?
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

/// Changes a portfolio's lifecycle and returns the portfolio after the change. An unchanged
/// lifecycle writes nothing.
fn change_lifecycle(
    writer: &mut Writer,
    key: PortfolioKey,
    new_lifecycle: impl FnOnce(
        &WriteTransaction<'_>,
        &Portfolio,
    ) -> Result<Lifecycle, LifecycleChangeError>,
) -> Result<Portfolio, LifecycleChangeError> {
    writer.write(|writing| {
        let unknown = || StoreError::UnknownPortfolio(key);
        let was = writing.portfolios().with_key(key)?.ok_or_else(unknown)?;
        let lifecycle = new_lifecycle(writing, &was)?;
        if lifecycle == was.lifecycle {
            return Ok(was);
        }
        let now = Portfolio {
            lifecycle,
            ..was.clone()
        };
        let correction = Correction {
            was,
            now: now.clone(),
        };
        writing.portfolios().correct(&[correction])?;
        // What it holds decides whether a session is unpriced for all.
        writing.check_unpriced_from(Day::MIN)?;
        writing.increment_revision()?;
        Ok(now)
    })
}
