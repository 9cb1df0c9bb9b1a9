//! Finds portfolios whose risk is complete and has not one figure, and a benchmark, factors, or
//! exchange rates of these, whose closes are older than allowed, or never came.
//!
//! Judged are the days of `stale_inputs`: the watermark of each portfolio and its newest books.
//! Without recent closes, betas and exposures are absent, which no other concern says as long as
//! some figure of risk is there.

use std::collections::{BTreeMap, BTreeSet};

use super::concern::Concern;
use super::fact::{ConcernFact, RiskRole, StaleRiskInput};
use crate::domain::{
    Absence, Calendar, Cell, Currency, Day, IdSet, PortfolioId, RiskModel, Scope, Security,
    SecurityCalendars, SecurityId,
};
use crate::phases::{Conversion, CurrencyPairs, is_currency_pair};
use crate::plan::{Survey, Watermarks};
use crate::query::error::QueryError;
use crate::query::next_command::NextCommand;
use crate::store::{ReadTransaction, StoreError};

/// Returns the cells at the watermarks of the active portfolios of `scope` that have holdings and not
/// one figure of risk.
pub(super) fn cells_without_figures(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    marks: &Watermarks,
    scope: &Scope,
) -> Result<Vec<Cell>, QueryError> {
    let mut by_day: BTreeMap<Day, IdSet> = BTreeMap::new();
    for id in survey.lifecycles.active_members(scope) {
        if let Some(day) = marks.get(PortfolioId(id)) {
            by_day.entry(day).or_default().insert(id);
        }
    }
    let mut cells = Vec::new();
    for (day, ids) in by_day {
        let without = reading.outputs().without_figures(day)? & ids;
        cells.extend(without.iter().map(|id| Cell::new(day, PortfolioId(id))));
    }
    Ok(cells)
}

/// Returns the reasons why the figures of risk of these cells are absent, in the order of
/// [`Absence::ALL`].
pub(super) fn absence_reasons(
    reading: &ReadTransaction<'_>,
    cells: &[Cell],
) -> Result<Vec<Absence>, QueryError> {
    let mut reasons = Absence::ALL.map(|reason| (reason, false));
    for cell in cells {
        let Some((_, risk)) = reading.outputs().risk(*cell)? else {
            continue;
        };
        let others = [risk.beta, risk.var_95, risk.correlation];
        for figure in risk.volatility.iter().chain(&others) {
            for (reason, is_found) in &mut reasons {
                *is_found |= figure.as_result() == Err(*reason);
            }
        }
    }
    let found = reasons.into_iter().filter(|(_, is_found)| *is_found);
    Ok(found.map(|(reason, _)| reason).collect())
}

/// Returns the concern of the portfolios `by_day` that on their days lack a close of the benchmark,
/// of a factor, or of a rate that converts one to their currency, that is at most `max_stale` sessions
/// old. The inputs are those of the last such day.
pub(super) fn stale_risk_inputs(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
    by_day: &BTreeMap<Day, IdSet>,
    max_stale: usize,
) -> Result<Option<Concern>, QueryError> {
    let (_, model) = reading.risk_models().in_force()?;
    if by_day.is_empty() || model.symbols().next().is_none() {
        return Ok(None);
    }
    let search = Search {
        reading,
        calendar,
        calendars: reading.security_calendars().in_force()?,
        securities: reading.securities().all()?,
        model,
        max_stale,
    };
    let converted_for = search.converted_for()?;
    let (mut portfolios, mut inputs) = (IdSet::new(), Vec::new());
    for (day, ids) in by_day {
        let mut found = search.stale_on(*day)?;
        let mut concerned = match found.is_empty() {
            true => IdSet::new(),
            false => ids.clone(),
        };
        for group in &converted_for {
            let members = ids & &group.portfolios;
            if members.is_empty() {
                continue;
            }
            let rates = search.stale_rates_on(*day, &group.conversions)?;
            if !rates.is_empty() {
                concerned |= members;
            }
            for rate in rates {
                if !found.contains(&rate) {
                    found.push(rate);
                }
            }
        }
        if !found.is_empty() {
            portfolios |= concerned;
            inputs = found;
        }
    }
    Ok((!inputs.is_empty()).then(|| Concern {
        fact: ConcernFact::StaleRiskInputs {
            max_stale,
            inputs,
            stale: portfolios.len(),
        },
        portfolios,
        next: Some(NextCommand::ImportPrices),
    }))
}

/// The portfolios of a currency, with the conversions of the benchmark and the factors to it.
struct ConvertedRisk {
    portfolios: IdSet,
    conversions: Vec<Conversion>,
}

struct Search<'v> {
    reading: &'v ReadTransaction<'v>,
    calendar: &'v Calendar,
    calendars: SecurityCalendars,
    securities: Vec<Security>,
    model: RiskModel,
    max_stale: usize,
}

