//! Joint regression of securities on the factors of the risk model: ordinary least squares with an
//! intercept, over one interval of sessions.
//!
//! The part that depends on the factors alone is computed once and shared by every security with
//! returns over the same interval.

use std::collections::BTreeMap;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::moments::{Moments, co_deviation, dot};
use super::series::{last_n, to_figure};
use super::windows::YEAR;
use crate::domain::{Absence, Figure};

/// Minimum share of a factor's variance that the factors before it must leave unexplained. Below
/// it their betas cannot be told apart (`docs/numbers.md`, securities).
const MIN_OWN_VARIANCE: f64 = 1e-10;

/// The factors of a session, with the regressions on them that were prepared so far.
pub(super) struct FactorFits<'a> {
    /// Each factor's consecutive returns up to the session, at most a year of them.
    factors: Vec<&'a [f64]>,
    /// The reason that every beta is absent, if a factor has no recent close.
    absence: Option<Absence>,
    /// By number of observations; securities with equally long histories share a fit.
    fits: BTreeMap<usize, FactorFit>,
}

impl<'a> FactorFits<'a> {
    pub(super) fn new(factors: Vec<&'a [f64]>, absence: Option<Absence>) -> Self {
        Self {
            factors,
            absence,
            fits: BTreeMap::new(),
        }
    }

    /// Returns the beta of a series to each factor, in the factors' order. `moments` are those of
    /// `returns`, which end on the session.
    pub(super) fn betas(&mut self, returns: &[f64], moments: Moments) -> Vec<Figure> {
        let factors = &self.factors;
        // One joint regression: every factor needs a return on every session of the interval.
        let run = (factors.iter()).fold(returns.len(), |run, factor| run.min(factor.len()));
        let absent = |reason, count| vec![to_figure(Err(reason), count); factors.len()];
        if let Some(reason) = self.absence {
            return absent(reason, 0);
        }
        let count = match YEAR.observations(run) {
            Ok(count) => count,
            Err(count) => return absent(Absence::TooFewObservations, count),
        };
        let fit = self.fits.entry(count).or_insert_with(|| {
            let series: Vec<_> = factors.iter().map(|factor| last_n(factor, count)).collect();
            FactorFit::new(&series)
        });
        let returns = last_n(returns, count);
        match fit.betas(returns, moments.or_from_series(returns).mean) {
            Ok(betas) => betas
                .into_iter()
                .map(|beta| to_figure(Ok(beta), count))
                .collect(),
            Err(reason) => absent(reason, count),
        }
    }
}

/// Factors over an interval of sessions, prepared for regressions.
pub(super) struct FactorFit {
    /// Each factor's returns less their mean, scaled to length one.
    columns: Vec<Vec<f64>>,
    /// The length by which each column was divided.
    lengths: Vec<f64>,
    /// The factors' correlation matrix, decomposed.
    correlations: Result<Cholesky<f64, Dyn>, Absence>,
}

impl FactorFit {
    /// Prepares regressions on these factors. All series have the same length.
    pub(super) fn new(factors: &[&[f64]]) -> Self {
        let (mut columns, mut lengths) = (Vec::new(), Vec::new());
        for returns in factors {
            let moments = Moments::from_series(returns);
            let length = moments.squares.sqrt();
            // A factor that does not vary becomes a column of zeros, on which the decomposition
            // fails: it is collinear with the intercept.
            let scale = if moments.has_variance() {
                1.0 / length
            } else {
                0.0
            };
            columns.push(
                returns
                    .iter()
                    .map(|value| (value - moments.mean) * scale)
                    .collect(),
            );
            lengths.push(length);
        }
        let correlations = decompose(&columns);
        Self {
            columns,
            lengths,
            correlations,
        }
    }

    /// Returns the beta of a series to each factor, in the factors' order. `mean` is the mean of
    /// `returns`.
    pub(super) fn betas(&self, returns: &[f64], mean: f64) -> Result<Vec<f64>, Absence> {
        let correlations = self.correlations.as_ref().map_err(|reason| *reason)?;
        let along = self
            .columns
            .iter()
            // A column's mean is zero already.
            .map(|column| co_deviation(column, 0.0, returns, mean));
        let along = DVector::from_iterator(self.columns.len(), along);
        let solved = correlations.solve(&along);
        // Solved for columns of length one; dividing gives the beta to the factor itself.
        Ok(solved
            .iter()
            .zip(&self.lengths)
            .map(|(beta, length)| beta / length)
            .collect())
    }
}

fn decompose(columns: &[Vec<f64>]) -> Result<Cholesky<f64, Dyn>, Absence> {
    let count = columns.len();
    let correlations = DMatrix::from_fn(count, count, |row, column| {
        dot(&columns[row], &columns[column])
    });
    let decomposed = Cholesky::new(correlations).ok_or(Absence::Collinear)?;
    // The columns have length one, so the squared diagonal of the decomposition is the share of
    // each factor's variance that the factors before it leave unexplained. The dirty triangle is
    // not read.
    let own = decomposed.l_dirty().diagonal();
    if own.iter().any(|own| own * own < MIN_OWN_VARIANCE) {
        return Err(Absence::Collinear);
    }
    Ok(decomposed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKET: [f64; 6] = [0.01, -0.02, 0.03, 0.0, -0.01, 0.02];
    const RATES: [f64; 6] = [0.002, 0.001, 0.004, -0.003, 0.002, 0.0];

    #[test]
    fn betas_are_recovered_from_a_synthetic_series() {
        let returns: Vec<_> = MARKET
            .iter()
            .zip(&RATES)
            .map(|(market, rates)| 0.001 + 1.3 * market - 4.0 * rates)
            .collect();
        let betas = FactorFit::new(&[&MARKET, &RATES])
            .betas(&returns, Moments::from_series(&returns).mean)
            .unwrap();
        assert!((betas[0] - 1.3).abs() < 1e-12);
        assert!((betas[1] + 4.0).abs() < 1e-12);
    }

    #[test]
    fn collinear_factors_have_no_betas() {
        let twice = MARKET.map(|value| 2.0 * value + 0.001);
        let fit = FactorFit::new(&[&MARKET, &RATES, &twice]);
        assert_eq!(
            fit.betas(&RATES, Moments::from_series(&RATES).mean),
            Err(Absence::Collinear)
        );
    }

    #[test]
    fn a_constant_factor_is_collinear_with_the_intercept() {
        let fit = FactorFit::new(&[&MARKET, &[0.001; 6]]);
        assert_eq!(
            fit.betas(&RATES, Moments::from_series(&RATES).mean),
            Err(Absence::Collinear)
        );
    }
}
