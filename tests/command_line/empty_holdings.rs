//! Portfolios that hold nothing: before the first purchase, with cash only, and after the last sale.

use crate::workspace::Workspace;

const NOW: &str = "2026-01-08T18:00:00-05:00";
const SESSIONS: [&str; 5] = [
    "2026-01-02",
    "2026-01-05",
    "2026-01-06",
    "2026-01-07",
    "2026-01-08",
];

/// `Sold` holds `X` from Jan 5 to Jan 6, `Cash` has a deposit only, `Empty` has no transactions.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    workspace.write(
        "portfolios.csv",
        "name,inception,currency\n\
         Sold,2026-01-02,USD\nCash,2026-01-02,USD\nEmpty,2026-01-02,USD\n",
    );
    workspace.write("securities.csv", "symbol,class\nX,equity\n");
    let closes = SESSIONS.map(|day| format!("X,{day},10\n")).concat();
    workspace.write("prices.csv", &format!("symbol,date,close\n{closes}"));
    workspace.write(
        "transactions.csv",
        "id,portfolio,date,kind,symbol,quantity,price,amount\n\
         1,Sold,2026-01-02,deposit,,,,100\n\
         2,Sold,2026-01-05,buy,X,5,10,\n\
         3,Sold,2026-01-07,sell,X,5,10,\n\
         4,Cash,2026-01-02,deposit,,,,250\n",
    );
    for kind in ["portfolios", "securities", "prices", "transactions"] {
        workspace.run_ok(&["--now", NOW, "import", kind, &format!("{kind}.csv")]);
    }
    workspace.run_ok(&["--now", NOW, "run"]);
    workspace
}

#[test]
fn a_portfolio_that_holds_nothing_shows_its_nav_and_cash() {
    let workspace = workspace();
    let cases = [
        ("Sold", "2026-01-02", "100.00"),
        ("Sold", "2026-01-08", "100.00"),
        ("Cash", "2026-01-08", "250.00"),
        ("Empty", "2026-01-08", "0.00"),
    ];
    for (portfolio, day, worth) in cases {
        let shown = workspace.run_ok(&["show", portfolio, "--as-of", day]);
        for part in [
            format!("NAV {worth}"),
            format!("cash {worth}"),
            "no holdings".to_owned(),
            "none: ".to_owned(),
        ] {
            assert!(shown.contains(&part), "`{part}` is not in {shown}");
        }
    }
    let shown = workspace.run_ok(&["show", "Sold", "--as-of", "2026-01-06"]);
    assert!(shown.contains("no sector"), "{shown}");
}

#[test]
fn every_form_of_the_books_survives_empty_holdings() {
    let workspace = workspace();
    for portfolio in ["Sold", "Cash", "Empty"] {
        for day in SESSIONS {
            workspace.run_ok(&["show", portfolio, "--as-of", day]);
            workspace.run_ok(&["--json", "show", portfolio, "--as-of", day]);
            workspace.run_ok(&["show", portfolio, "--as-of", day, "--csv", "positions"]);
            workspace.run_ok(&["show", portfolio, "--as-of", day, "--csv", "books"]);
            workspace.run_ok(&["--now", NOW, "explain", portfolio, day]);
        }
    }
}
