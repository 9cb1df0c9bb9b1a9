//! Tests of currency returns.

use super::*;
use crate::domain::output::Risk;
use crate::domain::{
    Absence, Factor, Figure, Portfolio, SessionsPerYear, Transaction, TransactionKind,
};
use crate::phases::books::Books;
use crate::phases::fixture::{self, MarketBuilder, buy, cash, security};
use crate::phases::history::History;
use crate::phases::risk::risk;
use crate::phases::securities::statistics;
use crate::phases::series;

const LAST: usize = 259;
const EURUSD: u32 = 8;

/// Dollar share 1 does not move, 2 and benchmark 3 do; 4 is a euro share. The euro moves.
fn builder() -> MarketBuilder {
    let mut builder = MarketBuilder::with_session_count(260).with_shares(1..=3);
    builder
        .sources
        .securities
        .push(fixture_security(4, "S4", "EUR"));
    (0..260).for_each(|session| builder.add_close(1, session, "100"));
    for (id, swing) in [(2, 0.02), (3, 0.01), (4, 0.03)] {
        builder.add_moving_closes(id, 0..260, swing);
    }
    add_pair(&mut builder, EURUSD, "EURUSD", 0);
    builder
}

fn fixture_security(id: u32, symbol: &str, currency: &str) -> crate::domain::Security {
    let mut found = security(id);
    found.symbol = symbol.to_owned();
    found.currency = currency.parse().unwrap();
    found
}

/// Adds a pair with a rate from session `first` on that does not move like the shares.
fn add_pair(builder: &mut MarketBuilder, id: u32, symbol: &str, first: i32) {
    let pair = fixture_security(id, symbol, &symbol[3..]);
    builder.sources.securities.push(pair);
    for session in first..260 {
        let cents = 100 + (session * session * i32::try_from(id).unwrap()) % 23;
        let rate = format!("{}.{:02}", cents / 100, cents % 100);
        builder.add_close(id, session, &rate);
    }
}

fn risk_in(builder: &MarketBuilder, currency: &str, trades: &[Transaction]) -> Risk {
    let portfolio = Portfolio {
        currency: currency.parse().unwrap(),
        ..fixture::portfolio()
    };
    let (market, history) = (builder.build(), History::new(&portfolio, trades.to_vec()));
    let mut books = Books::open(&history);
    let valuation = books.value_on(&market, &history, LAST).unwrap();
    let held: Vec<_> = history.securities().collect();
    let foreign = history.foreign_currencies();
    let mut all = statistics(&market, LAST, held.iter().copied());
    if let Some(returns) = CurrencyReturns::new(&market, LAST, portfolio.currency, &held, &foreign)
    {
        let chunk = returns.measure(&all, &held);
        returns.add_to(&mut all, [chunk]);
    }
    risk(&market, &all, LAST, portfolio.currency, &valuation)
}

/// Returns the trades of a portfolio wholly in one security.
fn only(id: u32) -> Vec<Transaction> {
    let mut bought = buy(0, id, "10", "100");
    bought.amount = Some("1000".parse().unwrap());
    vec![cash(0, TransactionKind::Deposit, "1000"), bought]
}

/// Returns the year's returns of a product of closes, each raised to a power.
fn year_of(builder: &MarketBuilder, factors: &[(u32, i32)]) -> Vec<f64> {
    let market = builder.build();
    let price = |session| {
        let prices = factors.iter().map(|(id, power)| {
            let as_of = market.as_of(SecurityId(*id), session).unwrap();
            as_of.price.to_string().parse::<f64>().unwrap().powi(*power)
        });
        prices.product::<f64>()
    };
    (LAST - 251..=LAST)
        .map(|session| price(session) / price(session - 1) - 1.0)
        .collect()
}

