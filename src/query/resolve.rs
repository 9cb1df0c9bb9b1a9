//! Resolves typed ids and names to portfolios and scopes. An id is accepted whole, as the eight or
//! more characters that lists print, and as the import file gave it.

use super::error::QueryError;
use crate::domain::{Portfolio, PortfolioId, PortfolioKey, Scope, nearest};
use crate::plan::{UnknownIds, resolve_scope};
use crate::store::{ReadTransaction, Store};

/// The label of the scope of all active portfolios. Runs store it, and metrics use it.
pub const ALL_ACTIVE: &str = "all active";

/// Number of characters of an id that lists print.
pub const SHORT_ID_LENGTH: usize = 8;

/// A scope with its label.
#[derive(Debug, Clone)]
pub struct NamedScope {
    /// The portfolios that were named, or all active ones.
    pub scope: Scope,
    /// Their names, separated by commas, or `all active`.
    pub label: String,
    /// Unknown names that were left out.
    pub unknown: Vec<String>,
    /// The names of deleted portfolios in the scope.
    pub deleted: Vec<String>,
}

impl NamedScope {
    /// Returns the scope of all active portfolios.
    pub fn all_active() -> Self {
        Self {
            scope: Scope::AllActive,
            label: ALL_ACTIVE.to_owned(),
            unknown: Vec::new(),
            deleted: Vec::new(),
        }
    }

    /// Returns whether all portfolios that were named are deleted.
    pub fn only_deleted(&self) -> bool {
        match &self.scope {
            Scope::AllActive => false,
            Scope::Only(members) => self.deleted.len() >= members.len(),
        }
    }
}

/// Returns the portfolio with this id, start of an id, id of an import file, or exact name.
///
/// # Errors
///
/// [`QueryError::UnknownPortfolio`] with the most similar name, or
/// [`QueryError::AmbiguousPortfolio`] where several portfolios have the name or id.
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
/// Where a name is unknown and `rule` refuses unknown names, where several portfolios have a name
/// or id, where no portfolio is left, and where the store cannot be read.
pub fn resolve_names(
    reading: &ReadTransaction<'_>,
    typed: &[String],
    rule: UnknownIds,
) -> Result<NamedScope, QueryError> {
    let mut named: Vec<(String, Option<PortfolioId>)> = Vec::new();
    let (mut names, mut deleted) = (Vec::new(), Vec::new());
    for name in typed {
        let found = find(reading, name)?;
        names.extend(found.as_ref().map(|portfolio| portfolio.name.clone()));
        let gone = found.iter().filter(|found| !found.lifecycle.is_active());
        deleted.extend(gone.map(|portfolio| portfolio.name.clone()));
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
        deleted,
    })
}

/// Finds a portfolio by its id, by the id of its import file, by the start of its id, or by its exact
/// name.
fn find(reading: &ReadTransaction<'_>, typed: &str) -> Result<Option<Portfolio>, QueryError> {
    let portfolios = reading.portfolios();
    // A whole id comes first: a portfolio named like another one's id must not hide that one.
    if let Ok(key) = typed.parse::<PortfolioKey>()
        && let Some(portfolio) = portfolios.with_key(key)?
    {
        return Ok(Some(portfolio));
    }
    let mut found = portfolios.named(typed)?;
    found.extend(portfolios.with_key(PortfolioKey::from_name(typed))?);
    if is_start_of_id(typed) {
        let start = typed.to_ascii_lowercase();
        let mut all = portfolios.all()?;
        all.retain(|portfolio| portfolio.key.to_string().starts_with(&start));
        found.extend(all);
    }
    found.sort_by_key(|portfolio| portfolio.id);
    found.dedup_by_key(|portfolio| portfolio.id);
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => Err(QueryError::AmbiguousPortfolio {
            name: typed.to_owned(),
            candidates: found
                .into_iter()
                .map(|portfolio| (portfolio.name, portfolio.key))
                .collect(),
        }),
    }
}

/// Returns whether a word may be the start of an id: at least as long as lists print it.
fn is_start_of_id(typed: &str) -> bool {
    let is_part = |char: char| char.is_ascii_hexdigit() || char == '-';
    typed.len() >= SHORT_ID_LENGTH && typed.chars().all(is_part)
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
