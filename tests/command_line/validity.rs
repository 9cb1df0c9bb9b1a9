//! Figures that are to be done again, in the outputs that a spreadsheet reads.

use crate::workspace::Workspace;

const NOW: &str = "2026-01-08T18:00:00-05:00";

/// `P` buys 5 of `X` on Jan 5 and sells 2 with a gain on Jan 6.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    workspace.write(
        "portfolios.csv",
        "name,inception\nP,2026-01-05\nQ,2026-01-05\n",
    );
    workspace.write("securities.csv", "symbol,class\nX,equity\n");
    let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"];
    let closes = days.map(|day| format!("X,{day},10\n")).concat();
    workspace.write("prices.csv", &format!("symbol,date,close\n{closes}"));
    workspace.write(
        "transactions.csv",
        "id,portfolio,date,kind,symbol,quantity,price,amount\n\
         1,P,2026-01-05,deposit,,,,100\n\
         2,P,2026-01-05,buy,X,5,10,\n\
         3,P,2026-01-06,sell,X,2,11,\n",
    );
    for kind in ["portfolios", "securities", "prices", "transactions"] {
        workspace.run_ok(&["--now", NOW, "import", kind, &format!("{kind}.csv")]);
    }
    workspace.run_ok(&["--now", NOW, "run"]);
    workspace
}

fn import(workspace: &Workspace, rows: &str) {
    workspace.write("more.csv", rows);
    workspace.run_ok(&["--now", NOW, "import", "transactions", "more.csv"]);
}

#[test]
fn every_row_of_csv_says_whether_its_books_are_valid() {
    let workspace = workspace();
    let rows = |arguments: &[&str]| {
        let shown = workspace.run_ok(&[&["show", "P"][..], arguments].concat());
        shown.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (realized, positions) = (["--realized", "--csv"], ["--csv", "positions"]);
    assert!(rows(&realized)[1].ends_with(",USD,valid"));
    assert!(rows(&positions)[1].starts_with("2026-01-08,valid,X,"));

    let deposit = "id,portfolio,date,kind,amount\n4,P,2026-01-06,deposit,7\n";
    import(&workspace, deposit);
    assert!(rows(&realized)[1].ends_with(",USD,stale"));
    assert!(rows(&positions)[1].starts_with("2026-01-08,stale,X,"));
    let text = workspace.run_ok(&["show", "P", "--realized"]);
    assert!(text.contains("not final from 2026-01-06 on"), "{text}");
}

#[test]
fn an_unbookable_day_hides_no_lot_that_was_closed_before() {
    let workspace = workspace();
    let transfer = "id,portfolio,date,kind,symbol,quantity,counterpart\n\
                    4,P,2026-01-08,transfer-in,X,1,Q\n";
    import(&workspace, transfer);
    assert_eq!(workspace.run(&["--now", NOW, "run"]).code, 1);
    let rows = workspace.run_ok(&["show", "P", "--realized", "--csv"]);
    assert_eq!(rows.lines().count(), 2, "{rows}");
    let text = workspace.run_ok(&["show", "P", "--realized"]);
    for part in [
        "up to 2026-01-07, 1 closed lot",
        "later sessions cannot be booked: ",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}
