//! What each security adds to the factor exposures and the shocks of whoever holds it, in columns:
//! its beta to each factor, then its move under each shock. Looked up once a session and not once
//! a holder.

use super::market::{Market, Slot};
use crate::domain::output::SecurityStatistics;

/// The columns of the securities of one session.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contributions {
    /// By security, then column.
    columns: Vec<Contribution>,
    width: usize,
}

/// One security's part in one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contribution {
    /// What a holder has of it at a weight of one.
    pub(super) value: f64,
    /// From how many observations; zero where there is no value.
    pub(super) observations: u32,
}

impl Contribution {
    fn new(value: Option<f64>, observations: u32) -> Self {
        Self {
            value: value.unwrap_or(0.0),
            observations: value.map_or(0, |_| observations),
        }
    }
}

impl Contributions {
    pub(super) fn new(market: &Market) -> Self {
        Self {
            columns: Vec::new(),
            width: market.factors().len() + market.shocks().len(),
        }
    }

    /// Adds the next security.
    pub(super) fn push(&mut self, market: &Market, slot: Slot, of: &SecurityStatistics) {
        let betas = of.factor_betas.iter();
        let betas = betas.map(|beta| Contribution::new(beta.value(), beta.observations()));
        let shocks = market.shocks().iter();
        let moves = shocks.map(|shock| Contribution::new(shock.move_of(slot, of.beta.value()), 1));
        self.columns.extend(betas.chain(moves));
    }

    /// Adds those securities that were added to another.
    pub(super) fn append(&mut self, mut other: Self) {
        self.columns.append(&mut other.columns);
    }

    /// The columns of the security that was added as this one, from 0.
    #[inline]
    pub(super) fn row(&self, place: usize) -> &[Contribution] {
        &self.columns[place * self.width..][..self.width]
    }
}
