//! Transactions and closes that are corrected and taken back: the books become those of a database
//! that never knew the wrong rows, byte for byte, and the history says who did it, and why.

use serde_json::Value;

use crate::workspace::Workspace;

const NOW: &str = "2026-01-08T18:00:00-05:00";
const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n";
const RIGHT: &str = "d1,Harbour,2026-01-02,deposit,,,,10000,\n\
    b1,Harbour,2026-01-02,buy,ACME,100,10,,\n\
    b2,Harbour,2026-01-06,buy,ACME,20,12,,1\n";

/// Imports the sources, with these rows of transactions and closes besides.
fn workspace(rows: &str, closes: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    workspace.write(
        "portfolios.csv",
        "name,inception,currency\nHarbour,2026-01-02,USD\nPier,2026-01-02,USD\n",
    );
    workspace.write("securities.csv", "symbol,class\nACME,equity\n");
    let prices = "symbol,date,close\nACME,2026-01-02,10\nACME,2026-01-05,11\nACME,2026-01-06,12\n\
                  ACME,2026-01-07,12\nACME,2026-01-08,12.5\n";
    workspace.write("prices.csv", &format!("{prices}{closes}"));
    workspace.write("transactions.csv", &format!("{HEADER}{rows}"));
    for kind in ["portfolios", "securities", "transactions", "prices"] {
        import(&workspace, kind, &format!("{kind}.csv"), &[]);
    }
    workspace.run_ok(&["--now", NOW, "run", "-q"]);
    workspace
}

