//! Books splits and other corporate actions. Rules: `docs/numbers.md`, corporate actions.

use std::collections::BTreeMap;

use super::{Account, add};
use crate::domain::{
    ActionKind, ClosedLots, CorporateAction, CostShare, Delivery, Lots, Money, Price, Quantity,
    SecurityId, Split, Trade,
};
use crate::phases::aged_moves::Lasts;
use crate::phases::error::{BookingCause, PhaseError};
use crate::phases::instrument::Instrument;
use crate::phases::market::Market;
use crate::phases::realized::Closing;

impl Account {
    /// Books the actions of one day, in booking order. All of them apply to the holdings before any
    /// delivery of that day, except that fractions received are paid out.
    pub(in crate::phases) fn act(
        &mut self,
        market: &Market,
        actions: &[CorporateAction],
    ) -> Result<(), PhaseError> {
        let mut deliveries = Deliveries::default();
        let is_payout = |action: &&CorporateAction| action.kind == ActionKind::CashInLieu;
        for action in actions.iter().filter(|action| !is_payout(action)) {
            if let Ok(at) = self.holding_index(market, action.security) {
                self.act_on_holding(market, action, at, &mut deliveries)
                    .map_err(|error| error.caused_by(|| BookingCause::of_action(action)))?;
            }
        }
        for (security, lots) in deliveries.delivered {
            self.add_received(market, security, lots, actions)
                .map_err(|error| error.caused_by(|| delivery_cause(actions, security)))?;
        }
        for action in actions.iter().filter(is_payout) {
            if let Ok(at) = self.holding_index(market, action.security) {
                self.pay_fraction(market, action, at)
                    .map_err(|error| error.caused_by(|| BookingCause::of_action(action)))?;
            }
        }
        Ok(())
    }

    /// Applies a split to the lots of its security; does nothing if it is not held.
    pub(in crate::phases) fn split(
        &mut self,
        market: &Market,
        split: &Split,
    ) -> Result<(), PhaseError> {
        let Ok(at) = self.holding_index(market, split.security) else {
            return Ok(());
        };
        let closed = self.holdings[at].lots.split(split.new, split.old);
        let trade = closed.and_then(|closed| Trade::new(closed, Money::ZERO));
        let closing = Closing {
            security: split.security,
            day: split.day,
            transaction: None,
        };
        self.realize(at, trade, closing)
            .map_err(|error| error.caused_by(|| BookingCause::Split(split.security)))
    }

    fn act_on_holding(
        &mut self,
        market: &Market,
        action: &CorporateAction,
        at: usize,
        deliveries: &mut Deliveries,
    ) -> Result<(), PhaseError> {
        let quantity = self.holdings[at].lots.quantity();
        let cash = match action.cash {
            Some(price) => Some(self.cash_for(market, action, at, price, quantity)?),
            None => None,
        };
        if let Some(cash) = cash {
            add(&mut self.cash, Some(cash), action.day)?;
        }
        let lots = &mut self.holdings[at].lots;
        let trade = match (action.received, cash) {
            (None, Some(cash)) if action.kind.ends_holding() => close_all(lots, cash),
            (None, cash) => lots.return_capital(cash.unwrap_or(Money::ZERO)),
            (Some(delivery), cash) => match deliveries.deliver(lots, action, delivery, cash) {
                None => None,
                Some((received, paid, rounded)) => {
                    deliveries.delivered.push((delivery.security, received));
                    self.record(&rounded, closing(action, action.security))?;
                    Some(paid)
                }
            },
        };
        self.realize(at, trade, closing(action, action.security))
    }

    /// Adds received lots to the holding in their security.
    fn add_received(
        &mut self,
        market: &Market,
        security: SecurityId,
        lots: Lots,
        actions: &[CorporateAction],
    ) -> Result<(), PhaseError> {
        if lots.quantity().is_zero() {
            return Ok(());
        }
        let instrument = Instrument::new(market, security, self.currency)?;
        self.add_lots(market, &instrument, lots, closing(&actions[0], security))
    }

