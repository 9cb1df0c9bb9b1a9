//! Statistics of a series of returns, on plain slices. Returns are ratios: 0.01 is 1 %.
//!
//! The definitions are those of numpy and empyrical, so that every figure can be checked.

use super::moments::{Moments, co_deviation};
use crate::domain::{Absence, Figure, SessionsPerYear};

/// Returns annualised volatility: sample standard deviation (n − 1) × √ of the calendar's sessions
/// per year.
///
/// # Errors
///
/// [`Absence::TooFewObservations`] for fewer than two returns.
pub fn volatility(returns: &[f64], sessions_per_year: SessionsPerYear) -> Result<f64, Absence> {
    Moments::from_series(returns).volatility(sessions_per_year)
}

/// Returns the largest fall from a peak of the compounded series, which starts at one, as a
/// negative ratio; zero for a series that never falls.
///
/// # Errors
///
/// [`Absence::TooFewObservations`] for an empty series.
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

/// Returns the value below which `share` (0 to 1) of the series lies, interpolated linearly between
/// two neighbours: numpy's default, type 7 of Hyndman and Fan (1996).
///
/// # Errors
///
/// [`Absence::TooFewObservations`] for an empty series.
///
/// # Panics
///
/// If `share` is not between 0 and 1.
pub fn quantile(series: &[f64], share: f64) -> Result<f64, Absence> {
    lower_tail(series, share).map(|tail| tail.quantile)
}

/// Returns the mean of the ⌊(n − 1) × share⌋ + 1 lowest values: those at or below the quantile
/// (empyrical's `conditional_value_at_risk`).
///
/// # Errors
///
/// [`Absence::TooFewObservations`] for an empty series.
///
/// # Panics
///
/// If `share` is not between 0 and 1.
pub fn cvar(series: &[f64], share: f64) -> Result<f64, Absence> {
    lower_tail(series, share).map(|tail| tail.mean)
}

/// Quantile and mean of the low end of a series.
pub(super) struct LowerTail {
    pub(super) quantile: f64,
    /// Mean of the values at or below the quantile.
    pub(super) mean: f64,
}

/// Computes the lower tail of a series. The mean sums from the lowest value up.
fn lower_tail(series: &[f64], share: f64) -> Result<LowerTail, Absence> {
    lower_tail_with_limit(series, share, f64::INFINITY)
}

/// Computes the [`lower_tail`] of a series whose tail is expected below `limit`. If enough values
/// lie there, the others are not sorted, which saves most of the work; if not, one pass is wasted.
/// The result does not depend on `limit`.
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
    // One value more than the tail: the quantile lies between the last of it and the next.
    let kept = (below + 2).min(series.len());
    let mut low = vec![0.0; series.len()];
    let mut count = 0;
    for value in series {
        // A branch would be mispredicted, because low returns come at random. So each value is
        // written, and a low one also moves the index, which never exceeds the values read.
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

/// Returns the `count` lowest values, ascending; equal values keep their order.
fn lowest(series: &[f64], count: usize) -> Vec<f64> {
    // Inserts into a short sorted list: the 5 % tail of a year's 252 returns needs 14 of them, and
    // a value above those is dropped after one comparison.
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

/// A line fitted to points by ordinary least squares with an intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Change of y per unit of x: the beta.
    pub slope: f64,
    /// Value of y at x = 0: the alpha.
    pub intercept: f64,
    /// Share of y's variance that the line explains, 0 to 1; absent if y does not vary.
    pub r_squared: Result<f64, Absence>,
}

/// Fits the line of `y` on `x`.
///
/// # Errors
///
/// [`Absence::TooFewObservations`] for fewer than two points, [`Absence::NoVariance`] if `x` does
/// not vary.
///
/// # Panics
///
/// If the series differ in length.
pub fn ols(x: &[f64], y: &[f64]) -> Result<Line, Absence> {
    fit_line(x, Moments::from_series(x), y, Moments::from_series(y))
}

/// Fits the line of [`ols`] to series whose moments are known already.
pub(super) fn fit_line(
    x: &[f64],
    moments_x: Moments,
    y: &[f64],
    moments_y: Moments,
) -> Result<Line, Absence> {
    if moments_x.count < 2 {
        return Err(Absence::TooFewObservations);
    }
    if !moments_x.has_variance() {
        return Err(Absence::NoVariance);
    }
    if !moments_y.has_variance() {
        return Ok(Line {
            slope: 0.0,
            intercept: moments_y.mean,
            r_squared: Err(Absence::NoVariance),
        });
    }
    let together = co_deviation(x, moments_x.mean, y, moments_y.mean);
    let slope = together / moments_x.squares;
    Ok(Line {
        slope,
        intercept: moments_y.mean - slope * moments_x.mean,
        // Rounding can leave a perfect fit just above one.
        r_squared: Ok((slope * (together / moments_y.squares)).clamp(0.0, 1.0)),
    })
}

impl Moments {
    /// Returns the annualised volatility; needs two observations.
    pub(super) fn volatility(&self, sessions_per_year: SessionsPerYear) -> Result<f64, Absence> {
        if self.count < 2 {
            return Err(Absence::TooFewObservations);
        }
        Ok(self.deviation() * sessions_per_year.root())
    }
}

/// Turns a value or the reason of its absence into a figure with its number of observations.
pub(super) fn to_figure(value: Result<f64, Absence>, observations: usize) -> Figure {
    let observations = u32::try_from(observations).expect("observations are counted in sessions");
    match value {
        Ok(value) => Figure::new(value, observations),
        Err(reason) => Figure::absent(reason, observations),
    }
}

/// Returns the last `count` values of a series, which must be at least as long.
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
        assert_eq!(volatility(&[0.1], SessionsPerYear::EXCHANGE), few);
        assert_eq!(max_drawdown(&[]), few);
        assert_eq!(quantile(&[], 0.05), few);
        assert_eq!(ols(&[1.0], &[1.0]), Err(Absence::TooFewObservations));
    }

    #[test]
    fn series_without_variance_do_not_divide_by_zero() {
        assert_eq!(volatility(&[0.1; 9], SessionsPerYear::EXCHANGE), Ok(0.0));
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