fn import(workspace: &Workspace, kind: &str, file: &str, more: &[&str]) {
    workspace.run_ok(&[&["--now", NOW, "import", kind, file], more].concat());
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let text = workspace.run_ok(&[&["--now", NOW, "--json"], arguments].concat());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn books_after_corrections_equal_those_that_never_knew_the_wrong_rows() {
    let wrong = "d1,Harbour,2026-01-02,deposit,,,,10000,\n\
        b1,Harbour,2026-01-05,buy,ACME,100,11,,\n\
        b2,Pier,2026-01-06,buy,ACME,20,12,,1\n\
        x1,Harbour,2026-01-05,deposit,,,,1000000,\n\
        x2,Harbour,2026-01-05,buy,ACME,50,50,,\n";
    let corrected = workspace(wrong, "");
    let clean = workspace(RIGHT, "");
    assert_ne!(corrected.books(), clean.books());

    corrected.write("right.csv", &format!("{HEADER}{RIGHT}"));
    let refused = corrected.run(&["--now", NOW, "import", "transactions", "right.csv"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    for words in ["--correct", "plimsoll transaction void b1"] {
        assert!(refused.stdout.contains(words), "{}", refused.stdout);
    }
    let correct = ["--correct", "--by", "anna"];
    import(&corrected, "transactions", "right.csv", &correct);
    let void = [
        "transaction",
        "void",
        "x1",
        "x2",
        "--reason",
        "booked twice",
    ];
    let voided = json(&corrected, &[&void[..], &["--by", "ben"]].concat());
    assert_eq!(voided["voided"], serde_json::json!(["x1", "x2"]));
    corrected.run_ok(&["--now", NOW, "run", "-q"]);
    assert_eq!(corrected.books(), clean.books());
    corrected.run_ok(&["--now", NOW, "verify", "--all"]);
    assert_eq!(
        corrected
            .run(&["--now", NOW, "check", "--max-lag", "0"])
            .code,
        0
    );

    // The old file does not bring the voided rows back.
    corrected.write(
        "old.csv",
        &format!("{HEADER}x1,Harbour,2026-01-05,deposit,,,,1000000,\n"),
    );
    let again = corrected.run_ok(&["--now", NOW, "import", "transactions", "old.csv"]);
    assert!(again.contains("1 voided"), "{again}");
    assert!(again.contains("voided by ben: booked twice"), "{again}");

    let history = json(&corrected, &["transaction", "history", "b1"]);
    assert_eq!(history["now"]["date"], "2026-01-02");
    assert_eq!(history["changes"][0]["change"], "corrected");
    assert_eq!(history["changes"][0]["by"], "anna");
    assert_eq!(history["changes"][0]["reason"], "import of right.csv");
    assert_eq!(history["changes"][0]["was"]["date"], "2026-01-05");
    let text = corrected.run_ok(&["transaction", "history", "x2"]);
    assert!(text.contains("x2: voided"), "{text}");
    assert!(text.contains("buy 50 ACME at 50"), "{text}");

    let unknown = corrected.run(&["transaction", "history", "x9"]);
    assert_eq!(unknown.code, 3);
    assert!(unknown.stderr.contains("hint:"), "{}", unknown.stderr);
    let twice = corrected.run(&["transaction", "void", "x1", "--reason", "again"]);
    assert_eq!(twice.code, 3);
    assert!(
        twice.stderr.contains("already voided, by ben"),
        "{}",
        twice.stderr
    );
    assert_eq!(corrected.run(&["transaction", "void", "d1"]).code, 2);
}

#[test]
fn books_after_a_deletion_equal_those_that_never_had_the_close() {
    let clean = workspace(RIGHT, "");
    let deleted = workspace(RIGHT, "");
    deleted.write("late.csv", "symbol,date,close\nACME,2026-01-09,13\n");
    let later = "2026-01-09T18:00:00-05:00";
    deleted.run_ok(&["--now", later, "import", "prices", "late.csv"]);
    let range = ["--from", "2026-01-09", "--to", "2026-01-12"];
    let delete = [&["price", "delete", "ACME"], &range[..]].concat();
    assert_eq!(deleted.run(&delete).code, 2, "a reason is required");
    let reason = ["--reason", "close of another share", "--by", "anna"];
    deleted.run_ok(&[&delete[..], &reason].concat());
    assert_eq!(deleted.books(), clean.books());
    let history = json(&deleted, &["price", "history", "ACME"]);
    assert_eq!(history[0]["was"], "13");
    assert_eq!(history[0]["reason"], "close of another share");
    let empty = deleted.run(&[&delete[..], &reason].concat());
    assert_eq!(empty.code, 3);
    assert!(empty.stderr.contains("has no close on"), "{}", empty.stderr);
    let unknown = deleted.run(&["price", "history", "ACMA"]);
    assert!(
        unknown.stderr.contains("did you mean `ACME`?"),
        "{}",
        unknown.stderr
    );
}

/// A purchase that a broker cancels by the opposite entry of the same day.
#[test]
fn a_cancelled_trade_keeps_the_cost_of_older_lots() {
    let cancelled =
        "x1,Harbour,2026-01-05,buy,ACME,50,50,,\nx2,Harbour,2026-01-05,sell,ACME,50,50,,\n";
    let with = workspace(&format!("{RIGHT}{cancelled}"), "");
    assert_eq!(with.books(), workspace(RIGHT, "").books());
}

/// Two purchases of one day at 11 and 14, and a sale at 12 that takes the first of them.
#[test]
fn times_decide_the_first_lot_of_a_day() {
    let header = HEADER.replace("date,", "date,time,");
    let realized = |first: &str, second: &str| {
        let workspace = workspace("d1,Harbour,2026-01-02,deposit,,,,10000,\n", "");
        let rows = format!(
            "b1,Harbour,2026-01-06,{first},buy,ACME,10,11,,\n\
             b2,Harbour,2026-01-06,{second},buy,ACME,10,14,,\n\
             s1,Harbour,2026-01-06,,sell,ACME,10,12,,\n"
        );
        workspace.write("timed.csv", &format!("{header}{rows}"));
        import(&workspace, "transactions", "timed.csv", &[]);
        workspace.run_ok(&["--now", NOW, "run", "-q"]);
        let csv = workspace.run_ok(&["--now", NOW, "show", "Harbour", "--csv", "books"]);
        let mut lines = csv.lines();
        let mut columns = lines.next().unwrap().split(',');
        let column = columns.position(|name| name == "realized").unwrap();
        let row = lines.find(|line| line.starts_with("2026-01-06")).unwrap();
        row.split(',').nth(column).unwrap().parse::<f64>().unwrap()
    };
    assert!((realized("", "") - 10.0).abs() < 1e-9);
    assert!((realized("09:30", "10:00") - 10.0).abs() < 1e-9);
    assert!((realized("10:00", "09:30") + 20.0).abs() < 1e-9);
}
