//! What those are called of whom a plan or an outcome speaks: read only for them.

use std::collections::BTreeMap;

use super::InquiryError;
use crate::domain::{PortfolioId, SecurityId, Subjects};
use crate::engine::Outcome;
use crate::plan::{BlockReason, Blocked, Plan};
use crate::store::{Store, StoreError};

/// More than so many are looked up by reading the whole table.
const ONE_BY_ONE: u64 = 500;

/// Names of portfolios and symbols of securities, by id inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// What people call the portfolios.
    pub portfolios: BTreeMap<PortfolioId, String>,
    /// The symbols of the securities that something waits for.
    pub securities: BTreeMap<SecurityId, String>,
}

impl Called {
    /// The names of everybody a plan speaks of.
    pub fn in_plan(store: &Store, plan: &Plan) -> Result<Self, InquiryError> {
        Self::read(store, &plan.members, plan.blocked.values().flatten())
    }

    /// The names of everybody an outcome speaks of.
    pub fn in_outcome(store: &Store, outcome: &Outcome) -> Result<Self, InquiryError> {
        let blocked = outcome.blocked.values().flatten();
        Self::read(store, &outcome.plan.members, blocked)
    }

    fn read<'b>(
        store: &Store,
        who: &Subjects,
        blocked: impl Iterator<Item = &'b Blocked>,
    ) -> Result<Self, InquiryError> {
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
            let portfolios = portfolios.into_iter().map(|one| (one.id, one.name));
            let securities = securities.into_iter().map(|one| (one.id, one.symbol));
            Ok::<_, StoreError>(Self {
                portfolios: portfolios.collect(),
                securities: securities.collect(),
            })
        })?)
    }
}

fn missing_securities(blocked: &Blocked) -> &[SecurityId] {
    match &blocked.why {
        BlockReason::MissingPrices { missing, .. } => missing,
        BlockReason::MissingRate { .. } => &[],
    }
}