impl Search<'_> {
    /// Iterates over the benchmark and the factors, in the order of the model.
    fn indexes(&self) -> impl Iterator<Item = (RiskRole, &Security)> {
        let benchmark = self.model.benchmark.iter();
        let benchmark = benchmark.map(|symbol| (RiskRole::Benchmark, symbol));
        let factors = self.model.factors.iter();
        let factors = factors.map(|factor| (RiskRole::Factor, &factor.symbol));
        benchmark.chain(factors).filter_map(|(role, symbol)| {
            Security::with_symbol(&self.securities, symbol).map(|security| (role, security))
        })
    }

    fn stale_on(&self, day: Day) -> Result<Vec<StaleRiskInput>, StoreError> {
        let mut stale = Vec::new();
        for (role, security) in self.indexes() {
            stale.extend(self.stale(role, security, day)?);
        }
        Ok(stale)
    }

    /// Groups the portfolios by currency, without those to whose currency nothing is converted.
    fn converted_for(&self) -> Result<Vec<ConvertedRisk>, StoreError> {
        let indexes: BTreeSet<_> = self.index_currencies().collect();
        let pairs = CurrencyPairs::new(&self.securities);
        let portfolios = self.reading.portfolios();
        let mut groups = Vec::new();
        for to in portfolios.currencies()? {
            let foreign = indexes.iter().filter(|from| **from != to);
            let conversions = foreign.map(|from| pairs.conversion(*from, to));
            let conversions: Vec<_> = conversions.collect();
            if !conversions.is_empty() {
                groups.push(ConvertedRisk {
                    portfolios: portfolios.in_currency(to)?,
                    conversions,
                });
            }
        }
        Ok(groups)
    }

    /// Iterates over the currencies of the benchmark and the factors. Risk does not convert an
    /// exchange rate: it is no asset with a value in a currency.
    fn index_currencies(&self) -> impl Iterator<Item = Currency> {
        let indexes = self.indexes().map(|(_, security)| security);
        let assets = indexes.filter(|security| !is_currency_pair(security));
        assets.map(|security| security.currency)
    }

    /// Returns the old currency pairs that `conversions` use.
    fn stale_rates_on(
        &self,
        day: Day,
        conversions: &[Conversion],
    ) -> Result<Vec<StaleRiskInput>, StoreError> {
        let mut stale = Vec::new();
        for conversion in conversions {
            let mut old: BTreeMap<SecurityId, StaleRiskInput> = BTreeMap::new();
            for pair in conversion.securities() {
                if let Some(security) = self.security(pair)
                    && let Some(input) = self.stale(RiskRole::ExchangeRate, security, day)?
                {
                    old.insert(pair, input);
                }
            }
            if conversion.is_possible_with(|pair| !old.contains_key(&pair)) {
                continue;
            }
            // A rate is made of pairs that had a close. Others are not the ones to import.
            let had_close = |pair: SecurityId| {
                old.get(&pair)
                    .is_none_or(|input| input.last_close.is_some())
            };
            let known = conversion.securities_with(had_close).into_iter();
            let known: Vec<_> = known.filter_map(|pair| old.remove(&pair)).collect();
            stale.extend(match known.is_empty() {
                false => known,
                true => vec![StaleRiskInput {
                    role: RiskRole::ExchangeRate,
                    symbol: conversion.from().pair_with(conversion.to()),
                    last_close: None,
                    sessions_old: None,
                }],
            });
        }
        Ok(stale)
    }

    /// Returns an input of risk if its last close is older than allowed.
    fn stale(
        &self,
        role: RiskRole,
        security: &Security,
        day: Day,
    ) -> Result<Option<StaleRiskInput>, StoreError> {
        let last = self.last_close(security, day)?;
        let is_stale = last.is_none_or(|(_, age)| age > self.max_stale);
        Ok(is_stale.then(|| StaleRiskInput {
            role,
            symbol: security.symbol.clone(),
            last_close: last.map(|(day, _)| day),
            sessions_old: last.map(|(_, age)| age),
        }))
    }

    fn security(&self, id: SecurityId) -> Option<&Security> {
        self.securities.iter().find(|security| security.id == id)
    }

    /// Returns the day of the last close of a security up to `day`, and its age in sessions.
    fn last_close(
        &self,
        security: &Security,
        day: Day,
    ) -> Result<Option<(Day, usize)>, StoreError> {
        let Some(priced) = self.reading.closes().priced_range()? else {
            return Ok(None);
        };
        let sessions = self.calendar.all_sessions();
        let end = sessions.partition_point(|session| *session <= day);
        let first = sessions.partition_point(|session| *session < priced.first());
        let latest_first: Vec<Day> = sessions[first.min(end)..end]
            .iter()
            .rev()
            .copied()
            .collect();
        let last = (self.reading.closes()).first_on(security.id, &latest_first)?;
        Ok(last.map(|last| {
            let later = latest_first.iter().take_while(|session| **session > last);
            let open = later.filter(|session| !self.calendars.is_closed(security, **session));
            (last, open.count())
        }))
    }
}
