//! Resolves typed ids and names to portfolios and scopes.

use super::error::QueryError;
use crate::domain::{Portfolio, PortfolioId, PortfolioKey, Scope, nearest};
use crate::plan::{UnknownIds, resolve_scope};
use crate::store::{ReadTransaction, Store};

/// The label of the scope of all active portfolios. Runs store it, and metrics use it.
pub const ALL_ACTIVE: &str = "all active";

/// A scope with its label.
#[derive(Debug, Clone)]
pub struct NamedScope {
    /// The portfolios that were named, or all active ones.
    pub scope: Scope,
    /// Their names, separated by commas, or `all active`.
    pub label: String,
    /// Unknown names that were left out.
    pub unknown: Vec<String>,
}

impl NamedScope {
    /// Returns the scope of all active portfolios.
    pub fn all_active() -> Self {
        Self {
            scope: Scope::AllActive,
            label: ALL_ACTIVE.to_owned(),
            unknown: Vec::new(),
        }
    }
}

/// Returns the portfolio with this id or exact name.
///
/// # Errors
///
/// [`QueryError::UnknownPortfolio`] with the most similar name, or
/// [`QueryError::AmbiguousPortfolio`] where several portfolios have the name.
pub fn resolve_portfolio(store: &Store, typed: &str) -> Result<Portfolio, QueryError> {
    store.read(|reading| match find(reading, typed)? {
        Some(portfolio) => Ok(portfolio),
        None => Err(unknown_portfolio_error(reading, typed)?),
    })
}

/// Returns the scope of the typed names.
///
/// # Errors
///
/// Where a name is unknown and `rule` refuses unknown names, where several portfolios have a name,
/// where no portfolio is left, and where the store cannot be read.
pub fn resolve_names(
    reading: &ReadTransaction<'_>,
    typed: &[String],
    rule: UnknownIds,
) -> Result<NamedScope, QueryError> {
    let mut named: Vec<(String, Option<PortfolioId>)> = Vec::new();
    let mut names = Vec::new();
    for name in typed {
        let found = find(reading, name)?;
        names.extend(found.as_ref().map(|portfolio| portfolio.name.clone()));
        named.push((name.clone(), found.map(|portfolio| portfolio.id)));
    }
    // If only one name was typed, the error suggests the nearest known name. For several typed
    // names, `resolve_scope` lists all unknown ones.
    if let [(name, None)] = named.as_slice()
        && rule == UnknownIds::Refuse
    {
        return Err(unknown_portfolio_error(reading, name)?);
    }
    let resolved = resolve_scope(named, rule)?;
    Ok(NamedScope {
        scope: resolved.scope,
        label: names.join(", "),
        unknown: resolved.unknown,
    })
}

fn find(reading: &ReadTransaction<'_>, typed: &str) -> Result<Option<Portfolio>, QueryError> {
    // Ids come first: a portfolio named like another one's id must not hide that one.
    if let Ok(key) = typed.parse::<PortfolioKey>()
        && let Some(portfolio) = reading.portfolios().with_key(key)?
    {
        return Ok(Some(portfolio));
    }
    let mut named = reading.portfolios().named(typed)?;
    match named.len() {
        0 | 1 => Ok(named.pop()),
        count => Err(QueryError::AmbiguousPortfolio {
            name: typed.to_owned(),
            count,
        }),
    }
}

/// The error for an unknown name, with the nearest known one.
fn unknown_portfolio_error(
    reading: &ReadTransaction<'_>,
    typed: &str,
) -> Result<QueryError, QueryError> {
    let portfolios = reading.portfolios().all()?;
    let names = portfolios.iter().map(|portfolio| portfolio.name.as_str());
    Ok(QueryError::UnknownPortfolio {
        name: typed.to_owned(),
        nearest: nearest(typed, names),
    })
}
