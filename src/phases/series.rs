//! Statistics of a series of returns, on plain slices. Returns are ratios: 0.01 is 1 %.
//!
//! The definitions are those of numpy and empyrical, so that anyone can check a figure.

use super::moments::{Moments, co_deviation};
use crate::domain::{Absence, Figure};

/// Sessions to a year, by convention.
pub const SESSIONS_PER_YEAR: f64 = 252.0;

/// Annualised volatility: sample standard deviation (n − 1) × √252. Needs two returns.
pub fn volatility(returns: &[f64]) -> Result<f64, Absence> {
    Moments::from_series(returns).volatility()
}

/// Sharpe ratio at a riskless rate of zero: mean ÷ sample standard deviation × √252. Needs two
/// returns that vary.
pub fn sharpe(returns: &[f64]) -> Result<f64, Absence> {
    let moments = Moments::from_series(returns);
    if moments.count >= 2 && !moments.has_variance() {
        return Err(Absence::NoVariance);
    }
    let volatility = moments.volatility()?;
    Ok(moments.mean * SESSIONS_PER_YEAR / volatility)
}

/// Largest fall from a peak of the compounded series, which starts at one, as a negative ratio;
/// zero for a series that never falls. Needs one return.
pub fn max_drawdown(returns: &[f64]) -> Result<f64, Absence> {
    if returns.is_empty() {
        return Err(Absence::TooFewObservations);
    }
    let (mut wealth, mut peak, mut worst) = (1.0, 1.0_f64, 0.0_f64);
    for change in returns {
        wealth *= 1.0 + change;
        peak = peak.max(wealth);
        worst = worst.min(wealth / peak - 1.0);
    }
    Ok(worst)
}

/// The value below which `share` (0 to 1) of the series lies, between two neighbours by linear
/// interpolation (numpy's default). Needs one value.
pub fn quantile(series: &[f64], share: f64) -> Result<f64, Absence> {
    lower_tail(series, share).map(|tail| tail.quantile)
}

/// Mean of the ⌊(n − 1) × share⌋ + 1 lowest values: those at or below the quantile (empyrical's
/// `conditional_value_at_risk`). Needs one value.
pub fn cvar(series: &[f64], share: f64) -> Result<f64, Absence> {
    lower_tail(series, share).map(|tail| tail.mean)
}

/// The low end of a series.
pub(super) struct LowerTail {
    pub(super) quantile: f64,
    /// Mean of what lies at or below the quantile.
    pub(super) mean: f64,
}

/// The low end of a series, which is summed from its lowest value up.
fn lower_tail(series: &[f64], share: f64) -> Result<LowerTail, Absence> {
    lower_tail_with_limit(series, share, f64::INFINITY)
}

/// The low end of a series that is believed to lie below a `limit`. Where enough of the series
/// does, the rest is not put in order, which is most of the work; where not, nothing was lost but
/// one look.
pub(super) fn lower_tail_with_limit(
    series: &[f64],
    share: f64,
    limit: f64,
) -> Result<LowerTail, Absence> {
    assert!((0.0..=1.0).contains(&share), "a share, not {share}");
    let Some(last) = series.len().checked_sub(1) else {
        return Err(Absence::TooFewObservations);
    };
    let rank = last as f64 * share;
    let below = (rank.floor() as usize).min(last);
    let kept = (below + 2).min(series.len());
    let mut low = vec![0.0; series.len()];
    let mut count = 0;
    for value in series {
        // Without a branch: whether a return is low can't be foreseen.
        low[count] = *value;
        count += usize::from(*value < limit);
    }
    let lowest = lowest(if count < kept { series } else { &low[..count] }, kept);
    let (at, next) = (lowest[below], lowest[kept - 1]);
    let sum = lowest[..=below].iter().fold(0.0, |sum, value| sum + value);
    Ok(LowerTail {
        quantile: at + (next - at) * (rank - below as f64),
        mean: sum / (below as f64 + 1.0),
    })
}

/// The `count` lowest values, ascending; of equal ones the earlier first.
fn lowest(series: &[f64], count: usize) -> Vec<f64> {
    let mut lowest: Vec<f64> = Vec::with_capacity(count + 1);
    for &value in series {
        if lowest.len() < count || value < lowest[count - 1] {
            let above = lowest.iter().rev().take_while(|lower| **lower > value);
            lowest.insert(lowest.len() - above.count(), value);
            lowest.truncate(count);
        }
    }
    lowest
}

/// A straight line through points, by ordinary least squares with an intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Change of y per change of x: the beta.
    pub slope: f64,
    /// y where x is zero: the alpha.
    pub intercept: f64,
    /// Share of y's variance that the line explains, 0 to 1; absent where y does not vary.
    pub r_squared: Result<f64, Absence>,
}

