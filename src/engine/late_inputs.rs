//! Finds the closes and rates that one cell uses and that are late.

use std::borrow::Cow;

use super::portfolio_state::PortfolioState;
use crate::domain::output::{Position, PriceInput};
use crate::domain::{
    Currency, Day, PriceQuality, Security, SecurityCalendars, SecurityId, Transaction, is_closed,
};
use crate::phases::{AsOfRate, Market};

/// The closes and rates of a session that a cell uses and that are not there.
pub(super) struct LateInputs<'m> {
    pub(super) market: &'m Market,
    pub(super) calendars: &'m SecurityCalendars,
    pub(super) session: usize,
}

impl LateInputs<'_> {
    /// Returns the securities without an expected close of the session on which the value of a
    /// holding depends, its own and those of its exchange rate. Each comes with its sessions without
    /// a close, up to this one. On a session on which a security is closed, its price depends on its
    /// last session before.
    pub(super) fn of_position(
        &self,
        state: &PortfolioState,
        position: &Position,
    ) -> Vec<(SecurityId, Vec<Day>)> {
        let own = position.security;
        let mut late = self.of_price(state, own);
        // A cost is in the portfolio's currency.
        if self.market.as_of(own, self.session).is_some() {
            let rate = self.late_rate(own, state.history.currency());
            late.extend(rate);
        }
        late
    }

    /// Returns the same for a price or rate at which amounts were moved.
    pub(super) fn of_input(
        &self,
        state: &PortfolioState,
        input: PriceInput,
    ) -> Vec<(SecurityId, Vec<Day>)> {
        match input {
            PriceInput::Price(security) => self.of_price(state, security),
            PriceInput::Rate(currency) => self.of_rate(currency, state.history.currency()),
        }
    }

    fn of_price(&self, state: &PortfolioState, own: SecurityId) -> Vec<(SecurityId, Vec<Day>)> {
        let Some(price) = self.market.as_of(own, self.session) else {
            // Without any close there is no age. The sessions after the first transaction count
            // instead, so that this wait ends as well.
            let Some(known) = self.market.security(own) else {
                return Vec::new();
            };
            let sessions = self.open_sessions(known);
            let transactions = state.history.transactions();
            let day = self.market.sessions()[self.session];
            let held = sessions_held(transactions, own, &sessions, day);
            // No close can come for a session on which it is closed.
            if held == 0 && self.calendars.is_closed(known, day) {
                return Vec::new();
            }
            return self.late(own, held).into_iter().collect();
        };
        self.late_since(own, price.quality).into_iter().collect()
    }

    /// Returns the currency pairs of the rate of a security that are late.
    fn late_rate(&self, security: SecurityId, to: Currency) -> Vec<(SecurityId, Vec<Day>)> {
        let from = self.market.security(security).map(|known| known.currency);
        let foreign = from.filter(|from| *from != to);
        foreign.map_or_else(Vec::new, |from| self.of_rate(from, to))
    }

    /// Returns the currency pairs of the rate between two currencies that are late.
    pub(super) fn of_rate(&self, from: Currency, to: Currency) -> Vec<(SecurityId, Vec<Day>)> {
        let conversion = self.market.conversion(from, to);
        let rate = self.market.rate(&conversion, self.session);
        let pairs = rate.iter().flat_map(AsOfRate::securities);
        let late = pairs.filter_map(|pair| {
            let price = self.market.as_of(pair, self.session)?;
            self.late_since(pair, price.quality)
        });
        late.collect()
    }

    /// Returns the security if its last close is not of the session.
    fn late_since(
        &self,
        security: SecurityId,
        last: PriceQuality,
    ) -> Option<(SecurityId, Vec<Day>)> {
        match last {
            PriceQuality::Stale(age) => self.late(security, usize::from(age)),
            _ => None,
        }
    }

    /// Returns the security with its last `count` sessions, if a close of it is expected.
    fn late(&self, security: SecurityId, count: usize) -> Option<(SecurityId, Vec<Day>)> {
        let known = self.market.security(security)?;
        let sessions = self.open_sessions(known);
        let waited = sessions[sessions.len().saturating_sub(count)..].to_vec();
        known
            .is_price_expected(self.market.sessions()[self.session])
            .then_some((security, waited))
    }

    /// Returns the sessions up to this one on which a security is not closed.
    fn open_sessions(&self, security: &Security) -> Cow<'_, [Day]> {
        let sessions = &self.market.sessions()[..=self.session];
        let own = self.calendars.sessions_of(security);
        if own.is_none() {
            return Cow::Borrowed(sessions);
        }
        let open = sessions.iter().copied().filter(|day| !is_closed(own, *day));
        Cow::Owned(open.collect())
    }
}

/// Returns the number of sessions since the first of `transactions`, ascending, in a security, up to
/// `day`; 0 without one.
pub(crate) fn sessions_held(
    transactions: &[Transaction],
    security: SecurityId,
    sessions: &[Day],
    day: Day,
) -> usize {
    let of_security = |transaction: &&Transaction| transaction.security == Some(security);
    let first = transactions.iter().find(of_security);
    let first = first.map_or(day, |transaction| transaction.day);
    let index = |day: Day| sessions.partition_point(|session| *session < day);
    index(day).saturating_sub(index(first))
}
