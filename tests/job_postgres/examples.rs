//! The example jobs for PostgreSQL break the promises that `docs/jobs.md` says.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::server::Server;

/// Returns the promises that a job breaks in the scenarios of these files and folders.
fn broken(server: &Server, job: &str, scenarios: &[&str], least: u64) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PLIMSOLL_JOB_SERVER", server.url("owner"))
        .args(["--json", "scenario", "run"])
        .args(scenarios)
        .args(["--job", &format!("examples/jobs/{job}.toml")])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&errors);
    let played = json["passed"].as_u64().unwrap() + json["failed"].as_u64().unwrap();
    assert!(played >= least, "only {played} scenarios apply to {job}");
    let played = json["scenarios"].as_array().unwrap().iter();
    let findings = played.filter_map(|scenario| scenario["findings"].as_array());
    let promises = findings
        .flatten()
        .filter(|finding| finding["kind"] == "promise")
        .filter_map(|finding| finding["says"].as_str()?.split_once(": "));
    promises.map(|(promise, _)| promise.to_owned()).collect()
}

/// Returns the promises that the incident's job breaks by the table of `docs/jobs.md`.
fn documented() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/jobs.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows = page.lines();
    let rows = rows.skip_while(|line| !line.starts_with("| promise | [newest_of_any]"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    rows.filter(|cells| cells[2].starts_with('×'))
        .map(|cells| cells[1].trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_incidents_job_breaks_the_same_promises_with_sqlalchemy_as_in_the_table() {
    let modules = ["-c", "import psycopg, sqlalchemy"];
    let found = Command::new("python3").args(modules).output();
    if !found.is_ok_and(|output| output.status.success()) {
        // Written to the stream directly, since the test runner captures `eprintln!` of a test that
        // passes.
        let message = "skipped: python3 has no SQLAlchemy and psycopg; .ci/run installs them";
        writeln!(std::io::stderr(), "{message}").unwrap();
        return;
    }
    let Some(server) = Server::start() else {
        return;
    };
    let folders = ["scenarios/incident", "scenarios/gaps_and_corrections"];
    let mut broken = broken(&server, "newest_of_any_sqlalchemy", &folders, 13);
    let mut documented = documented();
    // Two processes that load SQLAlchemy may be far apart on a machine with much to do.
    for promises in [&mut broken, &mut documented] {
        promises.remove("two-runs-do-each-cell-once");
    }
    assert!(documented.len() > 3);
    assert_eq!(broken, documented);
}

#[test]
fn the_correct_job_of_psql_keeps_all_promises() {
    let Some(server) = Server::start() else {
        return;
    };
    let broken = broken(
        &server,
        "every_missing_day_psql",
        &["scenarios/incident"],
        8,
    );
    assert_eq!(broken, BTreeSet::new());
}
