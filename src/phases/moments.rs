//! Sums over a series, in one fixed order that the compiler can still vectorize: eight lanes, each
//! summed in series, then added up one after the other. The same slice gives the same bits on any
//! thread and at any vector width.

use multiversion::multiversion;

/// How many partial sums run side by side. Part of what a number is: changing it changes bits.
const LANES: usize = 8;

/// How far, in units of the mean's last place, a series may stray from its mean by rounding
/// alone.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Mean and spread of a series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Moments {
    /// Number of observations.
    pub(super) count: usize,
    /// Mean, zero for an empty series.
    pub(super) mean: f64,
    /// Sum of the squared deviations from the mean; exactly zero for a series that does not vary
    /// but for rounding.
    pub(super) squares: f64,
}

impl Moments {
    /// The moments of a series, in two passes.
    pub(super) fn from_series(series: &[f64]) -> Self {
        let count = series.len();
        if count == 0 {
            return Self::default();
        }
        let (mean, squares) = mean_and_squares(series);
        let stray = ROUNDING * mean;
        let varies = squares > count as f64 * stray * stray;
        Self {
            count,
            mean,
            squares: if varies { squares } else { 0.0 },
        }
    }

    /// These, where they are of as many observations as `series`, which they are then taken to be
    /// of; or else those of `series`.
    pub(super) fn or_from_series(self, series: &[f64]) -> Self {
        if self.count == series.len() {
            self
        } else {
            Self::from_series(series)
        }
    }

    /// Whether the series varies by more than rounding.
    pub(super) fn has_variance(&self) -> bool {
        self.squares > 0.0
    }

    /// What brings the series, less its mean, to length one; zero where it does not vary.
    pub(super) fn standardizing_scale(&self) -> f64 {
        if self.has_variance() {
            1.0 / self.squares.sqrt()
        } else {
            0.0
        }
    }

    /// Sample standard deviation (n − 1); needs two observations.
    pub(super) fn deviation(&self) -> f64 {
        (self.squares / (self.count as f64 - 1.0)).sqrt()
    }
}

/// Mean, and Σ (x − mean)², of a series that is not empty.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn mean_and_squares(series: &[f64]) -> (f64, f64) {
    let mean = reduce(series, |value| value) / series.len() as f64;
    let squares = reduce(series, |value| (value - mean) * (value - mean));
    (mean, squares)
}

/// Σ (x − mean of x) × (y − mean of y), over series of one length.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn co_deviation(x: &[f64], mean_x: f64, y: &[f64], mean_y: f64) -> f64 {
    reduce_pairs(x, y, |x, y| (x - mean_x) * (y - mean_y))
}

/// Σ x × y, over series of one length.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    reduce_pairs(x, y, |x, y| x * y)
}

#[inline(always)]
fn reduce(series: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = series.as_chunks::<LANES>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += of(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += of(*value);
    }
    fold(&lanes)
}

#[inline(always)]
fn reduce_pairs(x: &[f64], y: &[f64], of: impl Fn(f64, f64) -> f64) -> f64 {
    assert_eq!(x.len(), y.len(), "series of one length");
    let mut lanes = [0.0; LANES];
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for lane in 0..LANES {
            lanes[lane] += of(x[lane], y[lane]);
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *lane += of(*x, *y);
    }
    fold(&lanes)
}

fn fold(lanes: &[f64; LANES]) -> f64 {
    lanes.iter().fold(0.0, |sum, lane| sum + lane)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reduce_sums_every_length() {
        for count in 0..40 {
            let series: Vec<_> = (1..=count).map(f64::from).collect();
            let sum = f64::from(count * (count + 1) / 2);
            assert_eq!(reduce(&series, |value| value), sum);
            assert_eq!(
                dot(&series, &series),
                series.iter().map(|x| x * x).sum::<f64>()
            );
        }
    }

    #[test]
    fn moments_match_a_textbook_example() {
        let moments = Moments::from_series(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((moments.mean, moments.squares), (5.0, 32.0));
        assert_eq!(moments.deviation(), (32.0_f64 / 7.0).sqrt());
    }

    #[test]
    fn a_constant_series_has_no_variance() {
        for value in [0.0, 0.1, 1.0 / 3.0, -7e9] {
            assert!(
                !Moments::from_series(&[value; 251]).has_variance(),
                "{value}"
            );
        }
        assert!(Moments::from_series(&[0.1, 0.1 + 1e-12]).has_variance());
    }
}
