//! Reads the display names for the report of a plan or outcome. For a large plan, only the names of
//! the portfolios that the report mentions are read.

use std::collections::BTreeMap;

use super::error::QueryError;
use crate::domain::{Day, IdSet, Portfolio, PortfolioId, Scope, Security, SecurityId};
use crate::engine::Outcome;
use crate::plan::{BlockReason, BlockedCell, Plan, ScopeWatermark};
use crate::store::{ReadTransaction, Store, StoreError};

/// Up to this many portfolios, all members of a plan are named.
const MAX_ALL_NAMED: u64 = 500;

/// Names of portfolios and symbols of securities, by internal id. Without a name, the id is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    portfolios: BTreeMap<PortfolioId, String>,
    securities: BTreeMap<SecurityId, String>,
    /// The securities that have former symbols.
    renamed: BTreeMap<SecurityId, Security>,
}

impl Names {
    /// Makes the table from names of portfolios and symbols of securities.
    pub fn new(
        portfolios: impl IntoIterator<Item = (PortfolioId, String)>,
        securities: impl IntoIterator<Item = (SecurityId, String)>,
    ) -> Self {
        Self {
            portfolios: portfolios.into_iter().collect(),
            securities: securities.into_iter().collect(),
            renamed: BTreeMap::new(),
        }
    }

    pub(super) fn of(
        portfolios: impl IntoIterator<Item = Portfolio>,
        securities: impl IntoIterator<Item = Security>,
    ) -> Self {
        let portfolios = portfolios.into_iter();
        let mut names = Self::new(
            portfolios.map(|portfolio| (portfolio.id, portfolio.name)),
            [],
        );
        for security in securities {
            names
                .securities
                .insert(security.id, security.symbol.clone());
            if !security.former_symbols.is_empty() {
                names.renamed.insert(security.id, security);
            }
        }
        names
    }

    /// Reads the names of all portfolios and the symbols of all securities.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    pub fn read_all(reading: &ReadTransaction<'_>) -> Result<Self, StoreError> {
        let portfolios = reading.portfolios().all()?;
        Ok(Self::of(portfolios, reading.securities().all()?))
    }

    /// Returns the name of a portfolio, or `portfolio 7` where it has none.
    pub fn portfolio(&self, id: PortfolioId) -> String {
        let name = self.portfolios.get(&id).cloned();
        name.unwrap_or_else(|| format!("portfolio {}", id.0))
    }

    /// Returns the symbol of a security, or `security 7` where it has none.
    pub fn security(&self, id: SecurityId) -> String {
        let symbol = self.securities.get(&id).cloned();
        symbol.unwrap_or_else(|| format!("security {}", id.0))
    }

    /// Returns the symbol of a security on a day.
    pub fn security_on(&self, id: SecurityId, day: Day) -> String {
        match self.renamed.get(&id) {
            Some(renamed) => renamed.symbol_on(day).to_owned(),
            None => self.security(id),
        }
    }

    /// Returns the names of all portfolios in the table, by id.
    pub fn portfolio_names(&self) -> &BTreeMap<PortfolioId, String> {
        &self.portfolios
    }

    /// Returns the names of these portfolios, by id.
    pub fn portfolios(&self, ids: &IdSet) -> Vec<String> {
        ids.iter()
            .map(|id| self.portfolio(PortfolioId(id)))
            .collect()
    }

    /// Reads the names for a report of `plan`, including the portfolio that holds the watermark
    /// back.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    pub fn for_plan(
        store: &Store,
        plan: &Plan,
        watermark: &ScopeWatermark,
    ) -> Result<Self, QueryError> {
        let mut mentioned = portfolios_to_name(plan);
        mentioned.extend(watermark_holder(watermark));
        Self::read(store, &mentioned, plan.blocked.values().flatten())
    }

    /// Reads the names for a report of `outcome`.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    pub fn for_outcome(store: &Store, outcome: &Outcome) -> Result<Self, QueryError> {
        let mut mentioned = portfolios_to_name(&outcome.plan);
        for done in outcome.done.values() {
            mentioned |= done;
        }
        let failed = outcome.failures.iter();
        mentioned.extend(failed.map(|failed| failed.cell.portfolio.0));
        let blocked = || outcome.blocked.values().flatten();
        mentioned.extend(blocked().map(|blocked| blocked.portfolio.0));
        for watermark in [&outcome.watermark_before, &outcome.watermark_after] {
            mentioned.extend(watermark_holder(watermark));
        }
        Self::read(store, &mentioned, blocked())
    }

    fn read<'b>(
        store: &Store,
        mentioned: &IdSet,
        blocked: impl Iterator<Item = &'b BlockedCell>,
    ) -> Result<Self, QueryError> {
        let missing: IdSet = blocked
            .flat_map(missing_securities)
            .map(|id| id.0)
            .collect();
        Ok(store.read(|reading| {
            let mut portfolios = Vec::new();
            // One lookup costs as much as reading several rows in sequence, so a scan is cheaper
            // where more than a quarter of the ids is wanted.
            let ids = u64::from(mentioned.max().unwrap_or(0));
            if mentioned.len() > MAX_ALL_NAMED && mentioned.len() * 4 > ids {
                portfolios = reading.portfolios().all()?;
                portfolios.retain(|portfolio| mentioned.contains(portfolio.id.0));
            } else {
                for id in mentioned {
                    portfolios.extend(reading.portfolios().get(PortfolioId(id))?);
                }
            }
            let mut securities = Vec::new();
            if !missing.is_empty() {
                securities = reading.securities().all()?;
                securities.retain(|security| missing.contains(security.id.0));
            }
            Ok::<_, StoreError>(Self::of(portfolios, securities))
        })?)
    }
}

/// The portfolios of a plan whose names are read: all members where they are few, else those
/// with a step or an open skip and those that were requested by name. Reading the names of a
/// million complete portfolios took nearly all the time of a run with nothing to do.
fn portfolios_to_name(plan: &Plan) -> IdSet {
    if plan.members.len() <= MAX_ALL_NAMED {
        return plan.members.clone();
    }
    let mut named = IdSet::new();
    if let Scope::Only(members) = &plan.scope {
        named.extend(members.iter().map(|id| id.0));
    }
    for day in &plan.days {
        for steps in &day.steps {
            named |= &steps.cells;
        }
        for skips in day.skips.iter().filter(|skips| skips.reason.is_open()) {
            named |= &skips.cells;
        }
    }
    named
}

fn watermark_holder(watermark: &ScopeWatermark) -> Option<u32> {
    watermark.held_by().map(|holder| holder.cell.portfolio.0)
}

fn missing_securities(blocked: &BlockedCell) -> &[SecurityId] {
    match &blocked.reason {
        BlockReason::MissingPrices { missing, .. } => missing,
        BlockReason::MissingRate { .. } => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unnamed_portfolio_is_shown_by_id() {
        let names = Names::new([(PortfolioId(1), "Growth".to_owned())], []);
        assert_eq!(
            names.portfolios(&IdSet::from([1, 2])),
            ["Growth", "portfolio 2"]
        );
        assert_eq!(names.security(SecurityId(3)), "security 3");
    }
}