#[track_caller]
fn assert_risk_of(risk: &Risk, returns: &[f64]) {
    let near = |figure: Figure, expected: f64| {
        let value = figure.value().unwrap();
        assert!(
            (value - expected).abs() < 1e-12,
            "{value} is not {expected}"
        );
    };
    for (figure, count) in risk.volatility.into_iter().zip([21, 63, 252]) {
        near(
            figure,
            series::volatility(last_n(returns, count), SessionsPerYear::EXCHANGE).unwrap(),
        );
    }
    near(risk.var_95, series::quantile(returns, 0.05).unwrap());
    near(risk.cvar_95, series::cvar(returns, 0.05).unwrap());
    assert_eq!(risk.covered_share, Figure::new(1.0, 1));
}

#[test]
fn a_motionless_foreign_share_has_the_risk_of_its_rate() {
    let builder = builder();
    let risk = risk_in(&builder, "EUR", &only(1));
    assert_risk_of(&risk, &year_of(&builder, &[(EURUSD, -1)]));
    assert!(risk.volatility[2].value().unwrap() > 0.1);
    let in_dollars = risk_in(&builder, "USD", &only(1));
    assert_eq!(in_dollars.volatility[2].value(), Some(0.0));
}

#[test]
fn direct_inverse_and_cross_rates_convert_returns() {
    let mut builder = builder();
    let inverse = risk_in(&builder, "EUR", &only(2));
    assert_risk_of(&inverse, &year_of(&builder, &[(2, 1), (EURUSD, -1)]));
    let direct = risk_in(&builder, "USD", &only(4));
    assert_risk_of(&direct, &year_of(&builder, &[(4, 1), (EURUSD, 1)]));
    add_pair(&mut builder, 9, "GBPUSD", 0);
    let cross = risk_in(&builder, "GBP", &only(4));
    let factors = [(4, 1), (EURUSD, 1), (9, -1)];
    assert_risk_of(&cross, &year_of(&builder, &factors));
}

#[test]
fn a_holding_whose_rate_is_too_young_is_not_covered() {
    let mut builder = builder();
    let first = builder.sources.sessions[200];
    let closes = &mut builder.sources.closes;
    closes.retain(|close| close.security.0 != EURUSD || close.day >= first);
    let risk = risk_in(&builder, "EUR", &only(2));
    assert!(risk.volatility[1].value().is_some());
    assert_eq!(risk.volatility[1].observations(), 59);
    let missing = Err(Absence::TooLittleCovered);
    assert_eq!(risk.volatility[2].as_result(), missing);
    assert_eq!(risk.var_95.as_result(), missing);
    assert_eq!(risk.covered_share, Figure::new(0.0, 0));
}

#[test]
fn a_gap_in_the_rate_beyond_the_limit_ends_its_returns() {
    let mut builder = builder();
    let (first, last) = (builder.sources.sessions[180], builder.sources.sessions[191]);
    let closes = &mut builder.sources.closes;
    let is_kept = |day| day < first || day > last;
    closes.retain(|close| close.security.0 != EURUSD || is_kept(close.day));
    let risk = risk_in(&builder, "EUR", &only(2));
    assert_eq!(risk.volatility[1].observations(), 63);
    assert_eq!(
        risk.volatility[2].as_result(),
        Err(Absence::TooLittleCovered)
    );
}

#[test]
fn a_portfolio_that_holds_the_benchmark_has_a_beta_of_one_in_any_currency() {
    let mut builder = builder();
    let model = &mut builder.sources.model;
    model.benchmark = Some("S3".to_owned());
    model.factors = ["S3", "EURUSD"]
        .map(|symbol| Factor {
            name: symbol.to_owned(),
            symbol: symbol.to_owned(),
        })
        .into();
    for currency in ["USD", "EUR"] {
        let risk = risk_in(&builder, currency, &only(3));
        for figure in [risk.beta, risk.r_squared, risk.factors[0].exposure] {
            assert!((figure.value().unwrap() - 1.0).abs() < 1e-12, "{figure:?}");
        }
        let rate = risk.factors[1].exposure.value().unwrap();
        assert!(rate.abs() < 1e-12, "the euro explains nothing more: {rate}");
    }
    let motionless = risk_in(&builder, "EUR", &only(1));
    let rate = motionless.factors[1].exposure.value().unwrap();
    assert!(rate < -0.1, "it falls when the euro rises: {rate}");
    let own = risk_in(&builder, "EUR", &only(4));
    assert!(
        (own.beta.value().unwrap() - risk_in(&builder, "USD", &only(4)).beta.value().unwrap())
            .abs()
            > 1e-3
    );
}

