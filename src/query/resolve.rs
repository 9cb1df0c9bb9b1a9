//! From what a person typed to the portfolios that are meant.

use super::QueryError;
use crate::domain::{Portfolio, PortfolioId, PortfolioKey, Scope, nearest};
use crate::plan::{UnknownIds, resolve_scope};
use crate::store::{ReadTransaction, Store};

/// How all active portfolios are spoken of.
pub const ALL_ACTIVE: &str = "all active";

/// A scope, and how it is spoken of.
#[derive(Debug, Clone)]
pub struct NamedScope {
    /// Who.
    pub scope: Scope,
    /// Their names, or `all active`.
    pub label: String,
    /// Names that nobody bears and that were left out.
    pub unknown: Vec<String>,
}

/// The portfolio of an id or an exact name.
///
/// # Errors
///
/// Where nobody bears it, with the name most like it, or where several do.
pub fn resolve_portfolio(store: &Store, typed: &str) -> Result<Portfolio, QueryError> {
    let found = store.read(|reading| find(reading, typed))?;
    match found {
        Some(portfolio) => Ok(portfolio),
        None => Err(unknown_portfolio_error(store, typed)?),
    }
}

/// The scope of what was typed; all active portfolios where nothing was.
///
/// # Errors
///
/// Where a name is unknown and the rule is to refuse, and where nobody is left.
pub fn resolve_names(
    store: &Store,
    typed: &[String],
    rule: UnknownIds,
) -> Result<NamedScope, QueryError> {
    if typed.is_empty() {
        return Ok(NamedScope {
            scope: Scope::AllActive,
            label: ALL_ACTIVE.to_owned(),
            unknown: Vec::new(),
        });
    }
    let mut named: Vec<(String, Option<PortfolioId>)> = Vec::new();
    let mut words = Vec::new();
    for name in typed {
        let found = store.read(|reading| find(reading, name))?;
        words.extend(found.as_ref().map(|portfolio| portfolio.name.clone()));
        named.push((name.clone(), found.map(|portfolio| portfolio.id)));
    }
    if let [(name, None)] = named.as_slice()
        && rule == UnknownIds::Refuse
    {
        return Err(unknown_portfolio_error(store, name)?);
    }
    let admitted = resolve_scope(named, rule)?;
    Ok(NamedScope {
        scope: admitted.scope,
        label: words.join(", "),
        unknown: admitted.unknown,
    })
}

fn find(reading: &ReadTransaction<'_>, typed: &str) -> Result<Option<Portfolio>, QueryError> {
    if let Ok(key) = typed.parse::<PortfolioKey>()
        && let Some(portfolio) = reading.portfolio_by_key(key)?
    {
        return Ok(Some(portfolio));
    }
    let mut named = reading.portfolios_named(typed)?;
    match named.len() {
        0 | 1 => Ok(named.pop()),
        count => Err(QueryError::AmbiguousPortfolio {
            name: typed.to_owned(),
            count,
        }),
    }
}

/// Says who might have been meant.
fn unknown_portfolio_error(store: &Store, typed: &str) -> Result<QueryError, QueryError> {
    let portfolios = store.read(|reading| reading.portfolios())?;
    let names = portfolios.iter().map(|portfolio| portfolio.name.as_str());
    Ok(QueryError::UnknownPortfolio {
        name: typed.to_owned(),
        nearest: nearest(typed, names),
    })
}
