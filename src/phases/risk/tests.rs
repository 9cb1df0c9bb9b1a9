//! Tests of the risk of a cell on small markets.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{
    AssetClass, Factor, SecurityId, SessionsPerYear, Shock, Transaction, TransactionKind,
};
use crate::phases::books::Books;
use crate::phases::fixture::{MarketBuilder, buy, cash, history, sell};
use crate::phases::securities::statistics;
use crate::phases::series;

const LAST: usize = 259;

/// Benchmark 1 over 260 sessions, 2 to 4 similar to it, 5 listed 41 sessions ago.
fn builder() -> MarketBuilder {
    let mut builder = MarketBuilder::with_session_count(260).with_shares(1..=6);
    for id in 1..=4 {
        builder.add_moving_closes(id, 0..260, 0.01 * f64::from(id));
    }
    for (id, every) in [(3, 7), (4, 3)] {
        let closes = &mut builder.sources.closes;
        closes.retain(|close| close.security.0 != id || close.day.number() % every != 0);
    }
    builder.add_moving_closes(5, 219..260, 0.03);
    builder.add_close(6, 259, "100");
    builder.sources.model.benchmark = Some("S1".to_owned());
    builder.sources.model.factors = vec![Factor {
        name: "market".to_owned(),
        symbol: "S1".to_owned(),
    }];
    builder
}

fn risk_of(builder: &MarketBuilder, trades: &[Transaction]) -> (Risk, Valuation) {
    let (market, history) = (builder.build(), history(trades));
    let valuation = Books::open(&history)
        .value_on(&market, &history, LAST)
        .unwrap();
    let statistics = statistics(&market, LAST, history.securities());
    (
        risk(&market, &statistics, LAST, Currency::USD, &valuation),
        valuation,
    )
}

fn funded(trades: impl IntoIterator<Item = Transaction>) -> Vec<Transaction> {
    let mut all = vec![cash(0, TransactionKind::Deposit, "10000")];
    all.extend(trades);
    all
}

fn three_trades() -> Vec<Transaction> {
    funded([
        buy(1, 2, "30", "100"),
        sell(2, 3, "10", "100"),
        buy(3, 4, "20", "100"),
    ])
}

fn shock(name: &str, market: f64) -> Shock {
    Shock {
        name: name.to_owned(),
        market,
        classes: BTreeMap::new(),
        sectors: BTreeMap::new(),
    }
}

#[track_caller]
fn assert_close(figure: Figure, expected: f64) {
    let value = figure.value().unwrap();
    assert!(
        (value - expected).abs() < 1e-12,
        "{value} is not {expected}"
    );
}

/// Sums the returns of all holdings at the day's weights, over the last `count` sessions.
fn constant_weight_returns(
    builder: &MarketBuilder,
    valuation: &Valuation,
    count: usize,
) -> Vec<f64> {
    let market = builder.build();
    let nav = valuation.snapshot.nav.to_f64();
    let mut returns = vec![0.0; count];
    for position in &valuation.positions {
        let slot = market.slot(position.security).unwrap();
        let own = market.returns(slot, LAST, count);
        for (sum, own) in returns.iter_mut().zip(own) {
            *sum += position.value.to_f64() / nav * own;
        }
    }
    returns
}

#[test]
fn risk_uses_the_days_weights_over_the_whole_year() {
    let builder = builder();
    let (risk, valuation) = risk_of(&builder, &three_trades());
    let returns = constant_weight_returns(&builder, &valuation, 252);
    for (figure, window) in risk.volatility.into_iter().zip([21, 63, 252]) {
        assert_close(
            figure,
            series::volatility(last_n(&returns, window), SessionsPerYear::EXCHANGE).unwrap(),
        );
        assert_eq!(figure.observations(), window as u32);
    }
    assert_close(risk.var_95, series::quantile(&returns, 0.05).unwrap());
    assert_close(risk.cvar_95, series::cvar(&returns, 0.05).unwrap());
    assert_eq!(risk.covered_share, Figure::new(1.0, 3));
}

#[test]
fn portfolio_beta_is_the_weighted_sum_of_betas() {
    let (risk, _) = risk_of(&builder(), &three_trades());
    assert_close(risk.beta, risk.factors[0].exposure.value().unwrap());
    assert_eq!(risk.factors[0].covered_share, 1.0);
    assert!(risk.r_squared.value().unwrap() > 0.5);
}

#[test]
fn mean_correlation_equals_the_mean_over_pairs() {
    let builder = builder();
    let (risk, _) = risk_of(&builder, &three_trades());
    let market = builder.build();
    let returns = |id| market.returns(market.slot(SecurityId(id)).unwrap(), LAST, 252);
    let pair = |a, b| {
        let line = series::ols(returns(a), returns(b)).unwrap();
        line.r_squared.unwrap().sqrt().copysign(line.slope)
    };
    let mean = (pair(2, 3) + pair(2, 4) + pair(3, 4)) / 3.0;
    assert_close(risk.correlation, mean);
    assert_close(risk.effective_number, 3.0 / (1.0 + 2.0 * mean));
}

#[test]
fn a_single_holding_has_no_correlation() {
    let (risk, _) = risk_of(&builder(), &funded([buy(1, 2, "30", "100")]));
    assert_eq!(risk.correlation.as_result(), Err(Absence::SingleHolding));
    assert_eq!(
        risk.effective_number.as_result(),
        Err(Absence::SingleHolding)
    );
    assert!(risk.volatility[2].value().is_some());
}

