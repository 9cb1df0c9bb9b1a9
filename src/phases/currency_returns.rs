//! Converts the returns of a session's securities to the currency of portfolios, for their risk.
//! Formula: `docs/numbers.md`, risk.
//!
//! Everything here is computed once a session and currency, and shared by all portfolios in that
//! currency. Portfolios whose holdings, benchmark and factors are in their own currency do not need
//! it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::columns::Slot;
use super::factors::FactorFits;
use super::market::Market;
use super::moments::Moments;
use super::rates::{Conversion, is_currency_pair};
use super::series::last_n;
use super::session_statistics::{
    Benchmark, Contributions, ReturnSource, RiskInputs, RiskTable, SessionStatistics,
};
use super::windows::YEAR;
use crate::domain::{Absence, Currency, SecurityId};

/// The returns of exchange rates, benchmark and factors up to a session, for portfolios in one
/// currency.
pub struct CurrencyReturns<'a> {
    market: &'a Market,
    session: usize,
    currency: Currency,
    /// The foreign currencies of cash that is held, ascending.
    cash: Vec<Currency>,
    /// The returns of the rate from each foreign currency, at most a year of them.
    rates: BTreeMap<Currency, Vec<f64>>,
    /// Returns in the portfolios' currency, or the reason that there are none.
    benchmark: Result<Cow<'a, [f64]>, Absence>,
    /// Returns in the portfolios' currency.
    factors: Vec<Cow<'a, [f64]>>,
    /// The reason that every beta is absent, if a factor or its rate is not recent.
    factor_absence: Option<Absence>,
}

/// The inputs of some securities to the risk of portfolios in one currency.
pub struct CurrencyChunk {
    securities: Vec<SecurityId>,
    risk_inputs: Vec<RiskInputs>,
    contributions: Contributions,
}

impl<'a> CurrencyReturns<'a> {
    /// Computes the returns for portfolios in `currency` that hold only `securities`, and `cash` of
    /// other currencies. `None` if nothing has to be converted.
    pub fn new(
        market: &'a Market,
        session: usize,
        currency: Currency,
        securities: &[SecurityId],
        cash: &BTreeSet<Currency>,
    ) -> Option<Self> {
        let held = securities.iter().filter_map(|id| market.slot(*id));
        let held = held.map(|slot| market.security_at(slot).currency);
        let factors = market.factors().iter().copied();
        let indexes = factors.clone().chain(market.benchmark());
        let foreign: BTreeSet<_> = held
            .chain(indexes.filter_map(|slot| currency_of_index(market, slot)))
            .chain(cash.iter().copied())
            .filter(|from| *from != currency)
            .collect();
        if foreign.is_empty() {
            return None;
        }
        let rates = foreign.into_iter().map(|from| {
            let conversion = market.conversion(from, currency);
            (from, rate_returns(market, &conversion, session))
        });
        let mut returns = Self {
            market,
            session,
            currency,
            rates: rates.collect(),
            cash: cash.iter().copied().collect(),
            benchmark: Err(Absence::NoBenchmark),
            factors: Vec::new(),
            factor_absence: None,
        };
        if let Some(slot) = market.benchmark() {
            let converted = returns.of_index(slot);
            returns.benchmark = match converted.is_empty() {
                false => Ok(converted),
                true if returns.is_recent(slot) => Err(Absence::TooFewObservations),
                true => Err(Absence::UnpricedBenchmark),
            };
        }
        returns.factors = factors.clone().map(|slot| returns.of_index(slot)).collect();
        let unpriced = factors.zip(&returns.factors);
        let mut unpriced = unpriced.filter(|(_, converted)| converted.is_empty());
        let is_unpriced = unpriced.any(|(slot, _)| !returns.is_recent(slot));
        returns.factor_absence = is_unpriced.then_some(Absence::UnpricedFactor);
        Some(returns)
    }

    /// Computes the inputs of `securities`, which must be sorted by id. `statistics` must have them.
    pub fn measure(
        &self,
        statistics: &SessionStatistics,
        securities: &[SecurityId],
    ) -> CurrencyChunk {
        let mut chunk = CurrencyChunk {
            securities: Vec::with_capacity(securities.len()),
            risk_inputs: Vec::with_capacity(securities.len()),
            contributions: Contributions::new(self.market),
        };
        let are_factors_local = self.factors.iter().all(|returns| match returns {
            Cow::Borrowed(_) => true,
            Cow::Owned(_) => false,
        });
        let mut factors = self.factor_fits();
        for id in securities {
            let found = statistics.local_table().inputs(*id);
            let Some((slot, (local, contributions))) = self.market.slot(*id).zip(found) else {
                continue;
            };
            chunk.securities.push(*id);
            let inputs = match self.converted(slot) {
                None => local.clone(),
                Some(returns) => converted_inputs(returns),
            };
            let returns = match &inputs.source {
                ReturnSource::Market(_) if are_factors_local => {
                    chunk.contributions.push_row(contributions);
                    chunk.risk_inputs.push(inputs);
                    continue;
                }
                ReturnSource::Market(slot) => self.market.year_of_returns(*slot, self.session),
                ReturnSource::Converted(returns) => returns,
            };
            let betas = factors.betas(returns, inputs.moments);
            chunk.contributions.push_with_betas(&betas, contributions);
            chunk.risk_inputs.push(inputs);
        }
        chunk
    }

