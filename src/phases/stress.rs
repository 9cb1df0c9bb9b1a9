//! What the named shocks of the risk model would do to a cell. Formula: `docs/numbers.md`, stress.

use super::series::figure;
use super::sources::MarketError;
use super::weights::{Weighted, Weights};
use crate::domain::{Figure, Security, Shock};

/// The largest move that a shock may have, as a ratio.
const LARGEST_MOVE: f64 = 1_000.0;

/// A shock with its moves looked up for every security.
#[derive(Debug, Clone)]
pub(super) struct CompiledShock {
    market: f64,
    /// By slot: the move of the security's class plus that of its sector.
    moves: Vec<f64>,
}

impl CompiledShock {
    /// The shocks, for securities by slot; an error where a move is no sensible ratio.
    pub(super) fn all(shocks: &[Shock], securities: &[Security]) -> Result<Vec<Self>, MarketError> {
        shocks
            .iter()
            .map(|shock| Self::new(shock, securities))
            .collect()
    }

    fn new(shock: &Shock, securities: &[Security]) -> Result<Self, MarketError> {
        let moves = shock.classes.values().chain(shock.sectors.values());
        let sensible = |ratio: &f64| ratio.abs() <= LARGEST_MOVE;
        if !sensible(&shock.market) || !moves.clone().all(sensible) {
            return Err(MarketError::Shock(shock.name.clone()));
        }
        let of = |security: &Security| {
            let class = shock.classes.get(&security.class).copied();
            let sector = shock.sectors.get(&security.sector).copied();
            class.unwrap_or(0.0) + sector.unwrap_or(0.0)
        };
        Ok(Self {
            market: shock.market,
            moves: securities.iter().map(of).collect(),
        })
    }

    /// The shock's result as a share of NAV: Σ weight × (beta × market + class + sector), from so
    /// many holdings. Where the market moves, a holding without a beta is not covered.
    pub(super) fn result(&self, weights: &Weights<'_>) -> Figure {
        let covered = weights.covered(|held| self.move_of(held).map(|_| 1));
        let result = covered.enough().map(|()| {
            let moves = weights
                .holdings
                .iter()
                .filter_map(|held| Some(held.weight * self.move_of(held)?));
            moves.fold(0.0, |sum, result| sum + result)
        });
        figure(result, covered.holdings)
    }

    #[inline]
    fn move_of(&self, held: &Weighted<'_>) -> Option<f64> {
        let own = self.moves[held.slot.index()];
        if self.market == 0.0 {
            return Some(own);
        }
        Some(held.statistics.beta.value()? * self.market + own)
    }
}
