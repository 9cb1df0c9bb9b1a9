//! Replaces names, ids and free text by pseudonyms, so that a state can be published.

use std::collections::BTreeMap;

use super::sources::GivenSources;
use super::state::{Naming, State};
use crate::domain::{AssetClass, Currency, PortfolioKey, RiskModel, Security};
use crate::plan::PolicyName;
use crate::query::ALL_ACTIVE;

/// Replacement for free text.
const PLACEHOLDER: &str = "scrubbed";

impl State {
    /// Returns the state with pseudonyms. Portfolios become `P01`, `P02`, … by inception and then by
    /// id, with the ids of those names. Reasons of invalidations, and scopes and unknown policies of
    /// runs, may contain names and are replaced. Days and amounts of sources stay.
    #[must_use]
    pub fn scrubbed(mut self) -> Self {
        self.portfolios.sort_by_key(|captured| {
            let portfolio = &captured.portfolio;
            (portfolio.lifecycle.inception(), portfolio.id)
        });
        let width = self.portfolios.len().to_string().len().max(2);
        for (number, captured) in (1..).zip(&mut self.portfolios) {
            let portfolio = &mut captured.portfolio;
            portfolio.name = format!("P{number:0width$}");
            portfolio.key = PortfolioKey::from_name(&portfolio.name);
        }
        let order: Vec<_> = self
            .portfolios
            .iter()
            .map(|captured| captured.portfolio.id.0)
            .collect();
        self.scrub_calendars();
        for invalidation in &mut self.invalidations {
            invalidation.reason = PLACEHOLDER.to_owned();
        }
        for accepted in &mut self.accepted_prices {
            accepted.reason = PLACEHOLDER.to_owned();
            accepted.by = PLACEHOLDER.to_owned();
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

impl State {
    /// Renames the calendars of the user's own to `C1`, `C2`, … and removes their texts.
    fn scrub_calendars(&mut self) {
        let mut renamed = BTreeMap::new();
        for (number, own) in (1..).zip(&mut self.own_calendars) {
            let name = format!("C{number}");
            renamed.insert(own.name().to_owned(), name.clone());
            *own = own.clone().without_texts(name);
        }
        let portfolios = self.portfolios.iter_mut();
        let of_portfolios = portfolios.map(|captured| &mut captured.portfolio.calendar);
        let securities = self
            .sources
            .iter_mut()
            .flat_map(|given| &mut given.securities);
        let of_securities = securities.map(|security| &mut security.calendar);
        for named in of_portfolios.chain(of_securities).flatten() {
            if let Some(name) = renamed.get(named) {
                named.clone_from(name);
            }
        }
    }
}

impl GivenSources {
    /// Renames securities to `S01`, `S02`, … in the order of their ids, except currency pairs.
    /// Numbers transactions in the order of `portfolios`.
    fn scrub(&mut self, portfolios: &[u32]) {
        let known = std::mem::take(&mut self.model);
        let renamed_count = self
            .securities
            .iter()
            .filter(|security| !is_currency_pair(security))
            .count();
        let width = renamed_count.to_string().len().max(2);
        self.securities.sort_by_key(|security| security.id);
        let before = self.securities.clone();
        let (mut number, mut pseudonyms) = (0, BTreeMap::new());
        for security in &mut self.securities {
            if is_currency_pair(security) {
                security.name.clone_from(&security.symbol);
                pseudonyms.insert(security.symbol.clone(), security.symbol.clone());
            } else {
                number += 1;
                security.name = format!("S{number:0width$}");
                let was = std::mem::replace(&mut security.symbol, security.name.clone());
                pseudonyms.insert(was, security.symbol.clone());
                for (number, former) in (1..).zip(&mut security.former_symbols) {
                    former.symbol = format!("{}-{number}", security.name);
                }
            }
        }
        // The model can name a security by a symbol that it does not have any more.
        for former in before.iter().flat_map(|security| &security.former_symbols) {
            if let Some(named) = Security::with_symbol(&before, &former.symbol) {
                let now = self.securities.iter().find(|now| now.id == named.id);
                let symbol = now.map(|now| now.symbol.clone());
                pseudonyms.extend(symbol.map(|symbol| (former.symbol.clone(), symbol)));
            }
        }
        self.securities.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        self.model = scrub_model(known, &pseudonyms);
        let (mut number, mut renamed) = (0, BTreeMap::new());
        for portfolio in portfolios {
            for entry in self.transactions.entry(*portfolio).or_default() {
                number += 1;
                let reference = format!("{PLACEHOLDER}/{number}");
                renamed.insert(
                    std::mem::replace(&mut entry.reference, reference.clone()),
                    reference,
                );
            }
        }
        for entry in self.transactions.values_mut().flatten() {
            // An id that no transaction has stays unknown.
            let name = |id: &str| {
                renamed
                    .get(id)
                    .cloned()
                    .unwrap_or_else(|| PLACEHOLDER.into())
            };
            entry.lots = entry.lots.as_ref().map(|lots| lots.with_references(name));
        }
    }
}

/// Returns true for currency pairs, whose symbol identifies no one and is needed to find rates.
fn is_currency_pair(security: &Security) -> bool {
    security.class == AssetClass::Fx && Currency::parse_pair(&security.symbol).is_some()
}

/// Renames the symbols, factors and shocks of a risk model. A symbol without a security is removed.
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