    /// Adds the inputs of all `chunks` to the statistics of the session. The securities of all
    /// chunks, in this order, must be sorted by id.
    pub fn add_to(
        self,
        statistics: &mut SessionStatistics,
        chunks: impl IntoIterator<Item = CurrencyChunk>,
    ) {
        let (mut securities, mut inputs) = (Vec::new(), Vec::new());
        let mut contributions = Contributions::new(self.market);
        for chunk in chunks {
            securities.extend(chunk.securities);
            inputs.extend(chunk.risk_inputs);
            contributions.append(chunk.contributions);
        }
        let benchmark = self.benchmark.as_deref().map(Benchmark::new);
        let benchmark = benchmark.map_err(|reason| *reason);
        let absence = self.factor_absence;
        let securities = securities.into_iter();
        let mut table = RiskTable::new(securities, inputs, contributions, benchmark, absence);
        let mut factors = self.factor_fits();
        for currency in &self.cash {
            let returns = &self.rates[currency];
            let inputs = converted_inputs(returns.clone());
            let betas = factors.betas(returns, inputs.moments);
            table.add_cash(self.market, *currency, inputs, &betas);
        }
        statistics.add_table(self.currency, table);
    }

    fn factor_fits(&self) -> FactorFits<'_> {
        let factors = self.factors.iter().map(AsRef::as_ref);
        FactorFits::new(factors.collect(), self.factor_absence)
    }

    /// Returns whether a benchmark or factor has a recent close and, if converted, a recent rate.
    fn is_recent(&self, slot: Slot) -> bool {
        let from = currency_of_index(self.market, slot);
        let from = from.filter(|from| *from != self.currency);
        let is_rate_recent = from.is_none_or(|from| {
            let conversion = self.market.conversion(from, self.currency);
            let rate = self.market.rate(&conversion, self.session);
            rate.is_some_and(|rate| !rate.is_outdated())
        });
        is_rate_recent && self.market.has_recent_close(slot, self.session)
    }

    /// Returns the returns of a benchmark or factor over at most a year. Those of a currency pair
    /// are not converted: an exchange rate is not an asset with a value in a currency.
    fn of_index(&self, slot: Slot) -> Cow<'a, [f64]> {
        let converted = currency_of_index(self.market, slot).and_then(|_| self.converted(slot));
        match converted {
            Some(returns) => Cow::Owned(returns),
            None => Cow::Borrowed(self.market.year_of_returns(slot, self.session)),
        }
    }

    /// Returns the converted returns of a security, (1 + local) × (1 + rate) − 1; `None` if it is
    /// in the portfolios' currency.
    fn converted(&self, slot: Slot) -> Option<Vec<f64>> {
        let rates = self.rates.get(&self.market.security_at(slot).currency)?;
        let local = self.market.year_of_returns(slot, self.session);
        let count = local.len().min(rates.len());
        let pairs = last_n(local, count).iter().zip(last_n(rates, count));
        // Multiplied out: adding one to a small return would lose its last digits.
        Some(
            pairs
                .map(|(local, rate)| local + rate + local * rate)
                .collect(),
        )
    }
}

fn converted_inputs(returns: Vec<f64>) -> RiskInputs {
    let moments = Moments::from_series(&returns);
    RiskInputs {
        return_count: returns.len(),
        source: ReturnSource::Converted(returns.into()),
        moments,
        standardizing_scale: moments.standardizing_scale(),
    }
}

/// Returns the currency of a benchmark or factor; `None` for a currency pair.
fn currency_of_index(market: &Market, slot: Slot) -> Option<Currency> {
    let security = market.security_at(slot);
    (!is_currency_pair(security)).then_some(security.currency)
}

/// Returns the consecutive returns of a rate up to a session, at most a year of them. They are
/// defined like those of a security: there is none after a rate that is missing or outdated.
fn rate_returns(market: &Market, conversion: &Conversion, session: usize) -> Vec<f64> {
    let mut returns = Vec::with_capacity(YEAR.sessions);
    let mut after = market.rate(conversion, session);
    for at in (0..session).rev().take(YEAR.sessions) {
        let before = market.rate(conversion, at);
        let (Some(rate), Some(base)) = (after, before) else {
            break;
        };
        if base.is_outdated() {
            break;
        }
        let (rate, base) = (rate.rate.to_f64(), base.rate.to_f64());
        returns.push((rate - base) / base);
        after = before;
    }
    returns.reverse();
    returns
}

#[cfg(test)]
mod tests;
