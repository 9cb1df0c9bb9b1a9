//! A cell's holdings as its risk sees them: weights, the share of gross value that something
//! covers, and the history behind each.

use super::market::{Market, Slot};
use super::moments::Moments;
use super::securities::{SessionStatistics, Window};
use super::valuation::Valuation;
use crate::domain::Absence;
use crate::domain::output::SecurityStatistics;

/// One holding.
pub(super) struct Weighted<'a> {
    pub(super) slot: Slot,
    /// Value ÷ NAV, signed.
    pub(super) weight: f64,
    /// Size of its value in units of money.
    size: u64,
    /// How many defined returns in a row end on the session.
    pub(super) run: usize,
    pub(super) statistics: &'a SecurityStatistics,
    /// Of its returns over at most a year.
    pub(super) moments: Moments,
}

/// The holdings of a cell whose NAV is positive, by security id.
pub(super) struct Weights<'a> {
    pub(super) holdings: Vec<Weighted<'a>>,
    gross: u128,
}

/// A part of the holdings, and how many sessions all of it has.
#[derive(Clone, Copy)]
pub(super) struct Covered {
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
        market: &Market,
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
            let found = market
                .slot(position.security)
                .zip(statistics.with_moments(position.security));
            let (slot, (statistics, moments)) = found.expect("statistics of every security held");
            let value = position.value.units();
            Weighted {
                slot,
                weight: value as f64 / nav as f64,
                size: value.unsigned_abs(),
                run: market.run(slot, session),
                statistics,
                moments,
            }
        });
        let holdings: Vec<_> = holdings.collect();
        let gross = holdings.iter().map(|held| u128::from(held.size)).sum();
        Ok(Self { holdings, gross })
    }

    /// The holdings with enough history for a window.
    pub(super) fn with_history(&self, window: Window) -> Covered {
        self.covered(|held| window.observe(held.run).ok())
    }

    /// The holdings for which there is something, which says from how many observations.
    pub(super) fn covered(&self, observations: impl Fn(&Weighted<'a>) -> Option<usize>) -> Covered {
        let mut covered = Covered {
            holdings: 0,
            observations: usize::MAX,
            size: 0,
            gross: self.gross,
        };
        for held in &self.holdings {
            if let Some(count) = observations(held) {
                covered.holdings += 1;
                covered.observations = covered.observations.min(count);
                covered.size += u128::from(held.size);
            }
        }
        if covered.holdings == 0 {
            covered.observations = 0;
        }
        covered
    }
}

impl Covered {
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
    pub(super) fn enough(&self) -> Result<(), Absence> {
        if self.is_enough() {
            Ok(())
        } else {
            Err(Absence::TooLittleCovered)
        }
    }
}
