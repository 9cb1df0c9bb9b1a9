//! Values the movement of a holding: its stated amount, and its market value.

use super::error::{BookingError, PhaseError};
use super::instrument::{ConvertedValue, Instrument};
use super::market::Market;
use super::realized::Closing;
use crate::domain::{ChosenLot, LotOrigin, Lots, Money, PriceQuality, Transaction};

/// A transaction that moves a holding, with the market and instrument that value it.
pub(super) struct Movement<'a> {
    pub(super) market: &'a Market,
    pub(super) instrument: &'a Instrument,
    pub(super) transaction: &'a Transaction,
    /// The index of the session on which it counts.
    pub(super) session: usize,
    /// The index of the transaction in booking order.
    pub(super) index: u32,
    /// The lots that it closes, if it chooses them.
    pub(super) chosen: Option<Vec<ChosenLot>>,
}

impl Movement<'_> {
    pub(super) fn origin(&self) -> LotOrigin {
        LotOrigin {
            day: self.transaction.day,
            transaction: self.index,
        }
    }

    pub(super) fn closing(&self) -> Closing {
        Closing {
            security: self.instrument.security,
            day: self.transaction.day,
            transaction: Some(self.index),
        }
    }

    /// Returns the amount paid or received, before the fee. Fails if the transaction has neither an
    /// amount nor a price.
    pub(super) fn cash_amount(&self) -> Result<ConvertedValue, PhaseError> {
        self.stated_value()?
            .ok_or_else(|| booking_error(self.transaction, BookingError::NoAmount))
    }

    /// Returns the transaction's own amount, or else quantity × multiplier × price, converted at
    /// the session's rate unless the transaction names the currency of its price. `None` if it
    /// states neither. The value is in the currency of the transaction's cash.
    pub(super) fn stated_value(&self) -> Result<Option<ConvertedValue>, PhaseError> {
        let Transaction {
            amount,
            price,
            quantity,
            day,
            cash,
            ..
        } = *self.transaction;
        let unconverted = |money| {
            let rate = PriceQuality::Fresh;
            Some(ConvertedValue { money, rate })
        };
        match (amount, price) {
            (Some(amount), _) => Ok(unconverted(amount)),
            (None, None) => Ok(None),
            (None, Some(price)) if cash.currency.is_some() => {
                (self
                    .instrument
                    .unconverted_value(self.market, day, price, quantity))
                .map(unconverted)
                .ok_or_else(|| self.out_of_range())
            }
            (None, Some(price)) => self
                .instrument
                .value_of_day(self.market, self.session, day, price, quantity)
                .map(Some),
        }
    }

    /// Returns the market value on the session on which the movement counts, with the age of the
    /// price, if there is one. If a split falls between the movement's day and that session, the quantity after the split
    /// is valued.
    pub(super) fn market_value(
        &self,
    ) -> Result<Option<(ConvertedValue, PriceQuality)>, PhaseError> {
        let session = self.session;
        let Some(as_of) = self.instrument.as_of(self.market, session) else {
            self.instrument.ensure_never_priced(self.market, session)?;
            return Ok(None);
        };
        let (first, last) = (self.transaction.day, self.market.sessions()[session]);
        // A split comes before the transactions of its own day, so only later ones are left.
        let splits = self.market.splits();
        let splits = &splits[splits.partition_point(|split| split.day <= first)..];
        let mut lots = Lots::default();
        let mut split_until = || {
            lots.open(self.transaction.quantity, Money::ZERO, self.origin())?;
            for split in splits.iter().take_while(|split| split.day <= last) {
                if split.security == self.instrument.security {
                    lots.split(split.new, split.old)?;
                }
            }
            Some(lots.quantity())
        };
        let quantity = split_until().ok_or_else(|| self.out_of_range())?;
        self.instrument
            .value(self.market, session, as_of.price, quantity)
            .map(|value| Some((value, as_of.quality)))
    }

    pub(super) fn out_of_range(&self) -> PhaseError {
        PhaseError::HoldingOutOfRange {
            security: self.instrument.security,
            day: self.transaction.day,
        }
    }
}

/// Returns the error of a transaction that cannot be booked.
pub(super) fn booking_error(transaction: &Transaction, reason: BookingError) -> PhaseError {
    PhaseError::Unbookable {
        reference: transaction.reference.clone(),
        reason,
    }
}
