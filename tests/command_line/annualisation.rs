//! Figures are annualised by the sessions of a year that the calendar has.

use crate::workspace::Workspace;

const NOW: &str = "2025-12-30T18:00:00Z";
/// A calendar of every day, of which a year has as many sessions as an exchange's.
const FEWER: &str = "name = \"fewer\"\nzone = \"UTC\"\nbased-on = \"every-day\"\nclose = \"16:00\"\n\
                     years = { first = 2025, last = 2026 }\nsessions-per-year = 252\n";

fn run(workspace: &Workspace, arguments: &[&str]) -> String {
    workspace.run_ok(&[&["--db", "a.db", "--now", NOW], arguments].concat())
}

/// A portfolio of one coin with thirty closes, done by the calendar `every-day`.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("plimsoll.toml", "[calendar]\nname = \"24/7\"\n");
    workspace.write(
        "portfolios.csv",
        "id,name,currency,inception\nf,Fund,USD,2025-12-01\n",
    );
    workspace.write("securities.csv", "symbol,class\nBTC,crypto\n");
    let closes: String = (1..=30)
        .map(|day| format!("BTC,2025-12-{day:02},{}\n", 95 + day * 7 % 11))
        .collect();
    workspace.write("prices.csv", &format!("symbol,date,close\n{closes}"));
    workspace.write(
        "transactions.csv",
        "id,portfolio,date,kind,symbol,quantity,price,amount\n\
         t1,Fund,2025-12-01,deposit,,,,1020\n\
         t2,Fund,2025-12-01,buy,BTC,10,102,\n",
    );
    run(&workspace, &["init"]);
    for kind in ["portfolios", "securities", "prices", "transactions"] {
        run(&workspace, &["import", kind, &format!("{kind}.csv")]);
    }
    run(&workspace, &["run"]);
    workspace
}

#[test]
fn a_year_of_every_day_has_365_sessions() {
    // numpy: std(returns[-21:], ddof=1) and std(returns, ddof=1), each times sqrt(365).
    let shown = run(&workspace(), &["show", "Fund"]);
    assert!(shown.contains("103.12 %"), "{shown}");
    assert!(shown.contains("101.34 %"), "{shown}");
}

#[test]
fn another_number_of_sessions_invalidates_the_annualised_figures_alone() {
    let workspace = workspace();
    workspace.write("fewer.toml", FEWER);
    workspace.write("plimsoll.toml", "[calendar]\nfile = \"fewer.toml\"\n");
    let plan = workspace.run(&["--db", "a.db", "--now", NOW, "plan"]);
    assert!(
        plan.stdout.contains("a year has 252 sessions and not 365"),
        "{}",
        plan.stdout
    );
    run(&workspace, &["run"]);
    let shown = run(&workspace, &["show", "Fund"]);
    assert!(
        shown.contains("85.68 %") && shown.contains("84.21 %"),
        "{shown}"
    );
    run(&workspace, &["verify", "--all"]);
    let explained = run(&workspace, &["explain", "Fund", "2025-12-30"]);
    assert!(
        explained.contains("a year has 252 sessions and not 365"),
        "{explained}"
    );
}
