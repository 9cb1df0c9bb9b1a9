//! Tests of cash in several currencies.

use proptest::prelude::*;

use crate::domain::output::{ForeignCash, Snapshot};
use crate::domain::{
    CashTerms, CashTermsError, Currency, ExchangeRate, FeeTreatment, Money, Portfolio,
    PriceQuality, Quantity, Transaction, TransactionKind,
};
use crate::phases::fixture::{self, MarketBuilder, amount, buy, cash, day, security, sell};
use crate::phases::{BookingError, Books, History, Market, PhaseError};

use TransactionKind::{Buy, Deposit, Dividend, Exchange, Fee, Interest, Sell, Tax, Withdrawal};

/// Share 1 is priced in euros. Pairs 8 and 9 are dollars for a euro and for a pound.
fn builder(rates: &[(&str, &str)], closes: &[&str]) -> MarketBuilder {
    let mut builder = MarketBuilder::with_session_count(rates.len() as i32);
    let mut share = security(1);
    share.currency = currency("EUR");
    builder.sources.securities.push(share);
    for (id, symbol) in [(8, "EURUSD"), (9, "GBPUSD")] {
        let mut pair = security(id);
        pair.symbol = symbol.to_owned();
        builder.sources.securities.push(pair);
    }
    for (on, (euro, pound)) in (0..).zip(rates) {
        for (id, rate) in [(8, euro), (9, pound)] {
            if !rate.is_empty() {
                builder.add_close(id, on, rate);
            }
        }
    }
    for (on, close) in (0..).zip(closes) {
        builder.add_close(1, on, close);
    }
    builder
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

/// Names the currency of price, amount and cash.
fn in_currency(code: &str, transaction: Transaction) -> Transaction {
    let cash = CashTerms {
        currency: Some(currency(code)),
        ..transaction.cash
    };
    Transaction {
        cash,
        ..transaction
    }
}

fn with_fee(code: &str, fee: &str, transaction: Transaction) -> Transaction {
    let cash = CashTerms {
        fee_currency: Some(currency(code)),
        ..transaction.cash
    };
    Transaction {
        fee: amount(fee),
        cash,
        ..transaction
    }
}

/// Returns an exchange of an amount paid for another, each with its currency.
fn exchange(on: i32, paid: (&str, &str), received: (&str, &str)) -> Transaction {
    let mut exchange = in_currency(received.1, cash(on, Exchange, received.0));
    exchange.reference = format!("{on} exchange {paid:?}");
    exchange.cash.from_amount = Some(amount(paid.0));
    exchange.cash.from_currency = Some(currency(paid.1));
    exchange
}

fn books_of(market: &Market, history: &History, session: usize) -> Result<Snapshot, PhaseError> {
    let valuation = Books::open(history).value_on(market, history, session);
    valuation.map(|valuation| valuation.snapshot)
}

fn in_dollars(transactions: &[Transaction]) -> History {
    fixture::history(transactions)
}

/// Balance, value, cost, gain of the session and realized gain of the cash in a currency.
fn amounts(books: &Snapshot, code: &str) -> [String; 5] {
    let mut cash = books.foreign_cash.iter();
    let found = cash.find(|of| of.currency == currency(code)).unwrap();
    let ForeignCash {
        balance,
        value,
        cost,
        fx_gain,
        fx_realized,
        ..
    } = *found;
    [balance, value, cost, fx_gain, fx_realized].map(|amount| amount.to_string())
}

/// Four sessions of a portfolio in dollars with euros and pounds. All figures were computed outside
/// of this project, with exact fractions, from the rules of `docs/numbers.md`.
#[test]
fn a_history_in_three_currencies_has_the_figures_of_an_independent_computation() {
    let rates = [
        ("1.1000", "1.3000"),
        ("1.1234", "1.2875"),
        ("1.0871", "1.3111"),
        ("1.0950", "1.3005"),
    ];
    let market = builder(&rates, &["50", "51.5", "49.25", "52"]).build();
    let history = in_dollars(&[
        cash(0, Deposit, "10000"),
        in_currency("GBP", cash(0, Deposit, "2000.55")),
        with_fee(
            "GBP",
            "3.5",
            exchange(0, ("5500.25", "USD"), ("5000", "EUR")),
        ),
        with_fee("EUR", "4.95", in_currency("EUR", buy(0, 1, "60", "50"))),
        exchange(1, ("700", "GBP"), ("795.33", "EUR")),
        in_currency("EUR", cash(1, Dividend, "33.21")),
        with_fee("GBP", "2", in_currency("EUR", sell(2, 1, "25", "49.25"))),
        in_currency("GBP", cash(2, Withdrawal, "1500")),
        exchange(3, ("3900", "EUR"), ("4268.11", "USD")),
        in_currency("GBP", cash(3, Interest, "-1.23")),
    ]);
    let totals = [
        ["12590.47", "9290.47", "12600.715", "-10.245", "0", "0"],
        ["12813.0289", "9341.7229", "0", "222.5589", "0", "171.306"],
        [
            "10512.9453",
            "8639.0567",
            "-1966.65",
            "-333.4336",
            "-36.5081",
            "-51.1114",
        ],
        [
            "10662.1727",
            "8669.2727",
            "0",
            "149.2274",
            "-36.5081",
            "67.9",
        ],
    ];
    let euros = [
        ["1995.05", "2194.555", "2194.6548", "-0.25", "-0.1502"],
        ["2823.59", "3172.021", "3133.2129", "38.9079", "-0.1502"],
        ["4054.84", "4408.0166", "4471.7048", "-102.4963", "-0.1502"],
        ["154.84", "169.5498", "170.7586", "29.6432", "-32.9864"],
    ];
    let pounds = [
        ["1997.05", "2596.165", "2596.165", "0", "0"],
        ["1297.05", "1669.9519", "1686.165", "-24.9631", "-8.75"],
        ["-204.95", "-268.7099", "-268.7099", "30.6104", "5.6473"],
        ["-206.18", "-268.1371", "-270.3095", "2.1724", "5.6473"],
    ];
    let mut rolling = Books::open(&history);
    for session in 0..4 {
        let valuation = rolling.value_on(&market, &history, session).unwrap();
        let books = valuation.snapshot;
        let found = [
            books.nav,
            books.cash,
            books.flow,
            books.pnl,
            books.realized,
            books.unrealized,
        ];
        assert_eq!(found.map(|amount| amount.to_string()), totals[session]);
        assert_eq!(amounts(&books, "EUR"), euros[session], "session {session}");
        assert_eq!(amounts(&books, "GBP"), pounds[session], "session {session}");
        assert_eq!(books_of(&market, &history, session).unwrap(), books);
    }
}

#[test]
fn a_stated_currency_is_that_of_price_and_cash() {
    let market = builder(&[("1.25", "1.5")], &["80"]).build();
    let plain = in_dollars(&[buy(0, 1, "10", "80")]);
    let books = books_of(&market, &plain, 0).unwrap();
    assert_eq!(books.cash, amount("-1000"), "converted to dollars");
    assert!(books.foreign_cash.is_empty());
    let euros = in_dollars(&[in_currency("EUR", buy(0, 1, "10", "80"))]);
    let books = books_of(&market, &euros, 0).unwrap();
    assert_eq!(amounts(&books, "EUR"), ["-800", "-1000", "-1000", "0", "0"]);
    let pounds = in_dollars(&[in_currency("GBP", buy(0, 1, "10", "70"))]);
    let books = books_of(&market, &pounds, 0).unwrap();
    assert_eq!(amounts(&books, "GBP"), ["-700", "-1050", "-1050", "0", "0"]);
    assert_eq!(books.unrealized, amount("-50"));
    // The price of a share in euros, stated in dollars, the currency of the portfolio.
    let dollars = in_dollars(&[in_currency("USD", buy(0, 1, "10", "101"))]);
    let books = books_of(&market, &dollars, 0).unwrap();
    assert_eq!(
        (books.cash, books.unrealized),
        (amount("-1010"), amount("-10"))
    );
}

#[test]
fn a_fee_in_a_third_currency_is_part_of_cost_at_its_own_rate() {
    let market = builder(&[("1.25", "1.5")], &["80"]).build();
    let trade = with_fee("GBP", "10", in_currency("EUR", buy(0, 1, "10", "80")));
    let mut portfolio = fixture::portfolio();
    portfolio.cost_basis.fees = FeeTreatment::Capitalize;
    let unrealized = |portfolio: &Portfolio| {
        let history = History::new(portfolio, vec![trade.clone()]);
        let books = books_of(&market, &history, 0).unwrap();
        assert_eq!(amounts(&books, "GBP")[0], "-10");
        assert_eq!(books.nav, amount("-15"));
        books.unrealized
    };
    assert_eq!(unrealized(&portfolio), amount("-15"));
    assert_eq!(unrealized(&fixture::portfolio()), Money::ZERO);
}

#[test]
fn exchanges_are_booked_before_purchases_of_their_day() {
    let market = builder(&[("1.25", "1.5"), ("1.3", "1.5")], &["80"]).build();
    let mut bought = in_currency("EUR", buy(0, 1, "10", "80"));
    bought.reference = "a".to_owned();
    let history = in_dollars(&[bought, exchange(0, ("1001", "USD"), ("800", "EUR"))]);
    let books = books_of(&market, &history, 0).unwrap();
    // 800 euros at a cost of 1,001 dollars pay what is worth 1,000.
    assert_eq!(amounts(&books, "EUR"), ["0", "0", "0", "-1", "-1"]);
}

#[test]
fn a_missing_rate_leaves_no_books_while_cash_of_it_is_held() {
    let market = builder(&[("1.25", ""), ("1.3", "")], &[]).build();
    let held = in_dollars(&[in_currency("GBP", cash(0, Deposit, "5"))]);
    let missing = PhaseError::MissingRate {
        from: currency("GBP"),
        to: Currency::USD,
        day: day(0),
    };
    assert_eq!(books_of(&market, &held, 0), Err(missing));
    // The balance of zero has a value without a rate.
    let market = builder(&[("1.25", "1.5"), ("0", "0")], &[]).build();
    let mut spent = [
        in_currency("GBP", cash(0, Deposit, "5")),
        in_currency("GBP", cash(0, Withdrawal, "5")),
    ];
    spent[1].fee = amount("1");
    spent[1].cash.fee_currency = Some(Currency::USD);
    let books = books_of(&market, &in_dollars(&spent), 1).unwrap();
    assert_eq!((books.nav, books.quality.holdings()), (amount("-1"), 0));
}

#[test]
fn a_balance_is_as_old_as_its_rate() {
    let market = builder(&[("1.25", "1.5"), ("", "1.5")], &[]).build();
    let history = in_dollars(&[in_currency("EUR", cash(0, Deposit, "5"))]);
    let books = books_of(&market, &history, 1).unwrap();
    assert_eq!(books.foreign_cash[0].quality, PriceQuality::Stale(1));
    assert_eq!((books.quality.stale, books.quality.fresh), (1, 0));
}

#[test]
fn contradicting_currencies_leave_no_books() {
    let market = builder(&[("1.25", "1.5")], &["80"]).build();
    let mut transfer = in_currency("EUR", buy(0, 1, "10", "80"));
    transfer.kind = TransactionKind::TransferIn;
    let same = exchange(0, ("5", "EUR"), ("5", "EUR"));
    for (refused, reason) in [
        (transfer, CashTermsError::CurrencyOfTransfer),
        (same, CashTermsError::SameCurrency(currency("EUR"))),
    ] {
        let reference = refused.reference.clone();
        let unbookable = PhaseError::Unbookable {
            reference,
            reason: BookingError::Cash(reason),
        };
        assert_eq!(
            books_of(&market, &in_dollars(&[refused]), 0),
            Err(unbookable)
        );
    }
}

/// Any transaction of the kinds that move cash, in dollars, euros or pounds.
fn transactions() -> impl Strategy<Value = Transaction> {
    let code = || prop::sample::select(vec!["USD", "EUR", "GBP"]);
    let kinds = vec![
        Deposit, Withdrawal, Exchange, Buy, Sell, Dividend, Interest, Fee, Tax,
    ];
    let kind = prop::sample::select(kinds);
    let numbers = (1_i64..2_000_000, 1_i64..2_000_000, 0_i64..50_000);
    (0..6, kind, (code(), code(), code()), numbers, any::<u32>()).prop_map(
        |(on, kind, (code, other, of_fee), (units, paid, fee), reference)| {
            let kind = match kind {
                Exchange if code == other => Deposit,
                kind => kind,
            };
            let mut generated = in_currency(code, cash(on, kind, "0"));
            generated.amount = Some(Money::from_units(units));
            generated.cash.fee_currency = Some(currency(of_fee));
            if kind == Exchange {
                generated.cash.from_currency = Some(currency(other));
                generated.cash.from_amount = Some(Money::from_units(paid));
            }
            if kind.is_movement() {
                generated.security = Some(crate::domain::SecurityId(1));
                generated.quantity = Quantity::whole(1 + (paid % 7) as i32);
            }
            generated.fee = Money::from_units(fee);
            generated.reference = reference.to_string();
            generated
        },
    )
}

proptest! {
    #[test]
    fn gains_flows_and_income_explain_the_books(
        rates in prop::collection::vec((500_i64..2_000, 500_i64..2_000), 6),
        transactions in prop::collection::vec(transactions(), 0..25),
    ) {
        let text = |rate: i64| format!("{}.{:03}", rate / 1_000, rate % 1_000);
        let rates: Vec<_> = rates.iter().map(|(a, b)| (text(*a), text(*b))).collect();
        let rates: Vec<_> = rates.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let market = builder(&rates, &["50", "51", "52", "53", "54", "55"]).build();
        let history = in_dollars(&transactions);
        let value = |code: Currency, amount: Money, on: usize| match code {
            Currency::USD => amount.units(),
            code => {
                let rate = market.rate(&market.conversion(code, Currency::USD), on);
                let rate: ExchangeRate = rate.unwrap().rate;
                rate.convert(amount).unwrap().units()
            }
        };
        let mut books = Books::open(&history);
        let (mut gains, mut pnl) = ([0_i64; 2], 0);
        for session in 0..6 {
            let until = day(session as i32);
            let snapshot = books.value_on(&market, &history, session).unwrap().snapshot;
            pnl += snapshot.pnl.units();
            let booked = || history.transactions().iter().filter(|of| of.day <= until);
            for (gain, code) in gains.iter_mut().zip(["EUR", "GBP"]) {
                let cash = snapshot.foreign_cash.iter();
                let Some(cash) = cash.clone().find(|of| of.currency == currency(code)) else {
                    continue;
                };
                *gain += cash.fx_gain.units();
                let unrealized = cash.fx_unrealized().unwrap();
                prop_assert_eq!(*gain, cash.fx_realized.units() + unrealized.units());
                let moves = booked().flat_map(|of| {
                    of.foreign_cash_moves(Currency::USD, Quantity::whole(1))
                });
                let moves = moves.filter(|(of, _)| *of == currency(code));
                let balance: i64 = moves.map(|(_, amount)| amount.units()).sum();
                prop_assert_eq!(cash.balance.units(), balance);
            }
            let income = booked().map(|of| {
                let on = (0..6).find(|at| day(*at) == of.day).unwrap() as usize;
                let code = of.cash.currency_or(Currency::USD);
                let amount = value(code, of.amount.unwrap(), on);
                let fee = value(of.cash.fee_currency_or(Currency::USD), of.fee, on);
                match of.kind {
                    Dividend | Interest => amount - fee,
                    Fee | Tax => -amount - fee,
                    _ => -fee,
                }
            });
            let explained = snapshot.realized.units() + snapshot.unrealized.units();
            let explained = explained + income.sum::<i64>() + gains.iter().sum::<i64>();
            prop_assert_eq!(pnl, explained);
        }
    }
}
