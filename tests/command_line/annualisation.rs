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

#[test]
fn an_imported_calendar_is_in_force_and_invalidates_what_it_changes() {
    let workspace = workspace();
    workspace.write("fewer.toml", FEWER);
    // The configuration would win, so nothing is imported.
    let import = ["calendar", "import", "fewer.toml", "--for-database"];
    let refused = workspace.run(&[&["--db", "a.db"], &import[..]].concat());
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("the configuration chooses the calendar")
    );
    workspace.write("plimsoll.toml", "");
    run(&workspace, &import);
    let shown = run(&workspace, &["calendar", "show", "--year", "2025"]);
    assert!(shown.contains("fewer: 365 sessions in 2025"), "{shown}");
    assert!(shown.contains("252 sessions"), "{shown}");
    let plan = workspace.run(&["--db", "a.db", "--now", NOW, "plan"]);
    assert!(plan.stdout.contains("stale 30"), "{}", plan.stdout);
    run(&workspace, &["run"]);
    run(&workspace, &["verify", "--all"]);
}

#[test]
fn calendars_are_listed_and_shown_without_a_database() {
    let workspace = Workspace::new();
    let list = workspace.run_ok(&["calendar", "list"]);
    assert!(
        list.contains("XTSE") && list.contains("every-day, 24/7"),
        "{list}"
    );
    let shown = workspace.run_ok(&["calendar", "show", "XTSE", "--year", "2026"]);
    assert!(shown.contains("2026-12-28  Boxing Day"), "{shown}");
    let json = workspace.run_ok(&["--json", "calendar", "show", "XNYS", "--year", "2026"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sessions"], 251);
    assert_eq!(json["early-closes"][0]["close"], "13:00");
    assert_eq!(workspace.run(&["calendar", "show", "XQQQ"]).code, 2);
    assert_eq!(
        workspace
            .run(&["calendar", "show", "XETR", "--year", "2000"])
            .code,
        2
    );
}
