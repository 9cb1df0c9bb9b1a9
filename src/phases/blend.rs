//! Weighted sums of many return series, session by session: the inner loop of risk.
//!
//! Two sums are formed in one pass over the same returns: that of a portfolio, with its weights,
//! and that of its holdings at one over their spread, from which the mean of all pairwise
//! correlations follows without forming a single pair. Each session adds its holdings in their
//! order, so the bits do not depend on how sessions are blocked.

use super::moments::{LANES, Moments};
use super::securities::YEAR;
use crate::domain::Absence;

/// One holding's returns, and what they count for in each sum.
pub(super) struct Strand<'a> {
    /// Oldest first.
    pub(super) returns: &'a [f64],
    /// In the portfolio's returns.
    pub(super) weight: f64,
    /// In the sum of equal spreads: one over the root of its squared deviations, or zero for a
    /// series that does not vary.
    pub(super) evened: f64,
}

/// Both sums over one stretch of at most a year's sessions.
pub(super) struct Blend {
    count: usize,
    weighted: [f64; YEAR.sessions],
    evened: [f64; YEAR.sessions],
}

impl Blend {
    /// The sums over `count` sessions, which every strand has.
    pub(super) fn of(strands: &[Strand<'_>], count: usize) -> Self {
        let mut blend = Self {
            count,
            weighted: [0.0; YEAR.sessions],
            evened: [0.0; YEAR.sessions],
        };
        let whole = count - count % LANES;
        for from in (0..whole).step_by(LANES) {
            let (weighted, evened) = block::<LANES>(strands, from);
            blend.weighted[from..from + LANES].copy_from_slice(&weighted);
            blend.evened[from..from + LANES].copy_from_slice(&evened);
        }
        for from in whole..count {
            ([blend.weighted[from]], [blend.evened[from]]) = block::<1>(strands, from);
        }
        blend
    }

    /// The portfolio's returns, oldest first.
    pub(super) fn returns(&self) -> &[f64] {
        &self.weighted[..self.count]
    }

    /// The mean of the pairwise correlations of `varying` strands, those that are evened and not
    /// left out: with each scaled to length one, the square of their sum is their number plus
    /// twice the sum of all correlations.
    pub(super) fn mean_correlation(&self, varying: usize) -> Result<f64, Absence> {
        if varying < 2 {
            return Err(Absence::NoVariance);
        }
        let count = varying as f64;
        let square = Moments::of(&self.evened[..self.count]).squares;
        Ok(((square - count) / (count * (count - 1.0))).clamp(-1.0, 1.0))
    }
}

#[inline]
fn block<const N: usize>(strands: &[Strand<'_>], from: usize) -> ([f64; N], [f64; N]) {
    let (mut weighted, mut evened) = ([0.0; N], [0.0; N]);
    for strand in strands {
        let (returns, _) = strand.returns[from..]
            .split_first_chunk::<N>()
            .expect("a block lies within the series");
        for lane in 0..N {
            weighted[lane] += strand.weight * returns[lane];
            evened[lane] += strand.evened * returns[lane];
        }
    }
    (weighted, evened)
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
    fn the_mean_correlation_is_that_of_the_pairs() {
        let waves: Vec<_> = [0.7, 0.9, 1.3, 2.9].map(|pace| wave(133, pace)).into();
        let strands: Vec<_> = waves
            .iter()
            .map(|returns| Strand {
                returns,
                weight: 0.25,
                evened: 1.0 / Moments::of(returns).squares.sqrt(),
            })
            .collect();
        let mut pairs = Vec::new();
        for (at, x) in waves.iter().enumerate() {
            pairs.extend(waves[..at].iter().map(|y| correlation(x, y)));
        }
        let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
        let blended = Blend::of(&strands, 133).mean_correlation(4).unwrap();
        assert!((blended - mean).abs() < 1e-13, "{blended} is not {mean}");
    }

    #[test]
    fn every_session_is_the_weighted_sum() {
        let (a, b) = (wave(13, 0.7), wave(13, 1.9));
        let strand = |returns, weight| Strand {
            returns,
            weight,
            evened: 0.0,
        };
        let blend = Blend::of(&[strand(&a, 2.0), strand(&b, -0.5)], 13);
        let sums: Vec<_> = a.iter().zip(&b).map(|(a, b)| 2.0 * a + -0.5 * b).collect();
        assert_eq!(blend.returns(), sums);
    }
}