#[test]
fn a_portfolio_in_its_own_currency_has_the_same_risk_beside_converted_ones() {
    let builder = builder();
    let trades = only(4);
    let alone = risk_in(&builder, "EUR", &trades);
    let (market, held) = (builder.build(), [2, 4].map(SecurityId));
    let mut all = statistics(&market, LAST, held);
    let currency = "EUR".parse().unwrap();
    let returns = CurrencyReturns::new(&market, LAST, currency, &held, &BTreeSet::new()).unwrap();
    let chunk = returns.measure(&all, &held);
    returns.add_to(&mut all, [chunk]);
    let portfolio = Portfolio {
        currency,
        ..fixture::portfolio()
    };
    let history = History::new(&portfolio, trades);
    let valuation = Books::open(&history)
        .value_on(&market, &history, LAST)
        .unwrap();
    assert_eq!(risk(&market, &all, LAST, currency, &valuation), alone);
}

/// Returns a deposit of a hundred euros of cash.
fn euros() -> Transaction {
    let mut deposit = cash(0, TransactionKind::Deposit, "100");
    deposit.cash.currency = Some("EUR".parse().unwrap());
    deposit
}

#[test]
fn foreign_cash_has_the_risk_of_its_exchange_rate() {
    let builder = builder();
    let alone = risk_in(&builder, "USD", &[euros()]);
    let (market, pair) = (builder.build(), SecurityId(EURUSD));
    let returns = market.year_of_returns(market.slot(pair).unwrap(), LAST);
    let volatility = series::volatility(returns, SessionsPerYear::EXCHANGE).unwrap();
    let found = alone.volatility[2].value().unwrap();
    assert!(
        (found / volatility - 1.0).abs() < 1e-12,
        "{found} {volatility}"
    );
    assert_eq!(alone.covered_share, Figure::new(1.0, 1));
    assert_eq!(alone.correlation.as_result(), Err(Absence::SingleHolding));

    // A share in euros that does not move is as risky as euros.
    let mut still = builder.clone();
    still.sources.securities[0].currency = "EUR".parse().unwrap();
    let share = risk_in(&still, "USD", &only(1));
    assert_eq!(share.volatility[2].value(), alone.volatility[2].value());
    assert_eq!(share.var_95.value(), alone.var_95.value());
}

#[test]
fn foreign_cash_is_weighed_beside_holdings_and_no_shock_moves_it() {
    let mut builder = builder();
    let shock = crate::domain::Shock {
        name: "fall".to_owned(),
        market: -0.1,
        classes: BTreeMap::new(),
        sectors: BTreeMap::new(),
    };
    builder.sources.model.benchmark = Some("S3".to_owned());
    builder.sources.model.shocks = vec![shock];
    let half = |extra: Option<Transaction>| {
        let trades: Vec<_> = only(3).into_iter().chain(extra).collect();
        risk_in(&builder, "USD", &trades)
    };
    let (alone, beside) = (half(None), half(Some(euros())));
    let shares = |risk: &Risk| risk.stress[0].value().unwrap();
    assert!(
        shares(&beside) > shares(&alone),
        "a smaller share of NAV falls"
    );
    assert_eq!(beside.stress[0].observations(), 2);
    assert_eq!(beside.covered_share, Figure::new(1.0, 2));
    assert!(beside.correlation.value().is_some());
}
