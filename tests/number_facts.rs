//! Numbers that others have published, found again here.
//!
//! The short series are those of empyrical's own test-suite (Quantopian, Apache-2.0). The facts
//! from files are of closes that are not part of this project: they are looked for beside it, in
//! `../shared/data`, or in the folder that `PLIMSOLL_FACTS` names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll::phases::series::{cvar, max_drawdown, ols, quantile, sharpe, volatility};

/// empyrical's `mixed_returns`, whose first entry is missing.
const MIXED: [f64; 8] = [0.01, 0.10, -0.04, 0.02, 0.03, 0.02, 0.01, -0.10];

/// empyrical's `negative_returns`.
const NEGATIVE: [f64; 9] = [0.0, -0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05];

#[track_caller]
fn assert_close<E: std::fmt::Debug>(ours: Result<f64, E>, theirs: f64, relative: f64) {
    let ours = ours.unwrap();
    assert!(
        ((ours - theirs) / theirs).abs() <= relative,
        "{ours:?} is not {theirs:?}"
    );
}

#[test]
fn empyrical_agrees_on_mixed_returns() {
    assert_close(volatility(&MIXED), 0.913_646_539_970_463_7, 1e-14);
    assert_close(sharpe(&MIXED), 1.723_861_396_170_686_6, 1e-14);
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

/// 40 % AAPL, 35 % JPM and 25 % XOM, rebalanced daily, against SPY: adjusted closes as
/// PyPortfolioOpt keeps them (MIT), figures by numpy and empyrical.
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

    assert_close(volatility(&portfolio), 0.164_546_427_051_724_1, 1e-12);
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
        reason = "a test has no command line to be told by"
    )]
    let named = std::env::var("PLIMSOLL_FACTS").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = named.unwrap_or(beside);
    folder
        .join("us_stocks_adjusted_close.csv")
        .exists()
        .then_some(folder)
}

#[expect(clippy::print_stderr, reason = "what a test leaves out it says")]
fn note_skipped() {
    eprintln!("left out: the files are not here (PLIMSOLL_FACTS names their folder)");
}

/// Closes by symbol from the last session of 2011 to the last of 2017.
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
