//! Computes the weights of a cell's holdings and foreign cash for risk, and the share of gross
//! value that a measure covers.

use super::session_statistics::{Contribution, RiskInputs, RiskTable};
use super::valuation::Valuation;
use super::windows::Window;
use crate::domain::Absence;

/// One holding with its weight and risk inputs.
pub(super) struct WeightedHolding<'a> {
    /// Value ÷ NAV, signed.
    pub(super) weight: f64,
    /// Absolute value in units of money.
    size: u64,
    /// Return count and moments of the security.
    pub(super) inputs: &'a RiskInputs,
    /// Factor betas, then moves under the shocks, of the security.
    contributions: &'a [Contribution],
}

/// The holdings of a cell with positive NAV, ascending by symbol, then its foreign cash, ascending by
/// currency. Cash counts as a holding whose return is that of its exchange rate.
pub(super) struct Weights<'a> {
    pub(super) holdings: Vec<WeightedHolding<'a>>,
    /// Sum of the holdings' absolute values, in units of money.
    gross: u128,
}

/// One measure summed over the holdings of a cell.
#[derive(Clone, Copy)]
pub(super) struct Total {
    pub(super) coverage: HoldingCoverage,
    /// Σ weight × measure over the covered holdings.
    pub(super) sum: f64,
}

/// The number and value of the holdings that a measure covers, and the number of observations that
/// all of them have.
#[derive(Clone, Copy)]
pub(super) struct HoldingCoverage {
    /// Number of covered holdings.
    pub(super) holdings: usize,
    /// Lowest number of observations of a covered holding; zero if none is covered.
    pub(super) observations: usize,
    /// Sum of the absolute values of the covered holdings, in units of money.
    size: u128,
    /// The same sum over all holdings.
    gross: u128,
}

impl<'a> Weights<'a> {
    /// Computes the weights of a cell, or returns the reason why there are none. Panics if `table`
    /// lacks a security or a currency of the cell.
    pub(super) fn new(table: &'a RiskTable, valuation: &Valuation) -> Result<Self, Absence> {
        let nav = valuation.snapshot.nav.units();
        if nav <= 0 {
            return Err(Absence::NoPositiveNav);
        }
        let weigh = |(inputs, contributions): (&'a RiskInputs, &'a [Contribution]), value: i64| {
            WeightedHolding {
                weight: value as f64 / nav as f64,
                size: value.unsigned_abs(),
                inputs,
                contributions,
            }
        };
        let holdings = valuation.positions.iter().map(|position| {
            let found = table.inputs(position.security);
            let found = found.expect("statistics of every security held");
            weigh(found, position.value.units())
        });
        let cash = valuation.snapshot.held_cash().map(|cash| {
            let found = table.cash(cash.currency);
            let found = found.expect("returns of the rate of every currency held");
            weigh(found, cash.value.units())
        });
        let holdings: Vec<_> = holdings.chain(cash).collect();
        if holdings.is_empty() {
            return Err(Absence::NoHoldings);
        }
        let gross = holdings
            .iter()
            .map(|holding| u128::from(holding.size))
            .sum();
        Ok(Self { holdings, gross })
    }

    /// Returns the coverage by the holdings with enough history for a window.
    pub(super) fn with_history(&self, window: Window) -> HoldingCoverage {
        self.coverage(|holding| window.observations(holding.inputs.return_count).ok())
    }

    /// Returns the coverage by the holdings for which `observations` returns a number.
    fn coverage(
        &self,
        observations: impl Fn(&WeightedHolding<'a>) -> Option<usize>,
    ) -> HoldingCoverage {
        let mut covered = HoldingCoverage::empty(self.gross);
        for holding in &self.holdings {
            if let Some(count) = observations(holding) {
                covered.add(holding.size, count);
            }
        }
        covered
    }

    /// Sums every measure, in one pass over the holdings: factors first, then shocks.
    pub(super) fn totals(&self) -> Vec<Total> {
        let zero = Total {
            coverage: HoldingCoverage::empty(self.gross),
            sum: 0.0,
        };
        let measures = self
            .holdings
            .first()
            .map_or(0, |holding| holding.contributions.len());
        let mut totals = vec![zero; measures];
        // Every sum over holdings ascends by symbol, because the order affects rounding.
        for holding in &self.holdings {
            for (total, measure) in totals.iter_mut().zip(holding.contributions) {
                if measure.observations > 0 {
                    total
                        .coverage
                        .add(holding.size, measure.observations as usize);
                    total.sum += holding.weight * measure.value;
                }
            }
        }
        totals
    }
}

impl HoldingCoverage {
    /// Returns the coverage by no holding, in a cell of this gross value.
    fn empty(gross: u128) -> Self {
        Self {
            holdings: 0,
            observations: 0,
            size: 0,
            gross,
        }
    }

    /// Adds a covered holding.
    #[inline]
    fn add(&mut self, size: u64, observations: usize) {
        // The initial zero is not a number of observations, so it must not enter the minimum.
        self.observations = if self.holdings == 0 {
            observations
        } else {
            self.observations.min(observations)
        };
        self.holdings += 1;
        self.size += u128::from(size);
    }

    /// Returns the covered share of gross value, 0 to 1.
    pub(super) fn share(&self) -> f64 {
        if self.gross == 0 {
            return 0.0;
        }
        self.size as f64 / self.gross as f64
    }

    /// Returns whether at least four fifths of gross value are covered, the minimum for a figure of
    /// the whole cell.
    pub(super) fn is_enough(&self) -> bool {
        // In integers: 0.8 has no exact `f64`, and the limit must not depend on rounding.
        self.gross > 0 && self.size * 5 >= self.gross * 4
    }

    /// Returns [`Absence::TooLittleCovered`] as an error unless [`Self::is_enough`].
    pub(super) fn check_enough(&self) -> Result<(), Absence> {
        if self.is_enough() {
            Ok(())
        } else {
            Err(Absence::TooLittleCovered)
        }
    }
}
