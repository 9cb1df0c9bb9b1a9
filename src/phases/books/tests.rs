//! Tests of books on small markets.

use super::*;
use crate::domain::{Absence, CostBasis, FeeTreatment, LotMethod, PriceQuality, TransactionKind};
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

/// Example 3 of the HMRC helpsheet HS284 (shares in Lobster plc, one pool of average cost with
/// dealing costs), to the ten-thousandth of a pound that it rounds to pounds.
#[test]
fn an_average_with_fees_in_cost_is_as_published() {
    let with_fee = |mut trade: Transaction, fee: &str| {
        trade.fee = amount(fee);
        trade
    };
    let trades = [
        cash(0, Deposit, "10000"),
        with_fee(buy(0, 1, "1000", "4"), "150"),
        with_fee(buy(1, 1, "500", "4.1"), "80"),
        with_fee(sell(2, 1, "700", "4.8"), "100"),
        with_fee(sell(3, 1, "400", "5.2"), "105"),
    ];
    let mut portfolio = crate::phases::fixture::portfolio();
    portfolio.cost_basis = CostBasis {
        method: LotMethod::Average,
        fees: FeeTreatment::Capitalize,
    };
    let (market, history) = (market(), History::new(&portfolio, trades.to_vec()));
    let lots = Books::realized_lots(&market, &history).unwrap();
    let mut books = Books::open(&history);
    let days: Vec<_> = (0..4)
        .map(|session| books.value_on(&market, &history, session).unwrap())
        .collect();
    assert_eq!(days[1].positions[0].cost, Money::whole(6280));
    // Pool of 6,280 × 700/1,500 = 2,931; gain of 3,260 − 2,931 = 329.
    assert_eq!(days[2].snapshot.realized, amount("329.3333"));
    assert_eq!(days[2].positions[0].cost, amount("3349.3333"));
    // Then 1,975 − 3,349 × 400/800 = 300.
    assert_eq!(days[3].snapshot.realized, amount("629.6667"));
    let gains = lots.iter().map(|lot| lot.gain().unwrap());
    let sum = gains.fold(Money::ZERO, |sum, gain| sum.plus(gain).unwrap());
    assert_eq!(sum, days[3].snapshot.realized);
    assert_eq!(lots[0].opened.day, day(0));
    assert_eq!((lots[0].closed, lots[0].closed_by), (day(2), Some(3)));
    // Cash pays fees wherever they are booked.
    assert_eq!(days[3].snapshot.cash, amount("8955"));
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
