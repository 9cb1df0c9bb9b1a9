//! Adds up a series in one fixed order that the compiler can still vectorize: the values go to
//! eight lanes in turn, and the lanes are then added one after the other. The same slice gives the
//! same bits on any thread and at any vector width.

use multiversion::multiversion;

/// Number of partial sums. It defines the order of every sum: changing it changes bits of results.
const LANES: usize = 8;

/// Largest standard deviation, relative to the mean, that counts as rounding and not as variance.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Mean and spread of a series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Moments {
    /// Number of observations in the series.
    pub(super) count: usize,
    /// Arithmetic mean; zero for an empty series.
    pub(super) mean: f64,
    /// Sum of squared deviations from the mean; exactly zero if they are no more than rounding.
    pub(super) squares: f64,
}

impl Moments {
    /// Computes the moments of a series, in two passes: mean, then deviations.
    pub(super) fn from_series(series: &[f64]) -> Self {
        let count = series.len();
        if count == 0 {
            return Self::default();
        }
        let (mean, squares) = mean_and_squares(series);
        // A constant such as 0.1 has a mean that is off in the last place. Without this check it
        // would have a tiny variance, and figures that divide by it would be noise.
        let noise = ROUNDING * mean;
        let varies = squares > count as f64 * noise * noise;
        Self {
            count,
            mean,
            squares: if varies { squares } else { 0.0 },
        }
    }

    /// Returns these moments if they have as many observations as `series`, and otherwise computes
    /// those of `series`. The caller guarantees that a series of equal length is the same one.
    pub(super) fn or_from_series(self, series: &[f64]) -> Self {
        if self.count == series.len() {
            self
        } else {
            Self::from_series(series)
        }
    }

    /// Returns whether the series varies by more than rounding.
    pub(super) fn has_variance(&self) -> bool {
        self.squares > 0.0
    }

    /// Returns the factor that scales the series, less its mean, to length one; zero if it does not
    /// vary.
    pub(super) fn standardizing_scale(&self) -> f64 {
        if self.has_variance() {
            1.0 / self.squares.sqrt()
        } else {
            0.0
        }
    }

    /// Returns the sample standard deviation (n − 1). Needs two observations.
    pub(super) fn deviation(&self) -> f64 {
        (self.squares / (self.count as f64 - 1.0)).sqrt()
    }
}

/// Returns the mean and Σ (x − mean)² of a series that is not empty.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn mean_and_squares(series: &[f64]) -> (f64, f64) {
    let mean = reduce(series, |value| value) / series.len() as f64;
    let squares = reduce(series, |value| (value - mean) * (value - mean));
    (mean, squares)
}

/// Returns Σ (x − mean of x) × (y − mean of y). Both series have the same length.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn co_deviation(x: &[f64], mean_x: f64, y: &[f64], mean_y: f64) -> f64 {
    reduce_pairs(x, y, |x, y| (x - mean_x) * (y - mean_y))
}

/// Returns Σ x × y. Both series have the same length.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    reduce_pairs(x, y, |x, y| x * y)
}

#[inline(always)]
fn reduce(series: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    // One running sum could not be vectorized: its additions would have to be reordered, and that
    // changes bits. Eight independent lanes are an order that wide registers can follow.
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = series.as_chunks::<LANES>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += term(*value);
        }
    }
    // The rest is shorter than a block and goes to the first lanes.
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    fold(&lanes)
}

#[inline(always)]
fn reduce_pairs(x: &[f64], y: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    // Zipped blocks would drop the end of the longer series without notice.
    assert_eq!(x.len(), y.len(), "series of one length");
    let mut lanes = [0.0; LANES];
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for lane in 0..LANES {
            lanes[lane] += term(x[lane], y[lane]);
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *lane += term(*x, *y);
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