#[test]
fn a_large_young_holding_leaves_only_short_windows() {
    let trades = funded([buy(1, 2, "60", "100"), buy(230, 5, "40", "100")]);
    let (risk, _) = risk_of(&builder(), &trades);
    assert!(risk.volatility[0].value().is_some());
    for figure in [
        risk.volatility[1],
        risk.volatility[2],
        risk.beta,
        risk.var_95,
    ] {
        assert_eq!(figure.as_result(), Err(Absence::TooLittleCovered));
    }
    let share = risk.covered_share.value().unwrap();
    assert!((0.5..0.8).contains(&share), "{share}");
    assert_eq!(risk.covered_share.observations(), 1);
    let exposure = risk.factors[0];
    assert_eq!(
        exposure.exposure.as_result(),
        Err(Absence::TooLittleCovered)
    );
    assert!(exposure.covered_share > 0.0);
}

#[test]
fn a_small_young_holding_is_excluded_from_the_year() {
    let trades = funded([buy(1, 2, "90", "100"), buy(230, 5, "1", "100")]);
    let builder = builder();
    let (with, valuation) = risk_of(&builder, &trades);
    let month = constant_weight_returns(&builder, &valuation, 21);
    assert_close(
        with.volatility[0],
        series::volatility(&month, SessionsPerYear::EXCHANGE).unwrap(),
    );
    assert_eq!(with.volatility[2].observations(), 252);
    assert_eq!(with.volatility[1].observations(), 63);
    assert_eq!(with.covered_share.observations(), 1);
    let share = with.covered_share.value().unwrap();
    assert!((0.8..1.0).contains(&share), "{share}");
}

#[test]
fn observations_are_limited_by_the_shortest_covered_history() {
    let mut builder = builder();
    let first = builder.sources.sessions[100];
    builder
        .sources
        .closes
        .retain(|close| close.security.0 != 2 || close.day >= first);
    let trades = funded([buy(130, 2, "10", "100"), buy(130, 4, "10", "100")]);
    let (risk, _) = risk_of(&builder, &trades);
    assert_eq!(risk.volatility[2].observations(), 159);
    assert_eq!(risk.beta.observations(), 159);
    assert_eq!(risk.correlation.observations(), 159);
}

#[test]
fn a_shock_passes_through_beta_class_and_sector() {
    let mut builder = builder();
    let mut crash = shock("crash", -0.2);
    crash.classes.insert(AssetClass::Equity, -0.05);
    crash.sectors.insert("Technology".to_owned(), 0.01);
    let mut rotation = shock("rotation", 0.0);
    rotation.sectors.insert("Technology".to_owned(), -0.1);
    builder.sources.model.shocks = vec![crash, rotation];
    let (risk, valuation) = risk_of(&builder, &three_trades());
    let net = valuation.snapshot.net.to_f64() / valuation.snapshot.nav.to_f64();
    let beta = risk.factors[0].exposure.value().unwrap();
    assert_close(risk.stress[0], beta * -0.2 + net * -0.04);
    assert_close(risk.stress[1], net * -0.1);
}

#[test]
fn a_holding_without_a_beta_is_not_covered_where_the_market_moves() {
    let mut builder = builder();
    builder.sources.model.shocks = vec![shock("crash", -0.2), shock("calm", 0.0)];
    let (risk, _) = risk_of(&builder, &funded([buy(230, 5, "10", "100")]));
    assert_eq!(risk.stress[0].as_result(), Err(Absence::TooLittleCovered));
    assert_eq!(risk.stress[1], Figure::new(0.0, 1));
}

#[test]
fn risk_is_absent_without_weights() {
    let mut builder = builder();
    builder.sources.model.shocks = vec![shock("crash", -0.2)];
    let in_debt = [buy(1, 2, "1", "100000")];
    for (trades, reason) in [
        (funded([]), Absence::NoHoldings),
        (in_debt.to_vec(), Absence::NoPositiveNav),
        (Vec::new(), Absence::NoPositiveNav),
    ] {
        let (risk, _) = risk_of(&builder, &trades);
        for figure in [
            risk.volatility[0],
            risk.covered_share,
            risk.stress[0],
            risk.factors[0].exposure,
        ] {
            assert_eq!(figure.as_result(), Err(reason));
        }
    }
}

#[test]
fn unchanged_prices_have_zero_volatility_and_no_correlation() {
    let mut builder = builder();
    for close in &mut builder.sources.closes {
        if close.security.0 != 1 {
            close.price = crate::domain::Price::whole(10);
        }
    }
    let trades = funded([buy(1, 2, "10", "100"), buy(1, 3, "10", "100")]);
    let (risk, _) = risk_of(&builder, &trades);
    assert_eq!(risk.volatility[2], Figure::new(0.0, 252));
    assert_eq!(risk.beta.value(), Some(0.0));
    assert_eq!(risk.r_squared.as_result(), Err(Absence::NoVariance));
    assert_eq!(risk.correlation.as_result(), Err(Absence::NoVariance));
}

/// The same securities under other ids, as if they had been imported in another order.
#[test]
fn the_order_of_import_changes_no_bit_of_risk() {
    let other = |id: SecurityId| SecurityId(10 - id.0);
    let first = builder();
    let mut second = first.clone();
    for security in &mut second.sources.securities {
        security.id = other(security.id);
    }
    for close in &mut second.sources.closes {
        close.security = other(close.security);
    }
    let trades = three_trades();
    let relabelled = trades.iter().map(|trade| Transaction {
        security: trade.security.map(other),
        ..trade.clone()
    });
    let relabelled: Vec<_> = relabelled.collect();
    let (risk, valuation) = risk_of(&first, &trades);
    let (other_risk, other_valuation) = risk_of(&second, &relabelled);
    assert_eq!(risk, other_risk);
    let held = |valuation: &Valuation| {
        let positions = valuation.positions.iter();
        positions.map(|held| held.value).collect::<Vec<_>>()
    };
    assert_eq!(held(&valuation), held(&other_valuation));
}
