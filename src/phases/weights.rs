//! A cell's holdings as its risk sees them: weights, the share of gross value that something
//! covers, and the history behind each.

use super::contributions::Contribution;
use super::securities::{RiskInputs, SessionStatistics, Window};
use super::valuation::Valuation;
use crate::domain::Absence;

/// One holding.
pub(super) struct WeightedHolding<'a> {
    /// Value ÷ NAV, signed.
    pub(super) weight: f64,
    /// Size of its value in units of money.
    size: u64,
    /// What is known of the security.
    pub(super) inputs: &'a RiskInputs,
    contributions: &'a [Contribution],
}

/// The holdings of a cell whose NAV is positive, by security id.
pub(super) struct Weights<'a> {
    pub(super) holdings: Vec<WeightedHolding<'a>>,
    gross: u128,
}

/// One measure of a whole cell.
#[derive(Clone, Copy)]
pub(super) struct Total {
    pub(super) coverage: HoldingCoverage,
    /// Σ weight × measure, over what is covered.
    pub(super) sum: f64,
}

/// A part of the holdings, and how many sessions all of it has.
#[derive(Clone, Copy)]
pub(super) struct HoldingCoverage {
    pub(super) holdings: usize,
    /// The least number of observations of its holdings; zero where there are none.
    pub(super) observations: usize,
    size: u128,
    gross: u128,
}

impl<'a> Weights<'a> {
    /// The weights of a cell, or why they mean nothing. The statistics must be those of its
    /// session and hold every security of the cell; anything else is a bug.
    pub(super) fn new(
        statistics: &'a SessionStatistics,
        session: usize,
        valuation: &Valuation,
    ) -> Result<Self, Absence> {
        assert_eq!(session, statistics.session(), "statistics of the session");
        let nav = valuation.snapshot.nav.units();
        if nav <= 0 {
            return Err(Absence::NoPositiveNav);
        }
        if valuation.positions.is_empty() {
            return Err(Absence::NoHoldings);
        }
        let holdings = valuation.positions.iter().map(|position| {
            let known = statistics.risk_inputs(position.security);
            let (of, measures) = known.expect("statistics of every security held");
            let value = position.value.units();
            WeightedHolding {
                weight: value as f64 / nav as f64,
                size: value.unsigned_abs(),
                inputs: of,
                contributions: measures,
            }
        });
        let holdings: Vec<_> = holdings.collect();
        let gross = holdings.iter().map(|held| u128::from(held.size)).sum();
        Ok(Self { holdings, gross })
    }

    /// The holdings with enough history for a window.
    pub(super) fn with_history(&self, window: Window) -> HoldingCoverage {
        self.coverage(|held| window.observations(held.inputs.return_count).ok())
    }

    /// The holdings for which there is something, which says from how many observations.
    fn coverage(
        &self,
        observations: impl Fn(&WeightedHolding<'a>) -> Option<usize>,
    ) -> HoldingCoverage {
        let mut covered = HoldingCoverage::empty(self.gross);
        for held in &self.holdings {
            if let Some(count) = observations(held) {
                covered.add(held.size, count);
            }
        }
        covered
    }

    /// Each measure of the whole, in one pass over the holdings.
    pub(super) fn totals(&self) -> Vec<Total> {
        let none = Total {
            coverage: HoldingCoverage::empty(self.gross),
            sum: 0.0,
        };
        let measures = self
            .holdings
            .first()
            .map_or(0, |held| held.contributions.len());
        let mut totals = vec![none; measures];
        for held in &self.holdings {
            for (total, measure) in totals.iter_mut().zip(held.contributions) {
                if measure.observations > 0 {
                    total.coverage.add(held.size, measure.observations as usize);
                    total.sum += held.weight * measure.value;
                }
            }
        }
        totals
    }
}

impl HoldingCoverage {
    /// Nothing, of so much.
    fn empty(gross: u128) -> Self {
        Self {
            holdings: 0,
            observations: 0,
            size: 0,
            gross,
        }
    }

    /// Counts a holding in.
    #[inline]
    fn add(&mut self, size: u64, observations: usize) {
        self.observations = if self.holdings == 0 {
            observations
        } else {
            self.observations.min(observations)
        };
        self.holdings += 1;
        self.size += u128::from(size);
    }

    /// The share of gross value, 0 to 1.
    pub(super) fn share(&self) -> f64 {
        if self.gross == 0 {
            return 0.0;
        }
        self.size as f64 / self.gross as f64
    }

    /// Whether that is at least four fifths, so that a figure may speak for the whole.
    pub(super) fn is_enough(&self) -> bool {
        self.gross > 0 && self.size * 5 >= self.gross * 4
    }

    /// Nothing, or that it is not enough.
    pub(super) fn check_enough(&self) -> Result<(), Absence> {
        if self.is_enough() {
            Ok(())
        } else {
            Err(Absence::TooLittleCovered)
        }
    }
}
