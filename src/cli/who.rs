//! From what a person typed to the portfolios that are meant.

use super::CliError;
use crate::domain::{Portfolio, PortfolioId, PortfolioKey, Scope, nearest};
use crate::plan::{UnknownIds, admit};
use crate::store::{Reading, Store};

/// A scope, and how it is spoken of.
#[derive(Debug, Clone)]
pub(super) struct NamedScope {
    pub(super) scope: Scope,
    pub(super) words: String,
    /// Names that nobody bears and that were left out.
    pub(super) unknown: Vec<String>,
}

/// The portfolio of an id or an exact name.
pub(super) fn portfolio(store: &Store, typed: &str) -> Result<Portfolio, CliError> {
    let found = store.read(|reading| find(reading, typed))?;
    match found {
        Some(portfolio) => Ok(portfolio),
        None => Err(unknown(store, typed)?),
    }
}

/// The scope of what was typed; all active portfolios where nothing was.
pub(super) fn scope(
    store: &Store,
    typed: &[String],
    rule: UnknownIds,
) -> Result<NamedScope, CliError> {
    if typed.is_empty() {
        return Ok(NamedScope {
            scope: Scope::AllActive,
            words: "all active".to_owned(),
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
        return Err(unknown(store, name)?);
    }
    let admitted = admit(named, rule)?;
    Ok(NamedScope {
        scope: admitted.scope,
        words: words.join(", "),
        unknown: admitted.unknown,
    })
}

fn find(reading: &Reading<'_>, typed: &str) -> Result<Option<Portfolio>, CliError> {
    if let Ok(key) = typed.parse::<PortfolioKey>()
        && let Some(portfolio) = reading.portfolio_by_key(key)?
    {
        return Ok(Some(portfolio));
    }
    let mut named = reading.portfolios_named(typed)?;
    match named.len() {
        0 | 1 => Ok(named.pop()),
        count => Err(CliError::Ambiguous {
            name: typed.to_owned(),
            count,
        }),
    }
}

/// Says who might have been meant.
fn unknown(store: &Store, typed: &str) -> Result<CliError, CliError> {
    let portfolios = store.read(|reading| reading.portfolios())?;
    let names = portfolios.iter().map(|portfolio| portfolio.name.as_str());
    Ok(CliError::UnknownPortfolio {
        typed: typed.to_owned(),
        nearest: nearest(typed, names),
    })
}
