//! Phase 6: computes the risk of a cell from the returns of the day's holdings at the day's
//! weights, in the currency of the portfolio. Formulas and minima: `docs/numbers.md`, risk.

use super::market::Market;
use super::moments::Moments;
use super::series::{fit_line, last_n, lower_tail_with_limit, to_figure};
use super::session_statistics::{RiskTable, SessionStatistics};
use super::valuation::Valuation;
use super::weighted_sum::{Series, WeightedSum};
use super::weights::{HoldingCoverage, Total, Weights};
use super::windows::{WINDOWS, YEAR};
use crate::domain::output::{FactorExposure, Risk};
use crate::domain::{Absence, Currency, Figure};

/// The share of sessions whose return is below value at risk.
const TAIL_SHARE: f64 = 0.05;

/// Standard deviations below the mean at which the tail is expected to end. About a tenth of the
/// returns lie lower, twice the tail. It only saves work and never changes a figure.
const TAIL_LIMIT_DEVIATIONS: f64 = 1.2;

/// Computes the risk of a cell of a portfolio in `currency`. Without positive NAV or holdings every
/// figure is absent.
///
/// # Panics
///
/// If `statistics` are of another session, or lack a security that the cell holds.
pub fn risk(
    market: &Market,
    statistics: &SessionStatistics,
    session: usize,
    currency: Currency,
    valuation: &Valuation,
) -> Risk {
    assert_eq!(session, statistics.session(), "statistics of the session");
    let table = statistics.risk_table(currency);
    match Weights::new(table, valuation) {
        Ok(weights) => CellRisk::new(market, table, session, &weights).risk(),
        Err(reason) => absent_risk(market, reason),
    }
}

/// A cell with weights, and its return series over a year.
struct CellRisk<'a> {
    market: &'a Market,
    table: &'a RiskTable,
    session: usize,
    weights: &'a Weights<'a>,
    /// The holdings with enough history for the year's window.
    year_coverage: HoldingCoverage,
    /// The sums over a year, or the reason that there are none.
    weighted_sum: Result<WeightedSum, Absence>,
    /// Number of covered holdings whose returns vary.
    varying_count: usize,
}

impl<'a> CellRisk<'a> {
    fn new(
        market: &'a Market,
        table: &'a RiskTable,
        session: usize,
        weights: &'a Weights<'a>,
    ) -> Self {
        let year = weights.with_history(YEAR);
        let mut cell = Self {
            market,
            table,
            session,
            weights,
            year_coverage: year,
            weighted_sum: Err(Absence::TooLittleCovered),
            varying_count: 0,
        };
        if year.is_enough() {
            let series = cell.holding_series(YEAR.minimum, year.observations);
            cell.varying_count = series
                .iter()
                .filter(|series| series.standardizing_scale > 0.0)
                .count();
            cell.weighted_sum = Ok(WeightedSum::from_series(&series, year.observations));
        }
        cell
    }

