//! Computes the moves of securities under the named shocks of the risk model. The result of a cell
//! is the sum of its holdings' moves, each times its weight. Formula: `docs/numbers.md`, stress.

use super::columns::Slot;
use super::dated_column::DatedColumn;
use super::sources::MarketError;
use crate::domain::{Day, Security, Shock};

/// The largest move of a shock, as a ratio.
const MAX_MOVE: f64 = 1_000.0;

/// A shock with its class and sector moves added up for each security.
#[derive(Debug, Clone)]
pub(super) struct CompiledShock {
    market: f64,
    /// The move of a security's class plus that of its sector.
    moves: DatedColumn<f64>,
}

impl CompiledShock {
    /// Compiles shocks for securities in the order of their slots. A move beyond ±1,000 is an
    /// error.
    pub(super) fn compile_all(
        shocks: &[Shock],
        securities: &[Security],
    ) -> Result<Vec<Self>, MarketError> {
        shocks
            .iter()
            .map(|shock| Self::new(shock, securities))
            .collect()
    }

    fn new(shock: &Shock, securities: &[Security]) -> Result<Self, MarketError> {
        let moves = shock.classes.values().chain(shock.sectors.values());
        // False for NaN too, which would otherwise pass into every result.
        let sensible = |ratio: &f64| ratio.abs() <= MAX_MOVE;
        if !sensible(&shock.market) || !moves.clone().all(sensible) {
            return Err(MarketError::InvalidShock(shock.name.clone()));
        }
        Ok(Self {
            market: shock.market,
            moves: DatedColumn::new(securities, |class, sector| {
                let class = shock.classes.get(&class).copied();
                let sector = shock.sectors.get(sector).copied();
                class.unwrap_or(0.0) + sector.unwrap_or(0.0)
            }),
        })
    }

    /// Returns the move of a security with this beta on a day: beta × market + class + sector. `None`
    /// if the shock moves the market and the security has no beta.
    pub(super) fn move_of(&self, slot: Slot, day: Day, beta: Option<f64>) -> Option<f64> {
        let own = self.moves.get(slot.index(), day);
        if self.market == 0.0 {
            return Some(own);
        }
        Some(beta? * self.market + own)
    }
}
