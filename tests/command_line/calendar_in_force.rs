//! Changes made under a calendar that differs from the one the database was filled by.

use std::process::Output;

use crate::bench::Bench;

const NOW: &str = "2026-01-12T23:00:00Z";
const SATURDAY: &str = "2026-01-10";

/// A database filled by the calendar `every-day`, and a folder `elsewhere` without configuration.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("plimsoll.toml", "[calendar]\nname = \"every-day\"\n");
    bench.write(
        "portfolios.csv",
        "id,name,currency,inception\nf,Fund,USD,2026-01-05\n",
    );
    bench.write("securities.csv", "symbol,class\nBTC,crypto\n");
    let closes: String = (5..=12)
        .map(|day| format!("BTC,2026-01-{day:02},100\n"))
        .collect();
    bench.write("prices.csv", &format!("symbol,date,close\n{closes}"));
    bench.write(
        "transactions.csv",
        "id,portfolio,date,kind,symbol,quantity,price,amount\n\
         t1,Fund,2026-01-05,deposit,,,,1000000\n\
         t2,Fund,2026-01-05,buy,BTC,10,100,\n",
    );
    bench.ok(&["--db", "a.db", "init"]);
    for kind in ["portfolios", "securities", "prices", "transactions"] {
        let file = format!("{kind}.csv");
        bench.ok(&["--db", "a.db", "--now", NOW, "import", kind, &file]);
    }
    bench.ok(&["--db", "a.db", "--now", NOW, "run"]);
    std::fs::create_dir(bench.path("elsewhere")).unwrap();
    bench
}

fn elsewhere(bench: &Bench, arguments: &[&str]) -> String {
    let Output { status, stdout, .. } = bench
        .command(&[&["--db", "../a.db", "--now", NOW], arguments].concat())
        .current_dir(bench.path("elsewhere"))
        .output()
        .unwrap();
    let said = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{said}");
    said
}

/// Runs what is needed and proves all numbers.
fn run_and_verify(bench: &Bench) {
    bench.ok(&["--db", "a.db", "--now", NOW, "run"]);
    bench.ok(&["--db", "a.db", "--now", NOW, "verify", "--all"]);
}

#[test]
fn a_price_corrected_from_another_folder_is_computed_again() {
    let bench = bench();
    let fix = format!("symbol,date,close\nBTC,{SATURDAY},200\n");
    bench.write("elsewhere/fix.csv", &fix);
    let said = elsewhere(&bench, &["import", "prices", "fix.csv"]);
    assert!(said.contains("to be done again by the next run"), "{said}");
    run_and_verify(&bench);
}

#[test]
fn a_late_transaction_and_a_late_split_reach_every_session_in_force() {
    let bench = bench();
    let trade = "id,portfolio,date,kind,symbol,quantity,price,amount\n\
                 t3,Fund,2026-01-10,buy,BTC,10,100,\n";
    bench.write("elsewhere/trade.csv", trade);
    let said = elsewhere(&bench, &["import", "transactions", "trade.csv"]);
    assert!(said.contains("to be done again by the next run"), "{said}");
    run_and_verify(&bench);
    let split = "symbol,date,kind,new,old\nBTC,2026-01-10,split,2,1\n";
    bench.write("elsewhere/split.csv", split);
    let said = elsewhere(&bench, &["import", "actions", "split.csv"]);
    assert!(said.contains("to be done again by the next run"), "{said}");
    run_and_verify(&bench);
}

#[test]
fn a_price_corrected_before_an_amended_calendar_is_in_force_is_computed_again() {
    let bench = bench();
    // The next run would put this calendar in force: until then the Saturday is a session.
    let amended = format!(
        "[calendar]\nname = \"every-day\"\n\n[calendar.amendments]\nclosed = [{SATURDAY}]\n"
    );
    let before = std::fs::read_to_string(bench.path("plimsoll.toml")).unwrap();
    bench.write("plimsoll.toml", &amended);
    bench.write(
        "fix.csv",
        &format!("symbol,date,close\nBTC,{SATURDAY},200\n"),
    );
    bench.ok(&["--db", "a.db", "--now", NOW, "import", "prices", "fix.csv"]);
    bench.write("plimsoll.toml", &before);
    run_and_verify(&bench);
}

#[test]
fn a_session_in_force_is_invalidated_from_another_folder() {
    let bench = bench();
    let range = ["--from", SATURDAY, "--to", SATURDAY, "--why", "wrong close"];
    let said = elsewhere(&bench, &[&["invalidate"], &range[..]].concat());
    assert!(said.contains("taken out on 1 session"), "{said}");
    run_and_verify(&bench);
}
