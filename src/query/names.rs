//! What those are called of whom a plan or an outcome speaks: read only for them.

use std::collections::BTreeMap;

use super::QueryError;
use crate::domain::{IdSet, PortfolioId, Scope, SecurityId};
use crate::engine::Outcome;
use crate::plan::{BlockReason, BlockedCell, Plan, ScopeWatermark};
use crate::store::{Store, StoreError};

/// So many are few.
const MAX_ALL_NAMED: u64 = 500;

/// Names of portfolios and symbols of securities, by id inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisplayNames {
    /// What people call the portfolios.
    pub portfolios: BTreeMap<PortfolioId, String>,
    /// The symbols of the securities that something waits for.
    pub securities: BTreeMap<SecurityId, String>,
}

impl DisplayNames {
    /// The names of everybody a plan speaks of, and of whoever holds the watermark back.
    pub fn for_plan(
        store: &Store,
        plan: &Plan,
        watermark: &ScopeWatermark,
    ) -> Result<Self, QueryError> {
        let mut who = portfolios_to_name(plan);
        who.extend(watermark_holder(watermark));
        Self::read(store, &who, plan.blocked.values().flatten())
    }

    /// The names of everybody an outcome speaks of.
    pub fn for_outcome(store: &Store, outcome: &Outcome) -> Result<Self, QueryError> {
        let mut who = portfolios_to_name(&outcome.plan);
        for done in outcome.done.values() {
            who |= done;
        }
        let failed = outcome.failures.iter();
        who.extend(failed.map(|failed| failed.cell.portfolio.0));
        let blocked = || outcome.blocked.values().flatten();
        who.extend(blocked().map(|blocked| blocked.portfolio.0));
        for watermark in [&outcome.watermark_before, &outcome.watermark_after] {
            who.extend(watermark_holder(watermark));
        }
        Self::read(store, &who, blocked())
    }

    fn read<'b>(
        store: &Store,
        who: &IdSet,
        blocked: impl Iterator<Item = &'b BlockedCell>,
    ) -> Result<Self, QueryError> {
        let missing: IdSet = blocked
            .flat_map(missing_securities)
            .map(|id| id.0)
            .collect();
        Ok(store.read(|reading| {
            let mut portfolios = Vec::new();
            // Looking one up costs as much as reading some of them in a row.
            if who.len() > MAX_ALL_NAMED && who.len() * 4 > u64::from(who.max().unwrap_or(0)) {
                portfolios = reading.portfolios()?;
                portfolios.retain(|portfolio| who.contains(portfolio.id.0));
            } else {
                for id in who {
                    portfolios.extend(reading.portfolio(PortfolioId(id))?);
                }
            }
            let mut securities = Vec::new();
            if !missing.is_empty() {
                securities = reading.securities()?;
                securities.retain(|security| missing.contains(security.id.0));
            }
            let portfolios = portfolios.into_iter().map(|one| (one.id, one.name));
            let securities = securities.into_iter().map(|one| (one.id, one.symbol));
            Ok::<_, StoreError>(Self {
                portfolios: portfolios.collect(),
                securities: securities.collect(),
            })
        })?)
    }
}

/// Whom a plan names: everybody where they are few, and else those of whom there is something to
/// say. Nobody reads the names of a million portfolios that are complete, and reading them was
/// nearly all that a night without work cost.
fn portfolios_to_name(plan: &Plan) -> IdSet {
    if plan.members.len() <= MAX_ALL_NAMED {
        return plan.members.clone();
    }
    let mut who = IdSet::new();
    if let Scope::Only(members) = &plan.scope {
        who.extend(members.iter().map(|id| id.0));
    }
    for day in &plan.days {
        for steps in &day.steps {
            who |= &steps.cells;
        }
        for skips in day.skips.iter().filter(|skips| skips.reason.is_open()) {
            who |= &skips.cells;
        }
    }
    who
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