    /// Closes the fraction of a unit that is held, at the cash for a whole one.
    fn pay_fraction(
        &mut self,
        market: &Market,
        action: &CorporateAction,
        at: usize,
    ) -> Result<(), PhaseError> {
        let fraction = self.holdings[at].lots.quantity().fraction();
        let price = action.cash.unwrap_or(Price::ZERO);
        let cash = match fraction.is_zero() {
            true => Money::ZERO,
            false => self.cash_for(market, action, at, price, fraction)?,
        };
        add(&mut self.cash, Some(cash), action.day)?;
        let lots = &mut self.holdings[at].lots;
        let cost = cash.negated();
        let trade = cost.and_then(|cost| Trade::new(lots.close_fraction()?, cost));
        self.realize(at, trade, closing(action, action.security))
    }

    /// Returns the cash for `quantity` units in the currency of the portfolio.
    fn cash_for(
        &mut self,
        market: &Market,
        action: &CorporateAction,
        at: usize,
        price: Price,
        quantity: Quantity,
    ) -> Result<Money, PhaseError> {
        let session = self.session_of(market, action.day);
        let instrument = self.holdings[at].instrument.clone();
        let value = instrument.value_of_day(market, session, action.day, price, quantity)?;
        self.note_rate(market, session, (&instrument, value), Lasts::Yes);
        Ok(value.money)
    }
}

/// Closes all lots for `cash`.
fn close_all(lots: &mut Lots, cash: Money) -> Option<Trade> {
    Trade::new(lots.close(lots.quantity().negated()?)?, cash.negated()?)
}

/// The lots that the actions of one day deliver.
#[derive(Default)]
struct Deliveries {
    delivered: Vec<(SecurityId, Lots)>,
    /// Securities from which lots were spun off, with their lots before, and the share of the cost
    /// that went. Published shares are all of the cost before the first spin-off of the day.
    spun_off: BTreeMap<SecurityId, (Lots, CostShare)>,
}

impl Deliveries {
    /// Takes the received units out of the lots, and returns them with what the cash closes or
    /// reduces, and with the lots that rounding closes.
    fn deliver(
        &mut self,
        lots: &mut Lots,
        action: &CorporateAction,
        Delivery { new, old, .. }: Delivery,
        cash: Option<Money>,
    ) -> Option<(Lots, Trade, Trade)> {
        let cash = cash.unwrap_or(Money::ZERO);
        if action.kind.ends_holding() && action.cost_share.is_none() {
            let paid = lots.return_capital(cash)?;
            let mut received = std::mem::take(lots);
            let closed = received.split(new, old)?;
            return Some((received, paid, Trade::new(closed, Money::ZERO)?));
        }
        let share = action.cost_share.unwrap_or(CostShare::ZERO);
        if action.kind.ends_holding() {
            let (received, rounded) = lots.spin_off(share, new, old)?;
            // The rest of the cost is that of the cash.
            return Some((received, close_all(lots, cash)?, rounded));
        }
        let spun_off = self.spun_off.entry(action.security);
        let (original, before) = spun_off.or_insert_with(|| (lots.clone(), CostShare::ZERO));
        let (received, rounded) = lots.spin_off_of(original, *before, share, (new, old))?;
        *before = before.plus(share)?;
        Some((
            received,
            Trade::new(ClosedLots::new(), Money::ZERO)?,
            rounded,
        ))
    }
}

/// Returns the first of the actions that deliver a security.
fn delivery_cause(actions: &[CorporateAction], security: SecurityId) -> BookingCause {
    let delivers = |action: &&CorporateAction| {
        (action.received).is_some_and(|delivery| delivery.security == security)
    };
    let action = actions.iter().find(delivers);
    BookingCause::of_action(action.unwrap_or(&actions[0]))
}

fn closing(action: &CorporateAction, security: SecurityId) -> Closing {
    Closing {
        security,
        day: action.day,
        transaction: None,
    }
}

#[cfg(test)]
mod tests;
