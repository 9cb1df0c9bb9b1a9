//! Pseudonyms instead of names, ids and words, so that a state can be shown to anybody.

use std::collections::BTreeMap;

use super::sources::GivenSources;
use super::state::{Naming, State};
use crate::domain::{AssetClass, Currency, PortfolioKey, RiskModel, Security};
use crate::plan::PolicyName;
use crate::query::ALL_ACTIVE;

/// What stands where words stood.
const PLACEHOLDER: &str = "scrubbed";

impl State {
    /// The same state of others: portfolios are `P01` and so on in the order of their inceptions
    /// and then of their ids, and have the ids of those names; the words of invalidations and
    /// the scopes of runs, which may name somebody, are gone. Of sources the days and amounts stay.
    #[must_use]
    pub fn scrubbed(mut self) -> Self {
        self.portfolios
            .sort_by_key(|one| (one.portfolio.lifecycle.inception(), one.portfolio.id));
        let width = self.portfolios.len().to_string().len().max(2);
        for (number, one) in (1..).zip(&mut self.portfolios) {
            one.portfolio.name = format!("P{number:0width$}");
            one.portfolio.key = PortfolioKey::from_name(&one.portfolio.name);
        }
        let order: Vec<_> = self
            .portfolios
            .iter()
            .map(|one| one.portfolio.id.0)
            .collect();
        for invalidation in &mut self.invalidations {
            invalidation.reason = PLACEHOLDER.to_owned();
        }
        for run in &mut self.runs {
            if run.scope != ALL_ACTIVE {
                run.scope = PLACEHOLDER.to_owned();
            }
            if run.policy.parse::<PolicyName>().is_err() {
                run.policy = PLACEHOLDER.to_owned();
            }
        }
        if let Some(given) = &mut self.sources {
            given.scrub(&order);
        }
        self.naming = Naming::Scrubbed;
        self
    }
}

impl GivenSources {
    /// Securities are `S01` and so on in the order of their ids, but for pairs of currencies,
    /// which their currencies name; transactions are numbered, by portfolio in this order.
    fn scrub(&mut self, portfolios: &[u32]) {
        let known = std::mem::take(&mut self.model);
        let named = self
            .securities
            .iter()
            .filter(|one| !is_currency_pair(one))
            .count();
        let width = named.to_string().len().max(2);
        self.securities.sort_by_key(|one| one.id);
        let (mut number, mut pseudonyms) = (0, BTreeMap::new());
        for one in &mut self.securities {
            if is_currency_pair(one) {
                one.name.clone_from(&one.symbol);
                pseudonyms.insert(one.symbol.clone(), one.symbol.clone());
            } else {
                number += 1;
                one.name = format!("S{number:0width$}");
                let was = std::mem::replace(&mut one.symbol, one.name.clone());
                pseudonyms.insert(was, one.symbol.clone());
            }
        }
        self.securities
            .sort_by(|one, other| one.symbol.cmp(&other.symbol));
        self.model = scrub_model(known, &pseudonyms);
        let mut number = 0;
        for portfolio in portfolios {
            for entry in self.transactions.entry(*portfolio).or_default() {
                number += 1;
                entry.reference = format!("{PLACEHOLDER}/{number}");
            }
        }
    }
}

/// Whether a symbol is that of a pair of currencies, which names nobody and means the pair.
fn is_currency_pair(security: &Security) -> bool {
    let halves = security.symbol.split_at_checked(3);
    let is_currency = |half: &str| half.parse::<Currency>().is_ok();
    security.class == AssetClass::Fx
        && halves.is_some_and(|(one, other)| is_currency(one) && is_currency(other))
}

/// The same model of other names; a symbol that nothing on file has is gone.
fn scrub_model(known: RiskModel, pseudonyms: &BTreeMap<String, String>) -> RiskModel {
    let renamed = |symbol: &String| pseudonyms.get(symbol).cloned();
    let mut model = RiskModel {
        benchmark: known.benchmark.as_ref().and_then(renamed),
        ..known
    };
    model
        .factors
        .retain(|factor| pseudonyms.contains_key(&factor.symbol));
    for (number, factor) in (1..).zip(&mut model.factors) {
        factor.symbol = pseudonyms[&factor.symbol].clone();
        factor.name = format!("factor {number}");
    }
    for (number, shock) in (1..).zip(&mut model.shocks) {
        shock.name = format!("shock {number}");
    }
    model
}
