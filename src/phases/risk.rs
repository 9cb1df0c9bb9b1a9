//! Phase 6: the risk of a cell, from the returns of the day's holdings at the day's weights.
//! Formulas and minima: `docs/numbers.md`, risk.

use super::blend::{Blend, Strand};
use super::market::Market;
use super::moments::Moments;
use super::securities::{SessionStatistics, WINDOWS, YEAR, benchmark_returns};
use super::series::{figure, fit, lower_tail_below, tail};
use super::valuation::Valuation;
use super::weights::{Covered, Total, Weights};
use crate::domain::output::{FactorExposure, Risk};
use crate::domain::{Absence, Figure};

/// The share of sessions that value at risk leaves below itself.
const TAIL: f64 = 0.05;

/// How many deviations below the mean a return lies outside the tail, as a rule: a tenth lies lower.
const OUTSIDE_TAIL: f64 = 1.2;

/// The risk of a cell.
///
/// # Panics
///
/// Where `statistics` are of another session, or lack a security that is held.
pub fn risk(
    market: &Market,
    statistics: &SessionStatistics,
    session: usize,
    valuation: &Valuation,
) -> Risk {
    match Weights::new(statistics, session, valuation) {
        Ok(weights) => Cell::new(market, statistics, session, &weights).risk(),
        Err(reason) => no_risk(market, reason),
    }
}

/// A cell whose weights mean something, with its series over a year.
struct Cell<'a> {
    market: &'a Market,
    statistics: &'a SessionStatistics,
    session: usize,
    weights: &'a Weights<'a>,
    /// What has the history for a year.
    year: Covered,
    /// The series over a year, or why there is none.
    blend: Result<Blend, Absence>,
    /// How many holdings of the series vary.
    varying: usize,
}

impl<'a> Cell<'a> {
    fn new(
        market: &'a Market,
        statistics: &'a SessionStatistics,
        session: usize,
        weights: &'a Weights<'a>,
    ) -> Self {
        let year = weights.with_history(YEAR);
        let mut cell = Self {
            market,
            statistics,
            session,
            weights,
            year,
            blend: Err(Absence::TooLittleCovered),
            varying: 0,
        };
        if year.is_enough() {
            let strands = cell.strands(YEAR.minimum, year.observations);
            cell.varying = strands.iter().filter(|strand| strand.evened > 0.0).count();
            cell.blend = Ok(Blend::of(&strands, year.observations));
        }
        cell
    }

