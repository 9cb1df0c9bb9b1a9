//! Tests `check` and `capture --json` on the tables of another program, which need no database of
//! Plimsoll's.

use serde_json::Value;

use crate::bench::Workspace;
use crate::incident::{Incident, MAP};

/// A folder with the incident's file, its exports and the map.
fn folder() -> Workspace {
    let (incident, bench) = (Incident::new(), Workspace::new());
    incident.copy_files(&bench);
    bench.write("map.toml", MAP);
    bench
}

const SQLITE: [&str; 4] = ["--from-sqlite", "app.db", "--map", "map.toml"];
const CSV: [&str; 4] = [
    "--from-csv",
    "portfolios=p.csv,snapshots=s.csv,runs=r.csv",
    "--map",
    "map.toml",
];

fn arguments<'a>(first: &[&'a str], source: [&'a str; 4], rest: &[&'a str]) -> Vec<&'a str> {
    [first, &source, rest].concat()
}

const AT: [&str; 3] = ["--now", "2026-01-08T18:00:00-05:00", "check"];

#[test]
fn a_watchdog_finds_twelve_portfolios_of_another_program_behind() {
    let bench = folder();
    for source in [SQLITE, CSV] {
        let late = bench.run(&arguments(&AT, source, &["--max-lag", "1", "--json"]));
        assert_eq!(late.code, 1, "{}", late.stderr);
        let read: Value = serde_json::from_str(&late.stdout).unwrap();
        assert_eq!((&read["active"], &read["worst"]), (&13.into(), &3.into()));
        assert_eq!(read["late"].as_array().unwrap().len(), 12);
        assert_eq!(read["concerns"][0]["kind"], "late");
        assert_eq!(read["concerns"][0]["facts"]["late"], 12);
        let allowed = bench.run(&arguments(&AT, source, &["--max-lag", "3"]));
        assert_eq!(allowed.code, 0, "{}", allowed.stdout);
    }
    // No database was made or read.
    assert!(!bench.path("plimsoll.db").exists());
}

