//! Weighted sums of many return series, session by session: the inner loop of risk.
//!
//! Two sums are formed in one pass over the same returns: that of a portfolio, with its weights,
//! and that of its holdings at one over their spread, from which the mean of all pairwise
//! correlations follows without forming a single pair. Each session adds its holdings in their
//! order, so the bits do not depend on how holdings are grouped.

use multiversion::multiversion;

use super::moments::Moments;
use crate::domain::Absence;

/// How many holdings are added in one pass over the sums: enough to be bound by arithmetic, and few
/// enough to stay in registers.
const GROUP: usize = 4;

/// One holding's returns, and what they count for in each sum.
pub(super) struct Series<'a> {
    /// Oldest first.
    pub(super) returns: &'a [f64],
    /// In the portfolio's returns.
    pub(super) weight: f64,
    /// In the sum of equal spreads: one over the root of its squared deviations, or zero for a
    /// series that does not vary.
    pub(super) standardizing_scale: f64,
}

/// Both sums over one stretch of sessions.
pub(super) struct WeightedSum {
    weighted: Vec<f64>,
    standardized: Vec<f64>,
}

impl WeightedSum {
    /// The sums over `count` sessions, which every strand has.
    pub(super) fn from_series(strands: &[Series<'_>], count: usize) -> Self {
        let mut weighted = vec![0.0; count];
        let mut standardized = vec![0.0; count];
        add_all_series(strands, &mut weighted, &mut standardized);
        Self {
            weighted,
            standardized,
        }
    }

    /// The portfolio's returns, oldest first.
    pub(super) fn returns(&self) -> &[f64] {
        &self.weighted
    }

    /// The mean of the pairwise correlations of `varying` strands, those that are evened and not
    /// left out: with each scaled to length one, the square of their sum is their number plus
    /// twice the sum of all correlations.
    pub(super) fn mean_correlation(&self, varying: usize) -> Result<f64, Absence> {
        if varying < 2 {
            return Err(Absence::NoVariance);
        }
        let count = varying as f64;
        let square = Moments::from_series(&self.standardized).squares;
        Ok(((square - count) / (count * (count - 1.0))).clamp(-1.0, 1.0))
    }
}

/// Adds all strands, in the widest registers that the processor has. Each session is a sum of its
/// own, so their width can't be seen in it.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn add_all_series(strands: &[Series<'_>], weighted: &mut [f64], evened: &mut [f64]) {
    let (groups, rest) = strands.as_chunks::<GROUP>();
    for group in groups {
        add_series(group, weighted, evened);
    }
    for strand in rest {
        add_series(std::array::from_ref(strand), weighted, evened);
    }
}

/// Adds strands, one after the other, to each session of both sums.
#[inline(always)]
fn add_series<const N: usize>(strands: &[Series<'_>; N], weighted: &mut [f64], evened: &mut [f64]) {
    let count = weighted.len();
    let evened = &mut evened[..count];
    let returns = strands.each_ref().map(|strand| &strand.returns[..count]);
    let weights = strands.each_ref().map(|strand| strand.weight);
    let scales = strands.each_ref().map(|strand| strand.standardizing_scale);
    for at in 0..count {
        for strand in 0..N {
            weighted[at] += weights[strand] * returns[strand][at];
            evened[at] += scales[strand] * returns[strand][at];
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
        let strands: Vec<_> = waves
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
        let blended = WeightedSum::from_series(&strands, 133)
            .mean_correlation(4)
            .unwrap();
        assert!((blended - mean).abs() < 1e-13, "{blended} is not {mean}");
    }

    #[test]
    fn each_session_is_the_weighted_sum() {
        let (a, b) = (wave(13, 0.7), wave(13, 1.9));
        let strand = |returns, weight| Series {
            returns,
            weight,
            standardizing_scale: 0.0,
        };
        let blend = WeightedSum::from_series(&[strand(&a, 2.0), strand(&b, -0.5)], 13);
        let sums: Vec<_> = a.iter().zip(&b).map(|(a, b)| 2.0 * a + -0.5 * b).collect();
        assert_eq!(blend.returns(), sums);
    }
}
