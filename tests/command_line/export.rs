//! Exports databases, and imports the files into empty ones: the books are the same, byte for byte.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::walkthrough::{copy_examples, import_examples};
use crate::workspace::{Workspace, books};

const NOW: &str = "2026-01-09T18:00:00-05:00";

/// Exports the database, runs the script of the export and a run on its database.
fn export_and_import(workspace: &Workspace, now: &str) {
    workspace.run_ok(&["--now", now, "export", "out"]);
    let program = Path::new(env!("CARGO_BIN_EXE_plimsoll"));
    let imported = Command::new("sh")
        .args(["-c", r#"PATH="$0:$PATH" exec sh out/import.sh --now "$1""#])
        .arg(program.parent().unwrap())
        .arg(now)
        .current_dir(workspace.path("."))
        // The script must not write into another database.
        .env("PLIMSOLL_DB", workspace.path("plimsoll.db"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        imported.status.success(),
        "{}{}{}",
        text(&imported.stdout),
        text(&imported.stderr),
        read(workspace, "out/import.sh")
    );
    run_in(workspace, "out", now, &["run", "-q"]);
}

/// Runs a command on the database in a folder.
fn run_in(workspace: &Workspace, folder: &str, now: &str, arguments: &[&str]) -> String {
    let configuration = format!("{folder}/plimsoll.toml");
    let options = ["--config", &configuration, "--now", now];
    workspace.run_ok(&[&options, arguments].concat())
}

fn read(workspace: &Workspace, name: &str) -> String {
    std::fs::read_to_string(workspace.path(name)).unwrap()
}

fn assert_same_books(workspace: &Workspace, now: &str) {
    export_and_import(workspace, now);
    let imported = books(&workspace.path("out/plimsoll.db"));
    assert!(imported.len() > 20);
    assert_eq!(workspace.books(), imported);
    run_in(workspace, "out", now, &["verify", "--all"]);
}

#[test]
fn the_demonstration_comes_back() {
    let workspace = Workspace::new();
    workspace.run_ok(&["demo"]);
    assert_same_books(&workspace, "2026-01-08T18:00:00-05:00");
}

#[test]
fn the_walkthrough_comes_back() {
    let (workspace, now) = (Workspace::new(), "2026-01-08T18:00:00-05:00");
    copy_examples(&workspace.path("examples"));
    workspace.run_ok(&["init"]);
    import_examples(&workspace);
    workspace.run_ok(&["--now", now, "run", "-q"]);
    assert_same_books(&workspace, now);
}

const LIMA: &str = "name = \"lima\"\nzone = \"America/Lima\"\nbased-on = \"weekdays\"\nclose = \"15:00\"\n\
    years = { first = 2025, last = 2026 }\ntitle = \"Lima's exchange\"\n\
    [[closed]]\nday = 2026-01-07\nname = \"a holiday\"\n[[half-day]]\nday = 2026-01-05\nclose = \"13:00\"\n";

/// The files of the sources, in the order of their imports.
const SOURCES: [(&str, &str); 6] = [
    (
        "portfolios",
        "id,name,currency,inception,closed,cost_basis,fees,calendar\n\
         a,\"Alpha, first\",USD,2026-01-05,,fifo,capitalize,\n\
         b,'=SUM(A1),EUR,2026-01-05,,average,expense,\n\
         c,Same,USD,2026-01-05,,lifo,,lima\n\
         d,Same,USD,2026-01-05,2026-01-08,,,\n",
    ),
    (
        "securities",
        "symbol,name,class,sector,currency,multiplier,inactive_from,calendar,valid_from\n\
         META,A fund,fund,,USD,1,,,\n\
         FB,Face,equity,Technology,USD,1,,,\n\
         VOD,Pence,equity,'+Telecoms,GBP,0.01,,XLON,\n\
         OLD,Merged,equity,Media,USD,1,,,\n\
         KID,Child,equity,Media,USD,1,,lima,\n\
         KID,,,Health,,,,,2026-01-07\n\
         CALL,An option,option,,USD,100,2026-01-09,,\n\
         EURUSD,,fx,,USD,1,,,\nGBPUSD,,fx,,USD,1,,,\nGBPEUR,,fx,,EUR,1,,,\nUSDEUR,,fx,,EUR,1,,,\n",
    ),
    (
        "actions",
        "symbol,date,kind,ratio,received,cash,cost_share,new_symbol\n\
         META,2026-01-06,symbol-change,,,,,METV\n\
         FB,2026-01-07,symbol-change,,,,,META\n\
         META,2026-01-08,split,3:2,,,,\n\
         META,2026-01-08,stock-dividend,1:4,,,,\n\
         VOD,2026-01-08,split,2:1,,,,\n\
         VOD,2026-01-08,stock-dividend,1:1,,,,\n\
         KID,2026-01-06,split,1:10,,,,\n\
         VOD,2026-01-06,return-of-capital,,,2.5,,\n\
         OLD,2026-01-07,spin-off,1:4,KID,,0.25,\n\
         OLD,2026-01-08,merger,1:2,KID,1.25,,\n\
         KID,2026-01-07,cash-in-lieu,,,5.5,,\n",
    ),
    (
        "securities",
        "symbol,name,class,sector,currency,symbol_from\nFB,Another,equity,Toys,USD,2026-01-07\n",
    ),
    (
        "prices",
        "symbol,date,close\n\
         META,2026-01-05,10.123456789012345678\nFB,2026-01-05,600\nVOD,2026-01-05,80\nOLD,2026-01-05,40\n\
         KID,2026-01-05,2\nCALL,2026-01-05,3\nEURUSD,2026-01-05,1.17\nGBPUSD,2026-01-05,1.35\n\
         GBPEUR,2026-01-05,1.15\nUSDEUR,2026-01-05,0.855\n\
         METV,2026-01-06,10.2\nFB,2026-01-06,601\nVOD,2026-01-06,78\nOLD,2026-01-06,41\n\
         KID,2026-01-06,20.5\nCALL,2026-01-06,60.5\nEURUSD,2026-01-06,1.18\nGBPUSD,2026-01-06,1.35\n\
         GBPEUR,2026-01-06,1.15\nUSDEUR,2026-01-06,0.85\n\
         METV,2026-01-07,10.3\nMETA,2026-01-07,610\nFB,2026-01-07,7\nVOD,2026-01-07,79\nOLD,2026-01-07,36\n\
         KID,2026-01-07,21\nCALL,2026-01-07,0\nEURUSD,2026-01-07,1.18\nGBPUSD,2026-01-07,1.36\n\
         GBPEUR,2026-01-07,1.15\nUSDEUR,2026-01-07,0.85\n\
         METV,2026-01-09,10.4\nMETA,2026-01-09,410\nFB,2026-01-09,7.25\nVOD,2026-01-09,79.5\n\
         KID,2026-01-09,22\nEURUSD,2026-01-09,1.19\nGBPUSD,2026-01-09,1.36\n\
         GBPEUR,2026-01-09,1.14\nUSDEUR,2026-01-09,0.84\n",
    ),
    (
        "transactions",
        "id,portfolio,date,time,kind,symbol,quantity,price,amount,fee,counterpart,lots,currency,fee_currency,from_amount,from_currency\n\
         t1,a,2026-01-05,,deposit,,,,100000,,,,,,,\n\
         '=t2,a,2026-01-05,14:30:05.25,buy,META,100.000000000000000001,10.5,,1.5,,,,,,\n\
         t3,a,2026-01-05,15:00,buy,FB,10,600,,2,,,,,,\n\
         t4,a,2026-01-06,,buy,FB,5,601,,2,,,,,,\n\
         t5,a,2026-01-06,,buy,VOD,1000,78,,4,,,GBP,EUR,,\n\
         t6,a,2026-01-06,,buy,OLD,99,41,,,,,,,,\n\
         t7,a,2026-01-06,,exchange,,,,500,2,,,EUR,USD,590,\n\
         t8,a,2026-01-07,,sell,META,7,,4270,-1,,5@t3; 2@t4,,,,\n\
         t9,a,2026-01-07,,dividend,VOD,,,-3.5,,,,GBP,,,\n\
         u1,b,2026-01-05,,deposit,,,,50000,,,,,,,\n\
         u2,b,2026-01-05,,buy,KID,50,2,,1,,,,,,\n\
         u3,b,2026-01-06,,buy,KID,7,20.5,,1,,,,,,\n\
         u4,b,2026-01-09,,sell,KID,3,22,,1,,,,,,\n\
         v1,c,2026-01-05,,deposit,,,,9000,,,,,,,\n\
         v2,c,2026-01-05,,transfer-in,CALL,2,3.25,,,,,,,,\n\
         v3,a,2026-01-07,,transfer-out,META,2,,,,c,1@t3; 1@t4,,,,\n\
         v4,c,2026-01-07,,transfer-in,META,2,,,,a,,,,,\n\
         w1,d,2026-01-05,,deposit,,,,10,,,,,,,\n\
         x1,a,2026-01-05,,deposit,,,,1,,,,,,,\n",
    ),
];

/// Imports all sources, voids a transaction, accepts a session without closes, and runs.
fn everything() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "plimsoll.toml",
        "[calendar]\nname = \"XNYS\"\namendments = { closed = [2026-01-02] }\n\
         [risk]\nbenchmark = \"METV\"\n[[risk.shock]]\nname = \"it's −20 %\"\nmarket = -0.2\n",
    );
    workspace.write("lima.toml", LIMA);
    let run = |arguments: &[&str]| workspace.run_ok(&[&["--now", NOW], arguments].concat());
    run(&["init"]);
    run(&["calendar", "import", "lima.toml"]);
    for (kind, text) in &SOURCES {
        workspace.write("file.csv", text);
        let options: &[&str] = match *kind {
            "prices" => &["--allow-jumps", "--allow-restatement"],
            _ => &[],
        };
        run(&[&["import", kind, "file.csv"], options].concat());
    }
    run(&["transaction", "void", "x1", "--reason", "booked twice"]);
    workspace.run(&["--now", NOW, "run", "-q"]);
    let days = ["--from", "2026-01-08", "--to", "2026-01-08"];
    let reason = ["--by", "o'neil", "--reason", "the feed's $(outage)"];
    run(&[&["accept-prices"], &days[..], &reason].concat());
    run(&["run", "-q"]);
    workspace
}

#[test]
fn every_kind_of_source_comes_back() {
    let workspace = everything();
    assert_same_books(&workspace, NOW);
    // The files of the new database are the same, too.
    run_in(&workspace, "out", NOW, &["export", "again"]);
    for file in std::fs::read_dir(workspace.path("again")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let file = |folder: &str| read(&workspace, &format!("{folder}/{name}"));
        // The decision has the time of the import.
        if name != "accepted-prices.csv" {
            assert_eq!(file("out"), file("again"), "{name}");
        }
    }
    let portfolios = read(&workspace, "out/portfolios.csv");
    assert!(portfolios.contains(",'=SUM(A1),EUR,"), "{portfolios}");
    assert!(read(&workspace, "out/securities-2.csv").contains("FB,Another"));
    let script = read(&workspace, "out/import.sh");
    assert!(script.contains("import actions symbols-2.csv"), "{script}");
}

#[test]
fn deleted_portfolios_stay_deleted_and_keep_their_books_in_the_export() {
    let workspace = everything();
    workspace.run_ok(&["--now", NOW, "portfolio", "delete", "Alpha, first"]);
    workspace.run_ok(&["--now", NOW, "run", "-q"]);
    export_and_import(&workspace, NOW);
    run_in(&workspace, "out", NOW, &["export", "again"]);
    for name in ["portfolios.csv", "transactions.csv"] {
        let file = |folder: &str| read(&workspace, &format!("{folder}/{name}"));
        assert_eq!(file("out"), file("again"), "{name}");
    }
    for name in ["books.csv", "cash.csv", "positions.csv"] {
        let rows = read(&workspace, &format!("out/{name}"));
        let (deleted, others): (Vec<&str>, Vec<&str>) = rows
            .lines()
            .partition(|row| row.starts_with("\"Alpha, first\""));
        let again = read(&workspace, &format!("again/{name}"));
        assert_eq!(others, again.lines().collect::<Vec<_>>(), "{name}");
        assert!(!deleted.is_empty(), "{name}");
    }
}

#[test]
fn json_lines_have_the_same_columns_and_no_empty_values() {
    let workspace = everything();
    workspace.run_ok(&["--now", NOW, "export", "lines", "--format", "json-lines"]);
    let securities = read(&workspace, "lines/securities.jsonl");
    let rows: Vec<serde_json::Value> = securities
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let fund = serde_json::json!({
        "symbol": "META", "name": "A fund", "class": "fund", "currency": "USD", "multiplier": "1",
    });
    assert_eq!(rows[0], fund);
    assert_eq!(rows[2]["sector"], "+Telecoms");
    assert!(!workspace.path("lines/import.sh").exists());
}

#[test]
fn a_folder_with_files_is_refused() {
    let workspace = Workspace::new();
    workspace.run_ok(&["demo"]);
    let refused = workspace.run(&["export", "."]);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("is not empty"),
        "{}",
        refused.stderr
    );
}