#[test]
fn the_text_of_a_watchdog_names_the_open_days() {
    let bench = folder();
    let late = bench.run(&arguments(&AT, SQLITE, &["--max-lag", "2"]));
    insta::assert_snapshot!(late.stdout, @r"
    11 of 13 portfolios more than 2 sessions behind 2026-01-08

    target       2026-01-08
    worst        3 sessions behind
    last run     none yet

    behind                               watermark   sessions  open from   reason
    Family Office Private Opportunities  2026-01-05         3  2026-01-06  missing
    Family Office Public Growth          2026-01-05         3  2026-01-06  missing
    JP Morgan Bonds                      2026-01-05         3  2026-01-06  missing
    Hedge Fund Style                     2026-01-05         3  2026-01-06  missing
    High Net Worth                       2026-01-05         3  2026-01-06  missing
    Equity Balance                       2026-01-05         3  2026-01-06  missing
    Individual                           2026-01-05         3  2026-01-06  missing
    Futura Test                          2026-01-05         3  2026-01-06  missing
    Robinhood Tech                       2026-01-05         3  2026-01-06  missing
    Robinhood Growth                     2026-01-05         3  2026-01-06  missing
    Small Test                           2026-01-05         3  2026-01-06  missing
    ");
    let one = arguments(&AT, SQLITE, &["-p", "Test Scott Y", "--max-lag", "1"]);
    assert_eq!(bench.run(&one).code, 0);
    let by_id = "d0017334-1c5e-4a1b-9f00-00000000000c";
    let late = bench.run(&arguments(&AT, SQLITE, &["-p", by_id, "--max-lag", "1"]));
    assert_eq!(late.code, 1, "{}", late.stdout);
}

#[test]
fn a_watchdog_that_looks_at_nothing_is_refused() {
    let bench = folder();
    let unknown = bench.run(&arguments(&AT, SQLITE, &["-p", "Nowhere"]));
    assert_eq!(unknown.code, 3, "{}", unknown.stderr);
    assert!(
        unknown.stderr.contains("unknown portfolio `Nowhere`"),
        "{}",
        unknown.stderr
    );
    let hint = "hint: names and ids are those in the tables that the map describes";
    assert!(unknown.stderr.contains(hint), "{}", unknown.stderr);
    let near = bench.run(&arguments(&AT, SQLITE, &["-p", "Test Scott"]));
    let hint = "hint: did you mean `Test Scott Y`?";
    assert!(near.stderr.contains(hint), "{}", near.stderr);
    let incident = Incident::new();
    incident.execute("UPDATE portfolios SET deleted_at = '2026-01-02 10:00:00'");
    std::fs::copy(incident.path("app.db"), bench.path("app.db")).unwrap();
    let empty = bench.run(&arguments(&AT, SQLITE, &[]));
    assert_eq!(empty.code, 3, "{}", empty.stdout);
    let allowed = bench.run(&arguments(&AT, SQLITE, &["--allow-empty"]));
    assert_eq!(allowed.code, 0, "{}", allowed.stdout);
    // Options that only a database of Plimsoll's has a meaning for.
    for option in ["--max-stale", "--max-verify-age"] {
        let refused = bench.run(&arguments(&AT, SQLITE, &[option, "3"]));
        assert_eq!(refused.code, 2, "{option}");
    }
}

#[test]
fn missing_analytics_hold_a_portfolio_back() {
    let bench = folder();
    let incident = Incident::new();
    incident.execute(
        "CREATE TABLE risk AS SELECT portfolio_id, snapshot_date FROM portfolio_snapshots
            WHERE NOT (portfolio_id LIKE 'd0019223%' AND snapshot_date = '2026-01-07')",
    );
    std::fs::copy(incident.path("app.db"), bench.path("app.db")).unwrap();
    let risk = "\n[analytics.risk]\ntable = \"risk\"\nportfolio = \"portfolio_id\"\n\
                day = \"snapshot_date\"\n";
    bench.write("map.toml", &(MAP.to_owned() + risk));
    let one = ["-p", "Test Scott Y", "--max-lag", "1"];
    let late = bench.run(&arguments(&AT, SQLITE, &one));
    assert_eq!(late.code, 1, "{}", late.stdout);
    assert!(late.stdout.contains("risk"), "{}", late.stdout);
}

#[test]
fn without_a_time_the_newest_row_says_which_sessions_are_due() {
    let bench = folder();
    let captured = bench.run(&arguments(&["capture"], SQLITE, &["--json"]));
    assert_eq!(captured.code, 0, "{}", captured.stderr);
    assert!(
        captured.stderr.contains("newest row"),
        "{}",
        captured.stderr
    );
    let read: Value = serde_json::from_str(&captured.stdout).unwrap();
    // The newest run started in the evening of January 8.
    assert_eq!(read["target"], "2026-01-08", "{}", captured.stderr);
    assert_eq!(read["needed"], 36);
    // Without runs it is the newest snapshot.
    let map = MAP.split("[runs]").next().unwrap();
    bench.write("map.toml", map);
    let captured = bench.run(&arguments(&["capture"], SQLITE, &["--json"]));
    let read: Value = serde_json::from_str(&captured.stdout).unwrap();
    assert_eq!(
        (&read["target"], &read["needed"]),
        (&"2026-01-07".into(), &23.into())
    );
    let quiet = bench.run(&arguments(&["-q", "capture"], SQLITE, &["--json"]));
    assert_eq!(quiet.stderr, "");
}

#[test]
fn cells_are_listed_as_json_beside_a_file() {
    let bench = folder();
    let arguments = arguments(
        &["--now", "2026-01-08T18:00:00-05:00", "capture"],
        SQLITE,
        &["--json", "-o", "world.toml"],
    );
    let read: Value = serde_json::from_str(&bench.run_ok(&arguments)).unwrap();
    assert!(bench.path("world.toml").exists());
    let portfolios = read["portfolios"].as_array().unwrap();
    let tech = portfolios.iter().find(|one| one["name"] == "Tech Growth");
    let tech = tech.unwrap();
    assert_eq!(
        tech["open"],
        serde_json::json!([{
            "from": "2026-01-07",
            "to": "2026-01-08",
            "phases": ["snapshot", "positions", "exposures", "risk"]
        }])
    );
    let cells = tech["cells"].as_array().unwrap();
    assert_eq!(cells.last().unwrap()["to"], "2026-01-06");
    let deleted = portfolios.iter().find(|one| one["name"] == "Closed Out");
    assert_eq!(deleted.unwrap()["open"], serde_json::json!([]));
}

#[test]
fn progress_that_counts_more_than_there_is_is_told() {
    let bench = folder();
    bench.write(
        "map.toml",
        &format!("{MAP}\n[progress]\nday = \"day\"\ndone = \"done\"\n"),
    );
    let csv = "portfolios=p.csv,snapshots=s.csv,runs=r.csv,progress=progress.csv";
    for (counted, told) in [("1", false), ("14", true)] {
        bench.write("progress.csv", &format!("day,done\n2026-01-07,{counted}\n"));
        let file = format!("{counted}.toml");
        let source = ["--from-csv", csv, "--map", "map.toml"];
        let captured = bench.run(&arguments(&["capture"], source, &["-o", &file]));
        assert_eq!(captured.code, 0, "{}", captured.stderr);
        let text = std::fs::read_to_string(bench.path(&file)).unwrap();
        let says = "the progress of 2026-01-07: 14 counted, 1 with a snapshot";
        assert_eq!(text.contains(says), told, "{text}");
    }
}
