//! Rolls the books of one portfolio forward: books transactions and splits up to a session, in
//! order, and values the portfolio there.
//!
//! The books of a session do not depend on which other sessions are requested: the NAV of the
//! previous session is computed here from the same sources and never read from a stored row.

use super::account::{Account, Booking};
use super::error::PhaseError;
use super::history::History;
use super::market::Market;
use super::realized::RealizedLot;
use super::valuation::Valuation;
use crate::domain::{Day, Money, Split, Transaction};

/// One portfolio's books, moving forward from session to session.
#[derive(Debug, Clone)]
pub struct Books {
    account: Account,
    next_transaction: usize,
    next_split: usize,
    next_action: usize,
    /// The last requested session.
    last_session: Option<usize>,
    /// The NAV of `last_session`, if it could be computed.
    nav: Option<Money>,
    /// The first booking error. From its day on there are no books.
    error: Option<PhaseError>,
}

impl Books {
    /// Opens empty books, before the first transaction.
    pub fn open(history: &History) -> Self {
        Self {
            account: Account::new(history.currency(), history.cost_basis()),
            next_transaction: 0,
            next_split: 0,
            next_action: 0,
            last_session: None,
            nav: None,
            error: None,
        }
    }

    /// Moves forward to `session` and values the portfolio there.
    ///
    /// # Errors
    ///
    /// If the portfolio cannot be valued (a rate is missing or a number is out of range), `session`
    /// has no books, and neither has the next one, which needs the NAV of `session`. If a
    /// transaction or split cannot be booked, every later session returns the same error.
    ///
    /// # Panics
    ///
    /// If `session` is not after the last requested one, or not in the market.
    pub fn value_on(
        &mut self,
        market: &Market,
        history: &History,
        session: usize,
    ) -> Result<Valuation, PhaseError> {
        let last = self.last_session.replace(session);
        assert!(
            last.is_none_or(|last| last < session),
            "books move forward, and not from {last:?} to {session}"
        );
        // Taken, so that a session that fails leaves no NAV behind for the next one.
        let known = self.nav.take();
        let nav_before = match session.checked_sub(1) {
            // The market has no earlier session, so the portfolio starts from zero.
            None => Money::ZERO,
            Some(before) => match known {
                Some(nav) if last == Some(before) => nav,
                // After a gap: computed from the sources, so the gap does not show in the books.
                _ => {
                    self.advance(market, history, market.sessions()[before])?;
                    self.account.nav(market, before)?
                }
            },
        };
        // Everything up to the previous session is in `nav_before`; flows count from here.
        self.account.start_session();
        (self.account).start_fx_gains(market, session.checked_sub(1))?;
        self.advance(market, history, market.sessions()[session])?;
        let valuation = self.account.value(market, session, nav_before)?;
        self.nav = Some(valuation.snapshot.nav);
        Ok(valuation)
    }

    /// Returns the lots that were closed up to and including the last session of the market, in the
    /// order of closing.
    ///
    /// # Errors
    ///
    /// A transaction or split cannot be booked.
    pub fn realized_lots(
        market: &Market,
        history: &History,
    ) -> Result<Vec<RealizedLot>, PhaseError> {
        let mut books = Self::open(history);
        books.account.realized_lots = Some(Vec::new());
        if let Some(last) = market.sessions().last() {
            books.advance(market, history, *last)?;
        }
        Ok(books.account.realized_lots.unwrap_or_default())
    }

    /// Books everything up to and including `day`: each split before the transactions of its day.
    fn advance(&mut self, market: &Market, history: &History, day: Day) -> Result<(), PhaseError> {
        // After an error the account is half booked, so nothing more is booked to it: a wrong
        // snapshot is worse than a missing one.
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let booked = self.book_until(market, history, day);
        self.error = booked.as_ref().err().cloned();
        booked
    }

    fn book_until(
        &mut self,
        market: &Market,
        history: &History,
        day: Day,
    ) -> Result<(), PhaseError> {
        loop {
            let transaction = history.transactions().get(self.next_transaction);
            let split = market.splits().get(self.next_split);
            let action = market.actions().get(self.next_action);
            let transaction = transaction.filter(|transaction| transaction.day <= day);
            let days = [
                split.map(|split| split.day),
                action.map(|action| action.day),
            ];
            // Splits and other actions come before the transactions of their day, whose trades are
            // in new units. Splits come first.
            let event = days.into_iter().flatten().min().filter(|on| *on <= day);
            match (event, transaction) {
                (None, None) => return Ok(()),
                (None, Some(transaction)) => self.book(market, history, transaction)?,
                (Some(on), Some(transaction)) if transaction.day < on => {
                    self.book(market, history, transaction)?;
                }
                (Some(on), _) => match split.filter(|split| split.day == on) {
                    Some(split) => self.split(market, split)?,
                    None => self.act(market, on)?,
                },
            }
        }
    }

    /// Books all corporate actions of a day.
    fn act(&mut self, market: &Market, day: Day) -> Result<(), PhaseError> {
        let later = &market.actions()[self.next_action..];
        let actions = &later[..later.partition_point(|action| action.day <= day)];
        self.next_action += actions.len();
        self.account.act(market, actions)
    }

    fn book(
        &mut self,
        market: &Market,
        history: &History,
        transaction: &Transaction,
    ) -> Result<(), PhaseError> {
        let index = u32::try_from(self.next_transaction).unwrap_or(u32::MAX);
        self.next_transaction += 1;
        let booking = Booking {
            history,
            transaction,
            index,
            carried: history.carried(index),
        };
        self.account.book(market, &booking)
    }

    fn split(&mut self, market: &Market, split: &Split) -> Result<(), PhaseError> {
        self.next_split += 1;
        self.account.split(market, split)
    }
}

#[cfg(test)]
mod tests;
