//! Lists corporate actions, and those that were corrected or deleted.

use std::collections::BTreeSet;

use serde::Serialize;

use super::correction_view::CorrectionView;
use super::error::QueryError;
use super::serialize::text;
use crate::domain::{ActionName, Day, Security, SecurityId, action_terms, split_terms};
use crate::store::Store;

/// A corporate action in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ActionView {
    /// The first day on which it counts.
    pub date: Day,
    /// The symbol of the security that is held; of a change of symbol, the one before it.
    pub symbol: String,
    /// The kind of the action.
    #[serde(serialize_with = "text")]
    pub kind: ActionName,
    /// Its terms as one text.
    pub terms: String,
}

/// A change of a corporate action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ActionChangeView {
    /// The first day on which the action counted.
    pub date: Day,
    /// The kind of the action.
    #[serde(serialize_with = "text")]
    pub kind: ActionName,
    /// The change of its terms.
    #[serde(flatten)]
    pub correction: CorrectionView,
}

/// Returns the corporate actions by day: all, or those of the securities that have or had a symbol.
///
/// # Errors
///
/// The symbol is unknown, or the store cannot be read.
pub fn actions(store: &Store, symbol: Option<&str>) -> Result<Vec<ActionView>, QueryError> {
    store.read(|reading| {
        let securities = reading.securities().all()?;
        let wanted = match symbol {
            None => securities.iter().map(|security| security.id).collect(),
            Some(symbol) => named(&securities, symbol)?,
        };
        let symbol_on = |id: SecurityId, day: Day| {
            // In ascending order of their ids.
            let found = securities.binary_search_by_key(&id, |security| security.id);
            found.map_or_else(
                |_| String::new(),
                |at| securities[at].symbol_on(day).to_owned(),
            )
        };
        let mut found = Vec::new();
        let mut add = |id: SecurityId, date, symbol, kind, terms| {
            if wanted.contains(&id) {
                found.push(ActionView {
                    date,
                    symbol,
                    kind,
                    terms,
                });
            }
        };
        for (kind, split) in reading.splits().recorded()? {
            let (id, day) = (split.security, split.day);
            let terms = split_terms(&split);
            add(id, day, symbol_on(id, day), ActionName::Split(kind), terms);
        }
        for action in reading.corporate_actions().all()? {
            let (id, day) = (action.security, action.day);
            let terms = action_terms(&action, |received| symbol_on(received, day));
            let kind = ActionName::Other(action.kind);
            add(id, day, symbol_on(id, day), kind, terms);
        }
        for security in &securities {
            for former in &security.former_symbols {
                let (day, kind) = (former.until, ActionName::SymbolChange);
                let terms = security.symbol_on(day).to_owned();
                add(security.id, day, former.symbol.clone(), kind, terms);
            }
        }
        found.sort();
        Ok(found)
    })
}

/// Returns the corrected and deleted actions of the securities that have or had a symbol, the oldest
/// change first.
///
/// # Errors
///
/// The symbol is unknown, or the store cannot be read.
pub fn action_history(store: &Store, symbol: &str) -> Result<Vec<ActionChangeView>, QueryError> {
    store.read(|reading| {
        let securities = reading.securities().all()?;
        let mut changes = Vec::new();
        for security in named(&securities, symbol)? {
            changes.extend(reading.action_changes().of_security(security)?);
        }
        changes.sort_by_key(|change| change.at);
        let changes = changes.into_iter().map(|change| ActionChangeView {
            date: change.day,
            kind: change.kind,
            correction: CorrectionView::new(change.at, change.was, change.became),
        });
        Ok(changes.collect())
    })
}

fn named(securities: &[Security], symbol: &str) -> Result<BTreeSet<SecurityId>, QueryError> {
    let bearing = |security: &&Security| security.all_symbols().any(|own| own == symbol);
    let found: BTreeSet<_> = (securities.iter())
        .filter(bearing)
        .map(|security| security.id)
        .collect();
    match found.is_empty() {
        false => Ok(found),
        true => Err(QueryError::unknown_symbol(symbol, securities)),
    }
}
