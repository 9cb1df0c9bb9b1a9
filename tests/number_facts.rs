//! Compares statistics with published numbers.
//!
//! The short series are those of empyrical's test suite (Quantopian, Apache-2.0). The closes in
//! files are not part of this project: they are read from `../shared/data`, or from the folder in
//! `PLIMSOLL_FACTS`. A test without its files is skipped with a message.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll::domain::SessionsPerYear;
use plimsoll::phases::series::{cvar, max_drawdown, ols, quantile, volatility};

/// empyrical's `mixed_returns`, whose first entry is missing.
const MIXED: [f64; 8] = [0.01, 0.10, -0.04, 0.02, 0.03, 0.02, 0.01, -0.10];

/// empyrical's `negative_returns`, all zero or below.
const NEGATIVE: [f64; 9] = [0.0, -0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05];

#[track_caller]
fn assert_close<E: std::fmt::Debug>(actual: Result<f64, E>, published: f64, relative: f64) {
    let actual = actual.unwrap();
    assert!(
        ((actual - published) / published).abs() <= relative,
        "{actual:?} is not {published:?}"
    );
}

#[test]
fn empyrical_agrees_on_mixed_returns() {
    assert_close(
        volatility(&MIXED, SessionsPerYear::EXCHANGE),
        0.913_646_539_970_463_7,
        1e-14,
    );
    assert_close(max_drawdown(&MIXED), -0.1, 1e-14);
}

#[test]
fn empyrical_agrees_on_negative_returns() {
    assert_close(max_drawdown(&NEGATIVE), -0.365_907_30, 1e-7);
}

#[test]
fn empyrical_agrees_on_value_at_risk() {
    let series = [1.0, 81.0, 82.0, 83.0, 84.0, 85.0];
    for (share, value) in [(0.1, 41.0), (0.2, 81.0), (0.3, 81.5)] {
        assert_close(quantile(&series, share), value, 1e-14);
    }
}

/// 40 % AAPL, 35 % JPM and 25 % XOM, rebalanced daily, against SPY. The adjusted closes are those
/// of PyPortfolioOpt (MIT), the figures are by numpy and empyrical.
#[test]
fn a_portfolio_of_three_stocks_over_six_years() {
    let Some(folder) = facts_folder() else {
        return note_skipped();
    };
    let stocks = closes(folder.join("us_stocks_adjusted_close.csv"));
    let spy = closes(folder.join("spy_adjusted_close.csv"));
    let market = returns(&spy["SPY"]);
    let legs = [("AAPL", 0.40), ("JPM", 0.35), ("XOM", 0.25)]
        .map(|(symbol, weight)| (returns(&stocks[symbol]), weight));
    let portfolio: Vec<_> = (0..market.len())
        .map(|at| legs.iter().map(|(leg, weight)| leg[at] * weight).sum())
        .collect();
    assert_eq!(portfolio.len(), 1_509);

    assert_close(
        volatility(&portfolio, SessionsPerYear::EXCHANGE),
        0.164_546_427_051_724_1,
        1e-12,
    );
    let beta = ols(&market, &portfolio).map(|line| line.slope);
    assert_close(beta, 1.104_153_852_476_163_2, 1e-12);
    assert_close(
        quantile(&portfolio, 0.05),
        -0.016_145_746_831_468_567,
        1e-12,
    );
    assert_close(cvar(&portfolio, 0.05), -0.023_223_776_115_613_524, 1e-12);
    assert_close(max_drawdown(&portfolio), -0.191_904_423_422_968_8, 1e-12);
}

fn facts_folder() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no arguments, so the folder comes from a variable"
    )]
    let configured = std::env::var("PLIMSOLL_FACTS").map(PathBuf::from);
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = configured.unwrap_or(default);
    folder
        .join("us_stocks_adjusted_close.csv")
        .exists()
        .then_some(folder)
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn note_skipped() {
    eprintln!("skipped: the files are missing (set PLIMSOLL_FACTS to their folder)");
}

/// Reads closes by symbol, from the last session of 2011 to the last of 2017.
fn closes(path: PathBuf) -> BTreeMap<String, Vec<f64>> {
    let mut file = csv::Reader::from_path(path).unwrap();
    let symbols = file.headers().unwrap().clone();
    let mut closes: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for row in file.records() {
        let row = row.unwrap();
        if ("2011-12-30".."2018-01-01").contains(&&row[0]) {
            for (symbol, close) in symbols.iter().zip(&row).skip(1) {
                let closes = closes.entry(symbol.to_owned()).or_default();
                closes.extend(close.parse::<f64>());
            }
        }
    }
    closes
}

fn returns(closes: &[f64]) -> Vec<f64> {
    closes
        .windows(2)
        .map(|pair| pair[1] / pair[0] - 1.0)
        .collect()
}
