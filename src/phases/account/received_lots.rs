//! Adds the lots that a transfer or a corporate action brings.

use super::{Account, Holding, add};
use crate::domain::{CarriedLot, Lots, Money};
use crate::phases::aged_moves::Lasts;
use crate::phases::error::PhaseError;
use crate::phases::instrument::Instrument;
use crate::phases::market::Market;
use crate::phases::movement::Movement;
use crate::phases::realized::Closing;

impl Account {
    /// Opens the lots that a transfer brings from another portfolio, with their cost and days. The
    /// flow is the market value, or the cost if there is no price.
    pub(super) fn receive(
        &mut self,
        movement: &Movement<'_>,
        lots: &[CarriedLot],
    ) -> Result<(), PhaseError> {
        let mut costs = lots.iter();
        let cost = costs.try_fold(Money::ZERO, |sum, lot| sum.plus(lot.cost));
        let value = self.market_value(movement, cost, Lasts::No)?;
        add(&mut self.inflow, value, movement.transaction.day)?;
        let lots = Lots::carried(self.cost_basis.method, lots, movement.index);
        let lots = lots.ok_or_else(|| movement.out_of_range())?;
        self.add_lots(
            movement.market,
            movement.instrument,
            lots,
            movement.closing(),
        )
    }

    /// Adds lots to the holding in their security.
    pub(super) fn add_lots(
        &mut self,
        market: &Market,
        instrument: &Instrument,
        lots: Lots,
        closing: Closing,
    ) -> Result<(), PhaseError> {
        let at = self.holding_or_new(market, instrument);
        let trades = self.holdings[at].lots.add_all(lots);
        let trades = trades.ok_or_else(|| closing.out_of_range())?;
        for trade in &trades {
            self.record(trade, closing)?;
        }
        self.remove_if_closed(at);
        Ok(())
    }

    /// Returns the index of the holding in a security. Adds one without lots if there is none.
    pub(super) fn holding_or_new(&mut self, market: &Market, instrument: &Instrument) -> usize {
        let found = self.holding_index(market, instrument.security);
        found.unwrap_or_else(|at| {
            // In place, because sums of `f64` over holdings depend on their order.
            let holding = Holding {
                instrument: instrument.clone(),
                lots: Lots::new(self.cost_basis.method),
            };
            self.holdings.insert(at, holding);
            at
        })
    }
}
