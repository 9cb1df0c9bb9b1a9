//! Computes weighted sums of many return series, session by session: the inner loop of risk.
//!
//! One pass over the returns forms two sums: the portfolio's returns, with its weights, and the sum
//! of the standardized series, from which the mean of all pairwise correlations follows without
//! forming a pair. Each session adds its holdings in their order, so the bits do not depend on how
//! holdings are grouped.

use multiversion::multiversion;

use super::moments::Moments;
use crate::domain::Absence;

/// Number of holdings added in one pass over the sums: enough to be bound by arithmetic instead of
/// memory, and few enough to stay in registers.
const GROUP: usize = 4;

/// The returns of one holding, with their factor in each sum.
pub(super) struct Series<'a> {
    /// Returns of the interval, oldest first.
    pub(super) returns: &'a [f64],
    /// Factor in the portfolio's returns: value ÷ NAV, signed.
    pub(super) weight: f64,
    /// Factor in the standardized sum: one over the root of the series' sum of squared deviations,
    /// or zero for a series that does not vary.
    pub(super) standardizing_scale: f64,
}

/// Both sums over one interval of sessions.
pub(super) struct WeightedSum {
    weighted: Vec<f64>,
    standardized: Vec<f64>,
}

impl WeightedSum {
    /// Computes the sums over `count` sessions; every series has at least as many returns.
    pub(super) fn from_series(series: &[Series<'_>], count: usize) -> Self {
        let mut weighted = vec![0.0; count];
        let mut standardized = vec![0.0; count];
        add_all_series(series, &mut weighted, &mut standardized);
        Self {
            weighted,
            standardized,
        }
    }

    /// Returns the portfolio's returns, oldest first.
    pub(super) fn returns(&self) -> &[f64] {
        &self.weighted
    }

    /// Returns the mean pairwise correlation of the series that vary, of which there are `varying`.
    /// With each scaled to length one, the square of their sum is their number plus twice the sum
    /// of all correlations.
    pub(super) fn mean_correlation(&self, varying: usize) -> Result<f64, Absence> {
        if varying < 2 {
            return Err(Absence::NoVariance);
        }
        let count = varying as f64;
        let square = Moments::from_series(&self.standardized).squares;
        // Rounding can leave the mean of perfectly correlated series just above one.
        Ok(((square - count) / (count * (count - 1.0))).clamp(-1.0, 1.0))
    }
}

/// Adds all series to both sums, in the widest registers that the processor has. Each session is a
/// sum of its own, so the width does not change its bits.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn add_all_series(series: &[Series<'_>], weighted: &mut [f64], standardized: &mut [f64]) {
    let (groups, rest) = series.as_chunks::<GROUP>();
    for group in groups {
        add_series(group, weighted, standardized);
    }
    for single in rest {
        add_series(std::array::from_ref(single), weighted, standardized);
    }
}

/// Adds a group of series, in order, to each session of both sums.
#[inline(always)]
fn add_series<const N: usize>(
    series: &[Series<'_>; N],
    weighted: &mut [f64],
    standardized: &mut [f64],
) {
    // Cut to one length first: the compiler then drops the bounds checks of the loop.
    let count = weighted.len();
    let standardized = &mut standardized[..count];
    let returns = series.each_ref().map(|series| &series.returns[..count]);
    let weights = series.each_ref().map(|series| series.weight);
    let scales = series.each_ref().map(|series| series.standardizing_scale);
    for at in 0..count {
        // Holdings in order within each session: another order would change the last bits.
        for holding in 0..N {
            weighted[at] += weights[holding] * returns[holding][at];
            standardized[at] += scales[holding] * returns[holding][at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phases::series;

    fn wave(length: usize, pace: f64) -> Vec<f64> {
        (0..length)
            .map(|at| (at as f64 * pace).sin() * 0.01)
            .collect()
    }

    fn correlation(x: &[f64], y: &[f64]) -> f64 {
        let line = series::ols(x, y).unwrap();
        line.slope.signum() * line.r_squared.unwrap().sqrt()
    }

    #[test]
    fn mean_correlation_equals_the_mean_over_pairs() {
        let waves: Vec<_> = [0.7, 0.9, 1.3, 2.9].map(|pace| wave(133, pace)).into();
        let series: Vec<_> = waves
            .iter()
            .map(|returns| Series {
                returns,
                weight: 0.25,
                standardizing_scale: 1.0 / Moments::from_series(returns).squares.sqrt(),
            })
            .collect();
        let mut pairs = Vec::new();
        for (at, x) in waves.iter().enumerate() {
            pairs.extend(waves[..at].iter().map(|y| correlation(x, y)));
        }
        let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
        let computed = WeightedSum::from_series(&series, 133)
            .mean_correlation(4)
            .unwrap();
        assert!((computed - mean).abs() < 1e-13, "{computed} is not {mean}");
    }

    #[test]
    fn each_session_is_the_weighted_sum() {
        let (a, b) = (wave(13, 0.7), wave(13, 1.9));
        let series = |returns, weight| Series {
            returns,
            weight,
            standardizing_scale: 0.0,
        };
        let computed = WeightedSum::from_series(&[series(&a, 2.0), series(&b, -0.5)], 13);
        let sums: Vec<_> = a.iter().zip(&b).map(|(a, b)| 2.0 * a + -0.5 * b).collect();
        assert_eq!(computed.returns(), sums);
    }
}
