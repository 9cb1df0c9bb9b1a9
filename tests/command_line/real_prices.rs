//! Twenty shares and a benchmark at real prices, over five years, in three portfolios: imported by
//! the documented commands, filled and verified. Skipped with a message if the prices are absent.

use std::io::Write;
use std::path::PathBuf;

use crate::workspace::Workspace;

const PORTFOLIOS: &str =
    "name,inception\nValue,2013-01-02\nGrowth,2013-01-02\nBanks and oil,2013-01-02\n";
const TRANSACTIONS: &str = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n\
    v1,Value,2013-01-02,deposit,,,,1000000,\n\
    v2,Value,2013-01-02,buy,WMT,2000,60.5,,9.99\n\
    v3,Value,2013-01-02,buy,PFE,5000,21.5,,9.99\n\
    v4,Value,2013-01-02,buy,GE,4000,17.1,,9.99\n\
    v5,Value,2015-06-01,sell,GE,1500,23.9,,9.99\n\
    v6,Value,2016-03-01,withdrawal,,,,50000,\n\
    g1,Growth,2013-01-02,deposit,,,,500000,\n\
    g2,Growth,2013-01-02,buy,AAPL,1500,70.1,,\n\
    g3,Growth,2013-01-02,buy,AMZN,300,257.3,,\n\
    g4,Growth,2014-09-22,buy,BABA,400,89.9,,\n\
    g5,Growth,2016-01-04,sell,AAPL,500,101,,\n\
    b1,Banks and oil,2013-01-02,transfer-in,JPM,4000,39.1,,\n\
    b2,Banks and oil,2013-01-02,transfer-in,XOM,1500,75.2,,\n\
    b3,Banks and oil,2013-01-02,deposit,,,,100000,\n\
    b4,Banks and oil,2014-05-05,sell,RRC,500,85,,\n\
    b5,Banks and oil,2016-02-01,buy,RRC,500,30,,\n\
    b6,Banks and oil,2017-03-01,interest,,,,-120.5,\n";

fn price_folder() -> Option<PathBuf> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("PLIMSOLL_FACTS").map_or(default, PathBuf::from);
    folder
        .join("us_stocks_adjusted_close.csv")
        .exists()
        .then_some(folder)
}

/// Returns a row for each symbol of a wide file of prices, and one for the benchmark.
fn securities(wide: &str) -> String {
    let symbols = wide.lines().next().unwrap().split(',').skip(1);
    let rows = symbols.map(|symbol| format!("{symbol},{symbol},equity\n"));
    format!(
        "symbol,name,class\n{}SPY,S&P 500,index\n",
        rows.collect::<String>()
    )
}

#[test]
fn five_years_of_twenty_shares_run_and_verify() {
    let Some(folder) = price_folder() else {
        let message = b"skipped: no files of real prices (set PLIMSOLL_FACTS to their folder)\n";
        // Written directly, because the test runner hides what a passing test prints.
        std::io::stderr().write_all(message).unwrap();
        return;
    };
    let workspace = Workspace::new();
    let (shares, benchmark) = ("us_stocks_adjusted_close.csv", "spy_adjusted_close.csv");
    for file in [shares, benchmark] {
        std::fs::copy(folder.join(file), workspace.path(file)).unwrap();
    }
    workspace.write("portfolios.csv", PORTFOLIOS);
    workspace.write("transactions.csv", TRANSACTIONS);
    let wide = std::fs::read_to_string(workspace.path(shares)).unwrap();
    workspace.write("securities.csv", &securities(&wide));
    workspace.write("plimsoll.toml", "[risk]\nbenchmark = \"SPY\"\n");

    workspace.run_ok(&["init"]);
    for kind in ["portfolios", "securities", "transactions"] {
        workspace.run_ok(&["import", kind, &format!("{kind}.csv")]);
    }
    // A share really fell by half on 2000-09-29, which looks like a split that is not known.
    let prices = ["import", "prices", shares, benchmark, "--basis", "raw"];
    workspace.run_ok(&[prices.as_slice(), &["--allow-restatement"]].concat());
    let now = ["--now", "2017-12-29T18:00:00-05:00"];
    let run = workspace.run_ok(&["run", now[0], now[1]]);
    assert!(run.contains("3,777 of 3,777 cells done"), "{run}");
    let status = workspace.run_ok(&["status", now[0], now[1]]);
    assert!(
        status.starts_with("all 3 portfolios complete up to 2017-12-29"),
        "{status}"
    );
    let verified = workspace.run_ok(&["verify", "--all", now[0], now[1]]);
    assert!(verified.contains("all 12 claims proven"), "{verified}");
}
