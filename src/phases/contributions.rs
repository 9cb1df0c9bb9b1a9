//! The contribution of each security to the factor exposures and shocks of its holders, in
//! columns: its beta to each factor, then its move under each shock. Looked up once a session, not
//! once a holder.

use super::columns::Slot;
use super::market::Market;
use crate::domain::output::SecurityStatistics;

/// One row of columns for each security of a session.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contributions {
    /// By security, then column.
    columns: Vec<Contribution>,
    /// Columns a security: factors, then shocks.
    width: usize,
}

/// The value of one security in one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contribution {
    /// The contribution at a weight of one; zero if there is none.
    pub(super) value: f64,
    /// Number of observations behind the value; zero if there is no value.
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

    /// Appends the row of the next security.
    pub(super) fn push(&mut self, market: &Market, slot: Slot, statistics: &SecurityStatistics) {
        let betas = statistics.factor_betas.iter();
        let betas = betas.map(|beta| Contribution::new(beta.value(), beta.observations()));
        let shocks = market.shocks().iter();
        let beta = statistics.beta.value();
        // Stress counts holdings and not sessions, so each move is one observation.
        let moves = shocks.map(|shock| Contribution::new(shock.move_of(slot, beta), 1));
        self.columns.extend(betas.chain(moves));
    }

    /// Appends all rows of `other`.
    pub(super) fn append(&mut self, mut other: Self) {
        self.columns.append(&mut other.columns);
    }

    /// Returns the row of the security that was added at `index`, from 0. It is empty if the model
    /// has neither factors nor shocks.
    #[inline]
    pub(super) fn row(&self, index: usize) -> &[Contribution] {
        &self.columns[index * self.width..][..self.width]
    }
}