    /// Returns the series of the holdings with at least `minimum` returns, over the last `count`
    /// sessions.
    fn holding_series(&self, minimum: usize, count: usize) -> Vec<Series<'a>> {
        let holdings = &self.weights.holdings;
        // Room for all of them: growing it cost three more allocations a cell.
        let mut series = Vec::with_capacity(holdings.len());
        for holding in holdings
            .iter()
            .filter(|holding| holding.inputs.return_count >= minimum)
        {
            let returns = (holding.inputs).returns(self.market, self.session, count);
            // The moments of a year are shared by all holders; a shorter interval has its own.
            let standardizing_scale = if holding.inputs.moments.count == count {
                holding.inputs.standardizing_scale
            } else {
                Moments::from_series(returns).standardizing_scale()
            };
            series.push(Series {
                returns,
                weight: holding.weight,
                standardizing_scale,
            });
        }
        series
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
            factors: match self.table.factor_absence() {
                Some(reason) => vec![absent_exposure(reason); factors.len()],
                None => factors.iter().map(factor_exposure).collect(),
            },
            stress: shocks.iter().map(shock_result).collect(),
        }
    }

    /// Returns the volatility for each window. A shorter window uses the end of the year's series
    /// if it covers the same holdings, and a series of its own if it covers younger ones too.
    fn volatility(
        &self,
        year: Result<&[f64], Absence>,
        moments: Result<Moments, Absence>,
    ) -> [Figure; 3] {
        let per_year = self.market.sessions_per_year();
        WINDOWS.map(|window| {
            if window == YEAR {
                return to_figure(
                    moments.and_then(|moments| moments.volatility(per_year)),
                    self.year_coverage.observations,
                );
            }
            let covered = self.weights.with_history(window);
            let count = covered.observations;
            let volatility = covered.check_enough().and_then(|()| match year {
                // A shorter window covers at least the year's holdings, so equal numbers mean the
                // same ones; and the year's series is at least as long.
                Ok(returns) if covered.holdings == self.year_coverage.holdings => {
                    Moments::from_series(last_n(returns, count)).volatility(per_year)
                }
                _ => {
                    let sums = WeightedSum::from_series(
                        &self.holding_series(window.minimum, count),
                        count,
                    );
                    Moments::from_series(sums.returns()).volatility(per_year)
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
        let benchmark = match self.table.benchmark() {
            Ok(benchmark) => benchmark,
            Err(reason) => return both(reason, 0),
        };
        let (returns, moments) = match (returns, moments) {
            (Ok(returns), Ok(moments)) => (returns, moments),
            (Err(reason), _) | (_, Err(reason)) => {
                return both(reason, self.year_coverage.observations);
            }
        };
        let count = match YEAR.observations(returns.len().min(benchmark.returns.len())) {
            Ok(count) => count,
            Err(count) => return both(Absence::TooFewObservations, count),
        };
        let (x, y) = (last_n(&benchmark.returns, count), last_n(returns, count));
        match fit_line(
            x,
            benchmark.moments.or_from_series(x),
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
            // Most returns lie above the limit. Leaving them unsorted saves most of the work.
            let limit = moments?.mean - TAIL_LIMIT_DEVIATIONS * moments?.deviation();
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

    /// Returns the mean pairwise correlation and the effective number of independent holdings.
    fn diversification(&self) -> (Figure, Figure) {
        let count = self.year_coverage.observations;
        let correlation = self
            .weighted_sum
            .as_ref()
            .map_err(|reason| *reason)
            .and_then(|sums| {
                if self.year_coverage.holdings < 2 {
                    return Err(Absence::SingleHolding);
                }
                sums.mean_correlation(self.varying_count)
            });
        let effective = correlation.and_then(|correlation| {
            let holdings = self.varying_count as f64;
            let divisor = 1.0 + (holdings - 1.0) * correlation;
            // The mean correlation of n series is at least −1/(n − 1). There the divisor is zero
            // but for rounding, and the quotient would be noise.
            if divisor > f64::EPSILON * holdings {
                Ok(holdings / divisor)
            } else {
                Err(Absence::NoVariance)
            }
        });
        (to_figure(correlation, count), to_figure(effective, count))
    }
}

/// Returns the exposure to a factor from the weighted sum of its betas.
fn factor_exposure(total: &Total) -> FactorExposure {
    let sum = total.coverage.check_enough().map(|()| total.sum);
    FactorExposure {
        exposure: to_figure(sum, total.coverage.observations),
        covered_share: total.coverage.share(),
    }
}

/// Returns the result of a shock from the weighted sum of its moves.
fn shock_result(total: &Total) -> Figure {
    let sum = total.coverage.check_enough().map(|()| total.sum);
    to_figure(sum, total.coverage.holdings)
}

const fn absent_exposure(reason: Absence) -> FactorExposure {
    FactorExposure {
        exposure: Figure::absent(reason, 0),
        covered_share: 0.0,
    }
}

fn absent_risk(market: &Market, reason: Absence) -> Risk {
    let absent = Figure::absent(reason, 0);
    Risk {
        volatility: [absent; 3],
        beta: absent,
        r_squared: absent,
        var_95: absent,
        cvar_95: absent,
        correlation: absent,
        effective_number: absent,
        covered_share: absent,
        factors: vec![absent_exposure(reason); market.factors().len()],
        stress: vec![absent; market.shocks().len()],
    }
}

#[cfg(test)]
mod tests;