    /// The holdings with at least `minimum` returns, each over the last `count` sessions.
    fn strands(&self, minimum: usize, count: usize) -> Vec<Strand<'a>> {
        let holdings = &self.weights.holdings;
        let mut strands = Vec::with_capacity(holdings.len());
        for held in holdings.iter().filter(|held| held.of.run >= minimum) {
            let returns = self.market.returns(held.of.slot, self.session, count);
            let evened = if held.of.moments.count == count {
                held.of.evened
            } else {
                Moments::of(returns).evened()
            };
            strands.push(Strand {
                returns,
                weight: held.weight,
                evened,
            });
        }
        strands
    }

    fn risk(&self) -> Risk {
        let returns = self
            .blend
            .as_ref()
            .map(Blend::returns)
            .map_err(|reason| *reason);
        let moments = returns.map(Moments::of);
        let (beta, r_squared) = self.regress(returns, moments);
        let (var_95, cvar_95) = self.tail_risk(returns, moments);
        let (correlation, effective_number) = self.diversification();
        let totals = self.weights.totals();
        let (factors, shocks) = totals.split_at(self.market.factors().len());
        Risk {
            volatility: self.volatility(returns, moments),
            beta,
            r_squared,
            var_95,
            cvar_95,
            correlation,
            effective_number,
            covered_share: Figure::new(self.year.share(), self.year.holdings as u32),
            factors: factors.iter().map(exposure).collect(),
            stress: shocks.iter().map(result).collect(),
        }
    }

    /// Volatility per window. The series of a shorter window is the end of the year's where the
    /// same holdings are covered, and one of its own where younger ones are covered too.
    fn volatility(
        &self,
        year: Result<&[f64], Absence>,
        moments: Result<Moments, Absence>,
    ) -> [Figure; 3] {
        WINDOWS.map(|window| {
            if window == YEAR {
                return figure(
                    moments.and_then(|of| of.volatility()),
                    self.year.observations,
                );
            }
            let covered = self.weights.with_history(window);
            let count = covered.observations;
            let volatility = covered.enough().and_then(|()| match year {
                Ok(returns) if covered.holdings == self.year.holdings => {
                    Moments::of(tail(returns, count)).volatility()
                }
                _ => {
                    let blend = Blend::of(&self.strands(window.minimum, count), count);
                    Moments::of(blend.returns()).volatility()
                }
            });
            figure(volatility, count)
        })
    }

    fn regress(
        &self,
        returns: Result<&[f64], Absence>,
        moments: Result<Moments, Absence>,
    ) -> (Figure, Figure) {
        let both = |reason, count| {
            let absent = figure(Err(reason), count);
            (absent, absent)
        };
        let benchmark = benchmark_returns(self.market, self.session);
        let Some((benchmark, of_benchmark)) = benchmark.zip(self.statistics.benchmark()) else {
            return both(Absence::NoBenchmark, 0);
        };
        let (returns, moments) = match (returns, moments) {
            (Ok(returns), Ok(moments)) => (returns, moments),
            (Err(reason), _) | (_, Err(reason)) => return both(reason, self.year.observations),
        };
        let count = match YEAR.observe(returns.len().min(benchmark.len())) {
            Ok(count) => count,
            Err(count) => return both(Absence::TooFewObservations, count),
        };
        let (x, y) = (tail(benchmark, count), tail(returns, count));
        match fit(x, of_benchmark.or_of(x), y, moments.or_of(y)) {
            Ok(line) => (figure(Ok(line.slope), count), figure(line.r_squared, count)),
            Err(reason) => both(reason, count),
        }
    }

    fn tail_risk(
        &self,
        returns: Result<&[f64], Absence>,
        moments: Result<Moments, Absence>,
    ) -> (Figure, Figure) {
        let count = self.year.observations;
        let tail = returns.and_then(|returns| {
            let limit = moments?.mean - OUTSIDE_TAIL * moments?.deviation();
            lower_tail_below(returns, TAIL, limit)
        });
        match tail {
            Ok(tail) => (
                figure(Ok(tail.quantile), count),
                figure(Ok(tail.mean), count),
            ),
            Err(reason) => (figure(Err(reason), count), figure(Err(reason), count)),
        }
    }

    /// Mean pairwise correlation, and the number of independent holdings it amounts to.
    fn diversification(&self) -> (Figure, Figure) {
        let count = self.year.observations;
        let correlation = self
            .blend
            .as_ref()
            .map_err(|reason| *reason)
            .and_then(|blend| {
                if self.year.holdings < 2 {
                    return Err(Absence::SingleHolding);
                }
                blend.mean_correlation(self.varying)
            });
        let effective = correlation.and_then(|correlation| {
            let holdings = self.varying as f64;
            let spread = 1.0 + (holdings - 1.0) * correlation;
            if spread > f64::EPSILON * holdings {
                Ok(holdings / spread)
            } else {
                Err(Absence::NoVariance)
            }
        });
        (figure(correlation, count), figure(effective, count))
    }
}

/// The exposure to a factor, given the sum of its betas.
fn exposure(total: &Total) -> FactorExposure {
    let sum = total.covered.enough().map(|()| total.sum);
    FactorExposure {
        exposure: figure(sum, total.covered.observations),
        covered_share: total.covered.share(),
    }
}

/// The result of a shock, given the sum of its moves.
fn result(total: &Total) -> Figure {
    let sum = total.covered.enough().map(|()| total.sum);
    figure(sum, total.covered.holdings)
}

fn no_risk(market: &Market, reason: Absence) -> Risk {
    let absent = Figure::absent(reason, 0);
    let exposure = FactorExposure {
        exposure: absent,
        covered_share: 0.0,
    };
    Risk {
        volatility: [absent; 3],
        beta: absent,
        r_squared: absent,
        var_95: absent,
        cvar_95: absent,
        correlation: absent,
        effective_number: absent,
        covered_share: absent,
        factors: vec![exposure; market.factors().len()],
        stress: vec![absent; market.shocks().len()],
    }
}

#[cfg(test)]
mod tests;
