//! Changes made under a calendar that differs from the one the database was filled by.

use std::process::Output;

use crate::workspace::Workspace;

const NOW: &str = "2026-01-12T23:00:00Z";
const SATURDAY: &str = "2026-01-10";

/// A database filled by the calendar `every-day`, and a folder `elsewhere` without configuration.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("plimsoll.toml", "[calendar]\nname = \"every-day\"\n");
    workspace.write(
        "portfolios.csv",
        "id,name,currency,inception\nf,Fund,USD,2026-01-05\n",
    );
    workspace.write("securities.csv", "symbol,class\nBTC,crypto\n");
    let closes: String = (5..=12)
        .map(|day| format!("BTC,2026-01-{day:02},100\n"))
        .collect();
    workspace.write("prices.csv", &format!("symbol,date,close\n{closes}"));
    workspace.write(
        "transactions.csv",
        "id,portfolio,date,kind,symbol,quantity,price,amount\n\
         t1,Fund,2026-01-05,deposit,,,,1000000\n\
         t2,Fund,2026-01-05,buy,BTC,10,100,\n",
    );
    workspace.run_ok(&["--db", "a.db", "init"]);
    for kind in ["portfolios", "securities", "prices", "transactions"] {
        let file = format!("{kind}.csv");
        workspace.run_ok(&["--db", "a.db", "--now", NOW, "import", kind, &file]);
    }
    workspace.run_ok(&["--db", "a.db", "--now", NOW, "run"]);
    std::fs::create_dir(workspace.path("elsewhere")).unwrap();
    workspace
}

fn elsewhere(workspace: &Workspace, arguments: &[&str]) -> String {
    let Output { status, stdout, .. } = workspace
        .command(&[&["--db", "../a.db", "--now", NOW], arguments].concat())
        .current_dir(workspace.path("elsewhere"))
        .output()
        .unwrap();
    let output = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{output}");
    output
}

/// Runs, and verifies all cells.
fn run_and_verify(workspace: &Workspace) {
    workspace.run_ok(&["--db", "a.db", "--now", NOW, "run"]);
    workspace.run_ok(&["--db", "a.db", "--now", NOW, "verify", "--all"]);
}

#[test]
fn a_price_corrected_from_another_folder_is_computed_again() {
    let workspace = workspace();
    let fix = format!("symbol,date,close\nBTC,{SATURDAY},200\n");
    workspace.write("elsewhere/fix.csv", &fix);
    let output = elsewhere(&workspace, &["import", "prices", "fix.csv"]);
    assert!(
        output.contains("to be done again by the next run"),
        "{output}"
    );
    run_and_verify(&workspace);
}

#[test]
fn a_late_transaction_and_a_late_split_affect_every_session_in_force() {
    let workspace = workspace();
    let trade = "id,portfolio,date,kind,symbol,quantity,price,amount\n\
                 t3,Fund,2026-01-10,buy,BTC,10,100,\n";
    workspace.write("elsewhere/trade.csv", trade);
    let output = elsewhere(&workspace, &["import", "transactions", "trade.csv"]);
    assert!(
        output.contains("to be done again by the next run"),
        "{output}"
    );
    run_and_verify(&workspace);
    let split = "symbol,date,kind,new,old\nBTC,2026-01-10,split,2,1\n";
    workspace.write("elsewhere/split.csv", split);
    let output = elsewhere(
        &workspace,
        &["import", "actions", "split.csv", "--allow-restatement"],
    );
    assert!(
        output.contains("to be done again by the next run"),
        "{output}"
    );
    run_and_verify(&workspace);
}

#[test]
fn a_price_corrected_before_an_amended_calendar_is_in_force_is_computed_again() {
    let workspace = workspace();
    // Only the next run would put this calendar in force: until then Saturday is a session.
    let amended = format!(
        "[calendar]\nname = \"every-day\"\n\n[calendar.amendments]\nclosed = [{SATURDAY}]\n"
    );
    let before = std::fs::read_to_string(workspace.path("plimsoll.toml")).unwrap();
    workspace.write("plimsoll.toml", &amended);
    workspace.write(
        "fix.csv",
        &format!("symbol,date,close\nBTC,{SATURDAY},200\n"),
    );
    workspace.run_ok(&["--db", "a.db", "--now", NOW, "import", "prices", "fix.csv"]);
    workspace.write("plimsoll.toml", &before);
    run_and_verify(&workspace);
}

#[test]
fn a_session_in_force_is_invalidated_from_another_folder() {
    let workspace = workspace();
    let range = [
        "--from",
        SATURDAY,
        "--to",
        SATURDAY,
        "--reason",
        "wrong close",
    ];
    let output = elsewhere(&workspace, &[&["invalidate"], &range[..]].concat());
    assert!(output.contains("invalidated on 1 session"), "{output}");
    run_and_verify(&workspace);
}
