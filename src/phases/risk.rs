//! Phase 6: the risk of a cell, from the returns of the day's holdings at the day's weights.
//! Formulas and minima: `docs/numbers.md`, risk.

use super::market::Market;
use super::moments::Moments;
use super::securities::{SessionStatistics, WINDOWS, YEAR, benchmark_returns};
use super::series::{fit_line, last_n, lower_tail_with_limit, to_figure};
use super::valuation::Valuation;
use super::weighted_sum::{Series, WeightedSum};
use super::weights::{HoldingCoverage, Total, Weights};
use crate::domain::output::{FactorExposure, Risk};
use crate::domain::{Absence, Figure};

/// The share of sessions that value at risk leaves below itself.
const TAIL_SHARE: f64 = 0.05;

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
        Ok(weights) => CellRisk::new(market, statistics, session, &weights).risk(),
        Err(reason) => absent_risk(market, reason),
    }
}

/// A cell whose weights mean something, with its series over a year.
struct CellRisk<'a> {
    market: &'a Market,
    statistics: &'a SessionStatistics,
    session: usize,
    weights: &'a Weights<'a>,
    /// What has the history for a year.
    year_coverage: HoldingCoverage,
    /// The series over a year, or why there is none.
    weighted_sum: Result<WeightedSum, Absence>,
    /// How many holdings of the series vary.
    varying_count: usize,
}

impl<'a> CellRisk<'a> {
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
            year_coverage: year,
            weighted_sum: Err(Absence::TooLittleCovered),
            varying_count: 0,
        };
        if year.is_enough() {
            let strands = cell.holding_series(YEAR.minimum, year.observations);
            cell.varying_count = strands
                .iter()
                .filter(|strand| strand.standardizing_scale > 0.0)
                .count();
            cell.weighted_sum = Ok(WeightedSum::from_series(&strands, year.observations));
        }
        cell
    }

    /// The holdings with at least `minimum` returns, each over the last `count` sessions.
    fn holding_series(&self, minimum: usize, count: usize) -> Vec<Series<'a>> {
        let holdings = &self.weights.holdings;
        let mut strands = Vec::with_capacity(holdings.len());
        for held in holdings
            .iter()
            .filter(|held| held.inputs.return_count >= minimum)
        {
            let returns = self.market.returns(held.inputs.slot, self.session, count);
            let evened = if held.inputs.moments.count == count {
                held.inputs.standardizing_scale
            } else {
                Moments::from_series(returns).standardizing_scale()
            };
            strands.push(Series {
                returns,
                weight: held.weight,
                standardizing_scale: evened,
            });
        }
        strands
    }

    fn risk(&self) -> Risk {
        let returns = self
            .weighted_sum
            .as_ref()
            .map(WeightedSum::returns)
            .map_err(|reason| *reason);
        let moments = returns.map(Moments::from_series);
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
            covered_share: Figure::new(
                self.year_coverage.share(),
                self.year_coverage.holdings as u32,
            ),
            factors: factors.iter().map(factor_exposure).collect(),
            stress: shocks.iter().map(shock_result).collect(),
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
                return to_figure(
                    moments.and_then(|of| of.volatility()),
                    self.year_coverage.observations,
                );
            }
            let covered = self.weights.with_history(window);
            let count = covered.observations;
            let volatility = covered.check_enough().and_then(|()| match year {
                Ok(returns) if covered.holdings == self.year_coverage.holdings => {
                    Moments::from_series(last_n(returns, count)).volatility()
                }
                _ => {
                    let blend = WeightedSum::from_series(
                        &self.holding_series(window.minimum, count),
                        count,
                    );
                    Moments::from_series(blend.returns()).volatility()
                }
            });
            to_figure(volatility, count)
        })
    }

    fn regress(
        &self,
        returns: Result<&[f64], Absence>,
        moments: Result<Moments, Absence>,
    ) -> (Figure, Figure) {
        let both = |reason, count| {
            let absent = to_figure(Err(reason), count);
            (absent, absent)
        };
        let benchmark = benchmark_returns(self.market, self.session);
        let Some((benchmark, of_benchmark)) = benchmark.zip(self.statistics.benchmark()) else {
            return both(Absence::NoBenchmark, 0);
        };
        let (returns, moments) = match (returns, moments) {
            (Ok(returns), Ok(moments)) => (returns, moments),
            (Err(reason), _) | (_, Err(reason)) => {
                return both(reason, self.year_coverage.observations);
            }
        };
        let count = match YEAR.observations(returns.len().min(benchmark.len())) {
            Ok(count) => count,
            Err(count) => return both(Absence::TooFewObservations, count),
        };
        let (x, y) = (last_n(benchmark, count), last_n(returns, count));
        match fit_line(
            x,
            of_benchmark.or_from_series(x),
            y,
            moments.or_from_series(y),
        ) {
            Ok(line) => (
                to_figure(Ok(line.slope), count),
                to_figure(line.r_squared, count),
            ),
            Err(reason) => both(reason, count),
        }
    }

    fn tail_risk(
        &self,
        returns: Result<&[f64], Absence>,
        moments: Result<Moments, Absence>,
    ) -> (Figure, Figure) {
        let count = self.year_coverage.observations;
        let tail = returns.and_then(|returns| {
            let limit = moments?.mean - OUTSIDE_TAIL * moments?.deviation();
            lower_tail_with_limit(returns, TAIL_SHARE, limit)
        });
        match tail {
            Ok(tail) => (
                to_figure(Ok(tail.quantile), count),
                to_figure(Ok(tail.mean), count),
            ),
            Err(reason) => (to_figure(Err(reason), count), to_figure(Err(reason), count)),
        }
    }

    /// Mean pairwise correlation, and the number of independent holdings it amounts to.
    fn diversification(&self) -> (Figure, Figure) {
        let count = self.year_coverage.observations;
        let correlation = self
            .weighted_sum
            .as_ref()
            .map_err(|reason| *reason)
            .and_then(|blend| {
                if self.year_coverage.holdings < 2 {
                    return Err(Absence::SingleHolding);
                }
                blend.mean_correlation(self.varying_count)
            });
        let effective = correlation.and_then(|correlation| {
            let holdings = self.varying_count as f64;
            let spread = 1.0 + (holdings - 1.0) * correlation;
            if spread > f64::EPSILON * holdings {
                Ok(holdings / spread)
            } else {
                Err(Absence::NoVariance)
            }
        });
        (to_figure(correlation, count), to_figure(effective, count))
    }
}

/// The exposure to a factor, given the sum of its betas.
fn factor_exposure(total: &Total) -> FactorExposure {
    let sum = total.coverage.check_enough().map(|()| total.sum);
    FactorExposure {
        exposure: to_figure(sum, total.coverage.observations),
        covered_share: total.coverage.share(),
    }
}

/// The result of a shock, given the sum of its moves.
fn shock_result(total: &Total) -> Figure {
    let sum = total.coverage.check_enough().map(|()| total.sum);
    to_figure(sum, total.coverage.holdings)
}

fn absent_risk(market: &Market, reason: Absence) -> Risk {
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
