//! Rolls the books of one portfolio forward: books transactions and splits up to a session, in
//! order, and values the portfolio there.
//!
//! The books of a session do not depend on which other sessions are requested: the NAV of the
//! previous session is computed here from the same sources and never read from a stored row.

use super::account::Account;
use super::error::PhaseError;
use super::history::History;
use super::market::Market;
use super::valuation::Valuation;
use crate::domain::{Day, Money, Split, Transaction};

/// One portfolio's books, moving forward from session to session.
#[derive(Debug, Clone)]
pub struct Books {
    account: Account,
    next_transaction: usize,
    next_split: usize,
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
            account: Account::new(history.currency()),
            next_transaction: 0,
            next_split: 0,
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
        self.account.reset_flows();
        self.advance(market, history, market.sessions()[session])?;
        let valuation = self.account.value(market, session, nav_before)?;
        self.nav = Some(valuation.snapshot.nav);
        Ok(valuation)
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
            let transaction = transaction.filter(|transaction| transaction.day <= day);
            let split = split.filter(|split| split.day <= day);
            match (transaction, split) {
                (None, None) => return Ok(()),
                (Some(transaction), None) => self.book(market, transaction)?,
                (None, Some(split)) => self.split(split)?,
                (Some(transaction), Some(split)) if transaction.day < split.day => {
                    self.book(market, transaction)?;
                }
                // On the same day the split comes first: that day's trades are in new units.
                (Some(_), Some(split)) => self.split(split)?,
            }
        }
    }

    fn book(&mut self, market: &Market, transaction: &Transaction) -> Result<(), PhaseError> {
        self.next_transaction += 1;
        self.account.book(market, transaction)
    }

    fn split(&mut self, split: &Split) -> Result<(), PhaseError> {
        self.next_split += 1;
        self.account.split(split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Absence, PriceQuality, TransactionKind};
    use crate::phases::error::BookingError;
    use crate::phases::fixture::{
        MarketBuilder, amount, buy, cash, day, history, security, sell, transaction,
    };

    use TransactionKind::{Deposit, Dividend, Fee, TransferIn, TransferOut, Withdrawal};

    /// Security 1 at 10, 11, 12, 13 and security 2 without a close, over four sessions.
    fn market() -> Market {
        let mut builder = MarketBuilder::with_session_count(4).with_shares([1, 2]);
        for session in 0..4 {
            builder.add_close(1, session, &(10 + session).to_string());
        }
        builder.build()
    }

    fn values(market: &Market, transactions: &[Transaction]) -> Vec<Valuation> {
        let history = history(transactions);
        let mut books = Books::open(&history);
        (0..market.sessions().len())
            .map(|session| books.value_on(market, &history, session).unwrap())
            .collect()
    }

    fn booking_error_of(transaction: Transaction) -> PhaseError {
        let history = history(&[transaction]);
        let mut books = Books::open(&history);
        let refused = books.value_on(&market(), &history, 1).unwrap_err();
        assert_eq!(books.value_on(&market(), &history, 3), Err(refused.clone()));
        refused
    }

    #[test]
    fn a_cash_portfolio_is_worth_its_cash() {
        let days = values(
            &market(),
            &[
                cash(1, Deposit, "100"),
                cash(2, Withdrawal, "40"),
                cash(3, Fee, "6"),
            ],
        );
        let before = &days[0].snapshot;
        assert_eq!(before.nav, Money::ZERO);
        assert_eq!(before.session_return.as_result(), Err(Absence::NoBase));
        assert_eq!(days[1].snapshot.flow, Money::whole(100));
        assert_eq!(days[1].snapshot.session_return.value(), Some(0.0));
        assert_eq!(days[2].snapshot.flow, Money::whole(-40));
        assert_eq!(days[2].snapshot.session_return.value(), Some(0.0));
        assert_eq!(days[3].snapshot.pnl, Money::whole(-6));
        assert_eq!(days[3].snapshot.session_return.value(), Some(-0.1));
    }

    #[test]
    fn a_purchase_costs_its_price_and_the_fee_comes_from_cash() {
        let mut purchase = buy(0, 1, "6", "9.5");
        purchase.fee = amount("3");
        let days = values(&market(), &[cash(0, Deposit, "100"), purchase]);
        let (first, held) = (&days[0].snapshot, days[0].positions[0]);
        assert_eq!(
            (first.cash, first.nav),
            (Money::whole(40), Money::whole(100))
        );
        assert_eq!(
            (held.cost, held.value),
            (Money::whole(57), Money::whole(60))
        );
        assert_eq!(first.unrealized, Money::whole(3));
        assert_eq!(days[3].snapshot.nav, Money::whole(40 + 6 * 13));
    }

    #[test]
    fn a_short_gains_when_the_price_falls_and_loses_when_it_rises() {
        let days = values(
            &market(),
            &[
                cash(0, Deposit, "100"),
                sell(0, 1, "10", "10"),
                buy(2, 1, "10", "12"),
            ],
        );
        let short = &days[1].snapshot;
        assert_eq!((short.long, short.short), (Money::ZERO, Money::whole(-110)));
        assert_eq!(
            (short.gross, short.nav),
            (Money::whole(110), Money::whole(90))
        );
        assert_eq!(days[1].positions[0].cost, Money::whole(-100));
        assert_eq!(days[1].positions[0].unrealized, Money::whole(-10));
        assert_eq!(days[2].snapshot.realized, Money::whole(-20));
        assert!(days[2].positions.is_empty());
    }

    #[test]
    fn a_holding_without_any_price_is_valued_at_cost() {
        let given = transaction(0, TransferIn, Some(1), "1");
        let mut gift = transaction(0, TransferIn, Some(2), "5");
        let days = values(&market(), &[gift.clone(), given.clone()]);
        assert_eq!(days[0].positions[1].quality, PriceQuality::None);
        assert_eq!(days[0].snapshot.nav, Money::whole(10));

        gift.price = Some(amount("7"));
        let days = values(&market(), &[gift, given]);
        assert_eq!(days[2].positions[1].quality, PriceQuality::Cost);
        assert_eq!(days[2].positions[1].value, Money::whole(35));
        assert_eq!(days[0].snapshot.flow, Money::whole(45));
        let quality = days[2].snapshot.quality;
        assert_eq!((quality.fresh, quality.cost), (1, 1));
    }

    #[test]
    fn a_value_is_as_old_as_the_older_of_its_price_and_its_rate() {
        let mut builder = MarketBuilder::with_session_count(4);
        let mut share = security(1);
        share.currency = "EUR".parse().unwrap();
        let mut euro = security(2);
        euro.symbol = "EURUSD".to_owned();
        builder.sources.securities.extend([share, euro]);
        for (id, session, price) in [(1, 0, "10"), (1, 2, "10"), (2, 0, "1.2"), (2, 3, "1.3")] {
            builder.add_close(id, session, price);
        }
        let days = values(
            &builder.build(),
            &[transaction(0, TransferIn, Some(1), "5")],
        );
        let fresh_and_stale = |day: &Valuation| {
            let quality = day.snapshot.quality;
            (day.positions[0].quality, quality.fresh, quality.stale)
        };
        let qualities: Vec<_> = days.iter().map(fresh_and_stale).collect();
        let stale = |age| (PriceQuality::Stale(age), 0, 1);
        // On session 2 the price is fresh and the rate is not; on session 3 it is the other way.
        assert_eq!(
            qualities,
            [(PriceQuality::Fresh, 1, 0), stale(1), stale(2), stale(1)]
        );
        assert_eq!(days[2].positions[0].value, Money::whole(60));
        assert_eq!(days[3].positions[0].value, Money::whole(65));
    }

    #[test]
    fn a_transfer_flows_at_the_market_and_brings_its_own_cost() {
        let mut inward = transaction(1, TransferIn, Some(1), "10");
        inward.price = Some(amount("4"));
        let outward = transaction(3, TransferOut, Some(1), "5");
        let days = values(&market(), &[inward, outward]);
        assert_eq!(days[1].snapshot.flow, Money::whole(110));
        assert_eq!(days[1].snapshot.pnl, Money::ZERO);
        assert_eq!(days[1].snapshot.unrealized, Money::whole(70));
        assert_eq!(days[3].snapshot.flow, Money::whole(-65));
        assert_eq!(days[3].snapshot.pnl, Money::whole(10));
        assert_eq!(days[3].snapshot.realized, Money::whole(65 - 20));
        assert_eq!(days[3].positions[0].cost, Money::whole(20));
    }

    #[test]
    fn a_non_session_day_counts_on_the_next_session() {
        let mut builder = MarketBuilder::with_session_days(vec![0, 3, 4]).with_shares([1]);
        builder.add_close(1, 0, "10");
        builder.add_close(1, 3, "5");
        builder.add_split(1, 2, 2, 1);
        let inward = transaction(1, TransferIn, Some(1), "10");
        let days = values(&builder.build(), &[inward, cash(2, Dividend, "1")]);
        assert_eq!(days[0].snapshot.nav, Money::ZERO);
        assert_eq!(days[1].positions[0].quantity, amount("20"));
        assert_eq!(days[1].snapshot.flow, Money::whole(100));
        assert_eq!(days[1].snapshot.pnl, Money::whole(1));
    }

    #[test]
    fn a_split_comes_before_the_trades_of_its_day() {
        let mut builder = MarketBuilder::with_session_count(2).with_shares([1]);
        builder.add_close(1, 0, "10");
        builder.add_split(1, 1, 2, 1);
        let trades = [buy(0, 1, "3", "10"), sell(1, 1, "6", "5")];
        let days = values(&builder.build(), &trades);
        assert!(days[1].positions.is_empty());
        assert_eq!(days[1].snapshot.realized, Money::ZERO);
    }

    #[test]
    fn reversed_income_and_refunds_reach_cash() {
        // A dividend of 45.61 that was 45.60, a refund of tax, a rebate: 52.94 by hand.
        let market = MarketBuilder::with_session_count(3)
            .with_shares([1])
            .build();
        let mut rebate = cash(2, TransactionKind::Interest, "-1");
        rebate.fee = amount("-1");
        let entries = [
            cash(0, Dividend, "45.61"),
            cash(1, Dividend, "-45.61"),
            cash(1, Dividend, "45.60"),
            cash(2, TransactionKind::Tax, "-6.84"),
            cash(2, TransactionKind::Fee, "-0.5"),
            rebate,
        ];
        let days = values(&market, &entries);
        assert_eq!(days[2].snapshot.cash, amount("52.94"));
        assert_eq!(days[2].snapshot.flow, Money::ZERO);
        assert_eq!(days[1].snapshot.pnl, amount("-0.01"));
    }

    #[test]
    fn an_unbookable_transaction_fails_from_its_day_on() {
        let reason = |transaction: Transaction| match booking_error_of(transaction) {
            PhaseError::Unbookable { reason, .. } => reason,
            other => panic!("{other}"),
        };
        let out = transaction(1, TransferOut, Some(1), "1");
        assert_eq!(reason(out), BookingError::ExceedsHolding);
        assert_eq!(reason(cash(0, Deposit, "-1")), BookingError::Negative);
        assert_eq!(
            reason(cash(0, TransactionKind::Withdrawal, "-1")),
            BookingError::Negative
        );
        let buys = |security| transaction(1, TransactionKind::Buy, security, "1");
        assert_eq!(reason(buys(None)), BookingError::NoSecurity);
        assert_eq!(reason(buys(Some(1))), BookingError::NoAmount);
        assert!(matches!(
            booking_error_of(buy(0, 9, "1", "1")),
            PhaseError::UnknownSecurity { .. }
        ));
    }

    #[test]
    fn an_out_of_range_value_fails_only_affected_sessions() {
        let mut builder = MarketBuilder::with_session_count(4).with_shares([1]);
        for (session, price) in [(0, "1"), (1, "90000000000"), (2, "1")] {
            builder.add_close(1, session, price);
        }
        let (market, history) = (builder.build(), history(&[buy(0, 1, "20000", "1")]));
        let mut books = Books::open(&history);
        let days: Vec<_> = (0..4)
            .map(|session| books.value_on(&market, &history, session))
            .collect();
        let out_of_range = PhaseError::HoldingOutOfRange {
            security: crate::domain::SecurityId(1),
            day: day(1),
        };
        assert_eq!(days[1].as_ref(), Err(&out_of_range));
        assert_eq!(
            days[2].as_ref(),
            Err(&out_of_range),
            "the session before has no NAV"
        );
        assert!(days[0].is_ok() && days[3].is_ok());
    }

    #[test]
    #[should_panic(expected = "books move forward")]
    fn books_never_move_backward() {
        let history = history(&[]);
        let mut books = Books::open(&history);
        books.value_on(&market(), &history, 2).unwrap();
        let _ = books.value_on(&market(), &history, 2);
    }
}
