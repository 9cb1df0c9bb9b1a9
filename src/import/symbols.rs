//! Finds the securities that files name: by symbol and day where a row has a day.

use std::collections::BTreeMap;

use super::neighbours::neighbours;
use super::row_error_kind::RowErrorKind;
use crate::domain::{Day, Security, SecurityId, nearest};

/// The securities, with lookups by all symbols that they have or had.
#[derive(Debug, Clone, Default)]
pub(super) struct SecurityTable {
    securities: BTreeMap<SecurityId, Security>,
    bearers: BTreeMap<String, Vec<SecurityId>>,
}

impl SecurityTable {
    /// Adds a security, in place of the one with its id.
    pub(super) fn insert(&mut self, security: Security) {
        for symbol in security.all_symbols() {
            // A symbol that was replaced stays here; lookups ask the security itself.
            let bearers = self.bearers.entry(symbol.to_owned()).or_default();
            if !bearers.contains(&security.id) {
                bearers.push(security.id);
            }
        }
        self.securities.insert(security.id, security);
    }

    pub(super) fn with_id(&self, id: SecurityId) -> Option<&Security> {
        self.securities.get(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Security> {
        self.securities.values()
    }

    /// Returns the securities that ever had the symbol.
    pub(super) fn bearers(&self, symbol: &str) -> impl Iterator<Item = &Security> + Clone {
        let ids = self.bearers.get(symbol).into_iter().flatten();
        ids.filter_map(|id| self.securities.get(id))
    }

    /// Returns the security with this symbol today, else the last one that had it.
    pub(super) fn named(&self, symbol: &str) -> Option<&Security> {
        Security::with_symbol(self.bearers(symbol), symbol)
    }

    /// Returns the security that has this symbol on a day.
    pub(super) fn on(&self, symbol: &str, day: Day) -> Option<&Security> {
        Security::with_symbol_on(self.bearers(symbol), symbol, day)
    }

    /// Returns the security that a history means by this symbol on a day, which may be its symbol of
    /// another day, or an error that names the nearest symbol.
    pub(super) fn require_around(&self, symbol: &str, day: Day) -> Result<&Security, RowErrorKind> {
        Security::with_symbol_around(self.bearers(symbol), symbol, day)
            .map_or_else(|| self.require_on(symbol, day), Ok)
    }

    /// Like [`Self::on`], with an error that names the symbol on that day, or the nearest one.
    pub(super) fn require_on(&self, symbol: &str, day: Day) -> Result<&Security, RowErrorKind> {
        if let Some(found) = self.on(symbol, day) {
            return Ok(found);
        }
        Err(match self.named(symbol) {
            Some(other) => RowErrorKind::SymbolOfOtherDay {
                symbol: symbol.to_owned(),
                day,
                then: other.symbol_on(day).to_owned(),
            },
            None => RowErrorKind::UnknownSymbol {
                symbol: symbol.to_owned(),
                nearest: nearest(symbol, neighbours(symbol, &self.bearers)),
            },
        })
    }
}
