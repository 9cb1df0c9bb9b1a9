//! Values what a movement moves, and notes the ages of the prices and rates that this uses. Each
//! price or rate that is no holding's or balance's is used here or in `foreign_cash`, and nowhere
//! else.

use super::Account;
use crate::domain::output::PriceInput;
use crate::domain::{Money, PriceQuality};
use crate::phases::aged_moves::Lasts;
use crate::phases::error::PhaseError;
use crate::phases::instrument::{ConvertedValue, Instrument};
use crate::phases::market::Market;
use crate::phases::movement::Movement;

impl Account {
    /// Returns [`Movement::cash_amount`], and notes the prices that it uses.
    pub(super) fn cash_amount(&mut self, movement: &Movement<'_>) -> Result<Money, PhaseError> {
        let value = movement.cash_amount()?;
        self.note_stated(movement, value);
        Ok(value.money)
    }

    /// Returns [`Movement::stated_value`], and notes the prices that it uses.
    pub(super) fn stated_value(
        &mut self,
        movement: &Movement<'_>,
    ) -> Result<Option<Money>, PhaseError> {
        let value = movement.stated_value()?;
        if let Some(value) = value {
            self.note_stated(movement, value);
        }
        Ok(value.map(|value| value.money))
    }

    /// Returns the market value of a movement, or `cost` if there is no price. `lasts` tells whether
    /// more than the flow of the session depends on it.
    pub(super) fn market_value(
        &mut self,
        movement: &Movement<'_>,
        cost: Option<Money>,
        lasts: Lasts,
    ) -> Result<Option<Money>, PhaseError> {
        let Movement {
            market,
            instrument,
            session,
            ..
        } = *movement;
        let valued = movement.market_value()?;
        let (price, value) = match valued {
            Some((value, price)) => {
                self.note_rate(market, session, (instrument, value), lasts);
                (price, Some(value.money))
            }
            None if cost.is_some_and(Money::is_zero) => (PriceQuality::None, cost),
            None => (PriceQuality::Cost, cost),
        };
        let price = (PriceInput::Price(instrument.security), price);
        let day = market.sessions()[session];
        let size = value.unwrap_or(Money::ZERO);
        self.aged_moves.add(day, price, size, lasts);
        Ok(value)
    }

    fn note_stated(&mut self, movement: &Movement<'_>, value: ConvertedValue) {
        let converted = (movement.instrument, value);
        self.note_rate(movement.market, movement.session, converted, Lasts::Yes);
    }

    /// Notes the age of the rate at which the value of a security's units was converted.
    pub(super) fn note_rate(
        &mut self,
        market: &Market,
        session: usize,
        (instrument, value): (&Instrument, ConvertedValue),
        lasts: Lasts,
    ) {
        // Most securities are in the currency of the portfolio.
        if let Some(currency) = instrument.foreign_currency() {
            let rate = (PriceInput::Rate(currency), value.rate);
            let day = market.sessions()[session];
            self.aged_moves.add(day, rate, value.money, lasts);
        }
    }
}