/// The line of `y` on `x`, series of one length. Needs two points, and an x that varies.
pub fn ols(x: &[f64], y: &[f64]) -> Result<Line, Absence> {
    fit_line(x, Moments::from_series(x), y, Moments::from_series(y))
}

/// [`ols`] for series whose moments are known already.
pub(super) fn fit_line(
    x: &[f64],
    of_x: Moments,
    y: &[f64],
    of_y: Moments,
) -> Result<Line, Absence> {
    if of_x.count < 2 {
        return Err(Absence::TooFewObservations);
    }
    if !of_x.has_variance() {
        return Err(Absence::NoVariance);
    }
    if !of_y.has_variance() {
        return Ok(Line {
            slope: 0.0,
            intercept: of_y.mean,
            r_squared: Err(Absence::NoVariance),
        });
    }
    let together = co_deviation(x, of_x.mean, y, of_y.mean);
    let slope = together / of_x.squares;
    Ok(Line {
        slope,
        intercept: of_y.mean - slope * of_x.mean,
        r_squared: Ok((slope * (together / of_y.squares)).clamp(0.0, 1.0)),
    })
}

impl Moments {
    /// Annualised volatility of the series.
    pub(super) fn volatility(&self) -> Result<f64, Absence> {
        if self.count < 2 {
            return Err(Absence::TooFewObservations);
        }
        Ok(self.deviation() * SESSIONS_PER_YEAR.sqrt())
    }
}

/// The figure of a value or its absence, from so many observations.
pub(super) fn to_figure(value: Result<f64, Absence>, observations: usize) -> Figure {
    let observations = u32::try_from(observations).expect("observations are counted in sessions");
    match value {
        Ok(value) => Figure::new(value, observations),
        Err(reason) => Figure::absent(reason, observations),
    }
}

/// The last `count` of a series, which is at least so long.
pub(super) fn last_n(series: &[f64], count: usize) -> &[f64] {
    &series[series.len() - count..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn too_short_a_series_has_no_figure() {
        let few = Err(Absence::TooFewObservations);
        assert_eq!(volatility(&[0.1]), few);
        assert_eq!(sharpe(&[0.1]), few);
        assert_eq!(max_drawdown(&[]), few);
        assert_eq!(quantile(&[], 0.05), few);
        assert_eq!(ols(&[1.0], &[1.0]), Err(Absence::TooFewObservations));
    }

    #[test]
    fn series_without_variance_do_not_divide_by_zero() {
        assert_eq!(volatility(&[0.1; 9]), Ok(0.0));
        assert_eq!(sharpe(&[0.1; 9]), Err(Absence::NoVariance));
        let flat = [0.1; 3];
        assert_eq!(ols(&flat, &[1.0, 2.0, 4.0]), Err(Absence::NoVariance));
        let line = ols(&[1.0, 2.0, 4.0], &flat).unwrap();
        assert_eq!(
            (line.slope, line.r_squared),
            (0.0, Err(Absence::NoVariance))
        );
    }

    #[test]
    fn ols_recovers_a_line() {
        let x = [0.0, 1.0, 2.0, 5.0];
        let line = ols(&x, &x.map(|x| 3.0 - 2.0 * x)).unwrap();
        assert_eq!((line.slope, line.intercept), (-2.0, 3.0));
        assert_eq!(line.r_squared, Ok(1.0));
    }

    #[test]
    fn extreme_quantiles_are_min_and_max() {
        let series = [3.0, 1.0, 2.0];
        assert_eq!(quantile(&series, 0.0), Ok(1.0));
        assert_eq!(quantile(&series, 1.0), Ok(3.0));
        assert_eq!(cvar(&series, 0.0), Ok(1.0));
        assert_eq!(cvar(&series, 1.0), Ok(2.0));
    }

    proptest! {
        #[test]
        fn the_limit_does_not_change_the_lower_tail(
            series in prop::collection::vec(-9_i8..9, 1..60),
            limit in -12_i8..12,
            share in 0.0..=1.0,
        ) {
            let series: Vec<_> = series.into_iter().map(f64::from).collect();
            let all = lower_tail(&series, share).unwrap();
            let low = lower_tail_with_limit(&series, share, limit.into()).unwrap();
            prop_assert_eq!((low.quantile, low.mean), (all.quantile, all.mean));
        }

        #[test]
        fn cvar_is_the_mean_at_or_below_the_quantile(
            series in prop::collection::hash_set(-1_000_000_i32..1_000_000, 1..300)
        ) {
            let series: Vec<_> = series.into_iter().map(f64::from).collect();
            let limit = quantile(&series, 0.05).unwrap();
            let below: Vec<_> = series.iter().copied().filter(|value| *value <= limit).collect();
            let mean = below.iter().sum::<f64>() / below.len() as f64;
            prop_assert!((cvar(&series, 0.05).unwrap() - mean).abs() < 1e-6);
        }
    }
}
