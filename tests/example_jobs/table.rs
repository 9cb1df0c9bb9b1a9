//! The table of promises and jobs in `docs/jobs.md`, and the promises that jobs break. Shared with
//! the tests on PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The scenarios that the page names.
const SCENARIOS: [&str; 2] = ["scenarios/incident", "scenarios/gaps_and_corrections"];
/// The number of them that apply to a job with all commands, as the page says.
pub(crate) const APPLICABLE: u64 = 13;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the promises that each job breaks by the table, by the name of the job.
pub(crate) fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = std::fs::read_to_string(root().join("docs/jobs.md")).unwrap();
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

/// Returns the promises that a job breaks in the scenarios that the page names, of which `applicable`
/// apply to it. `server` is the URL of the server of a job on PostgreSQL.
pub(crate) fn broken(job: &str, server: Option<&str>, applicable: u64) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(root())
        .envs(server.map(|url| ("PLIMSOLL_JOB_SERVER", url)))
        .args(["--json", "scenario", "run"])
        .args(SCENARIOS)
        .args(["--job", &format!("examples/jobs/{job}.toml")])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&errors);
    let applied = json["passed"].as_u64().unwrap() + json["failed"].as_u64().unwrap();
    assert_eq!(applied, applicable, "{job}");
    let scenarios = json["scenarios"].as_array().unwrap().iter();
    let findings = scenarios.filter_map(|scenario| scenario["findings"].as_array());
    let promises = findings
        .flatten()
        .filter(|finding| finding["kind"] == "promise")
        .filter_map(|finding| finding["says"].as_str()?.split_once(": "));
    promises.map(|(promise, _)| promise.to_owned()).collect()
}

/// Checks that each job with SQLAlchemy breaks the promises of the job that it rewrites. `suffix` ends
/// the names of the job files.
pub(crate) fn check_sqlalchemy_jobs(suffix: &str, server: Option<&str>) {
    let documented = documented();
    for job in ["newest_of_any", "oldest_newest", "target_only"] {
        let broken = broken(&format!("{job}{suffix}"), server, APPLICABLE);
        let (known, more): (BTreeSet<_>, BTreeSet<_>) = broken
            .into_iter()
            .partition(|promise| documented[job].contains(promise));
        assert!(more.is_empty(), "{job}{suffix} breaks {more:?} too");
        // Two processes that load SQLAlchemy may be far apart on a machine with much to do.
        let mut kept: Vec<_> = documented[job].difference(&known).collect();
        kept.retain(|promise| *promise != "two-runs-do-each-cell-once");
        assert!(kept.is_empty(), "{job}{suffix} keeps {kept:?}");
    }
}

/// Returns whether Python has these modules. Says so if it has not.
pub(crate) fn python_has(modules: &str) -> bool {
    let import = format!("import {modules}");
    let found = Command::new("python3").args(["-c", &import]).output();
    let has_modules = found.is_ok_and(|output| output.status.success());
    if !has_modules {
        // Written to the stream directly, since the test runner captures `eprintln!` of a test that
        // passes.
        let message = format!("skipped: python3 has no {modules}; .ci/run installs it\n");
        std::io::stderr().write_all(message.as_bytes()).unwrap();
    }
    has_modules
}
