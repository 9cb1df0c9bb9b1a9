//! The names that a report needs, read only for those it speaks of.

use super::CliError;
use crate::domain::{PortfolioId, SecurityId, Subjects};
use crate::engine::Outcome;
use crate::plan::{BlockReason, Blocked, Plan};
use crate::report::Names;
use crate::store::{Store, StoreError};

/// More than so many are looked up by reading the whole table.
const ONE_BY_ONE: u64 = 500;

/// The names of everybody a plan speaks of.
pub(super) fn of_plan(store: &Store, plan: &Plan) -> Result<Names, CliError> {
    names(store, &plan.members, plan.blocked.values().flatten())
}

/// The names of everybody an outcome speaks of.
pub(super) fn of_outcome(store: &Store, outcome: &Outcome) -> Result<Names, CliError> {
    names(
        store,
        &outcome.plan.members,
        outcome.blocked.values().flatten(),
    )
}

fn names<'b>(
    store: &Store,
    who: &Subjects,
    blocked: impl Iterator<Item = &'b Blocked>,
) -> Result<Names, CliError> {
    let missing: Subjects = blocked
        .flat_map(missing_securities)
        .map(|id| id.0)
        .collect();
    Ok(store.read(|reading| {
        let mut portfolios = Vec::new();
        if who.len() > ONE_BY_ONE {
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
        Ok::<_, StoreError>(Names::new(
            portfolios.into_iter().map(|one| (one.id, one.name)),
            securities.into_iter().map(|one| (one.id, one.symbol)),
        ))
    })?)
}

fn missing_securities(blocked: &Blocked) -> Vec<SecurityId> {
    match &blocked.why {
        BlockReason::MissingPrices { missing, .. } => missing.clone(),
        BlockReason::MissingRate { .. } => Vec::new(),
    }
}
