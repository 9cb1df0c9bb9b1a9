//! Splits the profit of closing lots over the lots. The sum of all is the realized profit of the
//! books.

use super::error::PhaseError;
use crate::domain::{Day, LotOrigin, Money, Quantity, SecurityId, Trade};

/// One lot, or a part of one, that a transaction, split or other corporate action closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealizedLot {
    /// The security of the lot.
    pub security: SecurityId,
    /// The acquisition that opened the lot; a sale for a short one.
    pub opened: LotOrigin,
    /// The day on which the lot was closed.
    pub closed: Day,
    /// The index of the closing transaction in booking order; `None` if a split or another corporate
    /// action closed the lot.
    pub closed_by: Option<u32>,
    /// The quantity closed, in units of the closing day; negative for a short lot.
    pub quantity: Quantity,
    /// The amount received: by the sale of a long lot, or earlier by that of a short one.
    pub proceeds: Money,
    /// Cost of the part sold, in the currency of the portfolio.
    pub cost: Money,
}

impl RealizedLot {
    /// Returns proceeds minus cost, or `None` if it does not fit.
    pub fn gain(&self) -> Option<Money> {
        self.proceeds.minus(self.cost)
    }
}

/// The movement that closed lots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    pub(super) security: SecurityId,
    pub(super) day: Day,
    /// `None` for a split or another corporate action.
    pub(super) transaction: Option<u32>,
}

impl Closing {
    /// Returns the error of a number that does not fit.
    pub(super) fn out_of_range(self) -> PhaseError {
        PhaseError::HoldingOutOfRange {
            security: self.security,
            day: self.day,
        }
    }

    /// Splits the amount of a trade over the lots that it closed, by quantity. Each lot gets the
    /// difference between two rounded shares, so that they add up. `None` if a number does not fit.
    pub(super) fn realized_lots(self, trade: &Trade) -> Option<Vec<RealizedLot>> {
        let mut quantities = trade.closed.iter();
        let total = quantities.try_fold(Quantity::ZERO, |sum, lot| sum.plus(lot.quantity))?;
        let amount = trade.closing_cost;
        let (mut quantity, mut shared) = (Quantity::ZERO, Money::ZERO);
        let lots = trade.closed.iter().map(|lot| {
            quantity = quantity.plus(lot.quantity)?;
            let up_to_here = if total.is_zero() {
                Money::ZERO
            } else {
                amount.share(quantity, total)?
            };
            let share = up_to_here.minus(shared)?;
            shared = up_to_here;
            // A quantity of zero is left by rounding or returned capital; the cost has the sign.
            let is_short =
                lot.quantity.is_negative() || (lot.quantity.is_zero() && lot.cost.is_negative());
            let (proceeds, cost) = if is_short {
                (lot.cost.negated()?, share)
            } else {
                (share.negated()?, lot.cost)
            };
            Some(RealizedLot {
                security: self.security,
                opened: lot.origin,
                closed: self.day,
                closed_by: self.transaction,
                quantity: lot.quantity,
                proceeds,
                cost,
            })
        });
        lots.collect()
    }
}
