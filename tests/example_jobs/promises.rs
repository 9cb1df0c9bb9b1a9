//! The table of promises and jobs in `docs/jobs.md` is what the scenarios find.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Returns the promises that each job breaks by the table, by the name of the job.
fn documented(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| promise | ["));
    let mut rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let head = cells(rows.next().expect("the table of promises"));
    let jobs = head[1..].iter().map(|link| {
        let name = link.trim_start_matches('[').split(']').next();
        name.expect("a link").to_owned()
    });
    let jobs: Vec<_> = jobs.collect();
    let mut broken: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in rows.skip(1) {
        let row = cells(row);
        let promise = row[0].trim_matches('`');
        for (job, mark) in jobs.iter().zip(&row[1..]) {
            let of_job = broken.entry(job.clone()).or_default();
            if mark.starts_with('×') {
                of_job.insert(promise.to_owned());
            }
        }
    }
    broken
}

/// Returns the promises that a job breaks in the scenarios that the page names.
fn broken(root: &Path, job: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(root)
        .args(["--json", "scenario", "run"])
        .args(["scenarios/incident", "scenarios/gaps_and_corrections"])
        .args(["--job", &format!("examples/jobs/{job}.toml")])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&errors);
    let applied = json["passed"].as_u64().unwrap() + json["failed"].as_u64().unwrap();
    assert_eq!(applied, 13, "{job}");
    let scenarios = json["scenarios"].as_array().unwrap().iter();
    let findings = scenarios.filter_map(|scenario| scenario["findings"].as_array());
    let promises = findings
        .flatten()
        .filter(|finding| finding["kind"] == "promise")
        .filter_map(|finding| finding["says"].as_str()?.split_once(": "));
    promises.map(|(promise, _)| promise.to_owned()).collect()
}

#[test]
fn the_job_files_outside_the_table_are_right() {
    for job in ["every_missing_day_sql", "newest_of_each"] {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["job", "check", &format!("examples/jobs/{job}.toml")])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{job}: {text}");
    }
}

#[test]
fn the_table_of_promises_shows_what_each_job_breaks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/jobs.md")).unwrap();
    let documented = documented(&page);
    assert_eq!(documented.len(), 4);
    for (job, promises) in documented {
        assert_eq!(broken(root, &job), promises, "{job}");
    }
}
