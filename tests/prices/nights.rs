//! The program with a configured command: requests, runs and checks.

use serde_json::Value;

use crate::vendor::{CLOSES, CONFIGURATION, WORLD, write_vendor};
use crate::workspace::Workspace;

fn night(mode: &str) -> Workspace {
    let workspace = Workspace::from_world(WORLD);
    write_vendor(&workspace.path(""), mode, CLOSES);
    workspace.write("plimsoll.toml", CONFIGURATION);
    std::fs::create_dir(workspace.path("inbox")).unwrap();
    workspace
}

/// Returns the names of the files in a folder.
fn files(workspace: &Workspace, folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(workspace.path(folder)) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_run_requests_the_missing_closes_and_uses_the_answer() {
    let workspace = night("right");
    let lines = workspace.run_ok(&["price", "missing", "--lines"]);
    insta::assert_snapshot!(lines, @r#"
    {"symbol":"MKT","class":"index","currency":"USD","first":"2026-01-07","last":"2026-01-08","days":["2026-01-07","2026-01-08"]}
    {"symbol":"NIMB","class":"equity","currency":"USD","first":"2026-01-07","last":"2026-01-08","days":["2026-01-07","2026-01-08"]}
    "#);
    let text = workspace.run_ok(&["price", "missing"]);
    insta::assert_snapshot!(text.replace('\u{a0}', " "), @"
    4 closes missing up to 2026-01-08
      MKT (USD): 2026-01-07 … 2026-01-08, 2 sessions
      NIMB (USD): 2026-01-07 … 2026-01-08, 2 sessions
    ");
    let run = workspace.run(&["run"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr
            .contains("prices: 4 of 4 closes of 2 symbols received"),
        "{}",
        run.stderr
    );
    let asked = std::fs::read_to_string(workspace.path("request.jsonl")).unwrap();
    assert_eq!(asked.trim_end(), lines.trim_end());
    assert_eq!(
        files(&workspace, "inbox/done/prices"),
        ["fetched-2026-01-08T230000Z.csv"]
    );
    workspace.run_ok(&["check"]);
    workspace.run_ok(&["verify", "--all"]);
    let missing = workspace.run_ok(&["price", "missing"]);
    assert!(
        missing.contains("no close is missing up to 2026-01-08"),
        "{missing}"
    );
    // With nothing to request, the command is not started.
    std::fs::remove_file(workspace.path("attempts")).unwrap();
    workspace.run_ok(&["run"]);
    assert!(!workspace.path("attempts").exists());
}

#[test]
fn a_night_goes_on_without_the_answer_of_a_slow_command() {
    let workspace = night("slow");
    // The command takes a day, so that any timeout ends it.
    let configuration = format!("{CONFIGURATION}timeout-seconds = 1\n");
    workspace.write("plimsoll.toml", &configuration);
    let run = workspace.run(&["run"]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let reason = "it took longer than 1 s and was ended";
    assert!(run.stderr.contains(reason), "{}", run.stderr);
    let check = workspace.run(&["check"]);
    assert_eq!(check.code, 1);
    assert!(check.stdout.contains("price-command") || check.stdout.contains(reason));
    let json: Value = serde_json::from_str(&workspace.run(&["check", "--json"]).stdout).unwrap();
    let concerns = json["concerns"].as_array().unwrap().iter();
    let kinds: Vec<_> = concerns
        .map(|concern| concern["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"price-command") && kinds.contains(&"unpriced-session"),
        "{kinds:?}"
    );
    // Neither it nor the process that left its group runs on. The kill is sent before the run ends;
    // the system may take a moment more.
    if let Ok(pids) = std::fs::read_to_string(workspace.path("pids")) {
        for pid in pids.split(' ') {
            while is_running(pid) {
                std::thread::yield_now();
            }
        }
    }
}

/// Returns whether a process runs; one that ended and was not noticed yet does not.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.trim().chars().next());
    state.is_some_and(|state| state != Some('Z') && state != Some('X'))
}

#[test]
fn a_wrong_answer_is_a_refused_file_of_the_inbox() {
    for (mode, reason) in [
        ("wrong", "a web page or XML, not a table"),
        ("refused-row", "abc"),
    ] {
        let workspace = night(mode);
        let run = workspace.run(&["run"]);
        assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(reason), "{mode}: {}", run.stderr);
        let rejected = files(&workspace, "inbox/rejected/prices");
        assert_eq!(
            rejected,
            [
                "fetched-2026-01-08T230000Z.csv",
                "fetched-2026-01-08T230000Z.csv.report.txt"
            ],
            "{mode}"
        );
        let check = workspace.run(&["check"]);
        assert_eq!(check.code, 1);
        assert!(
            check.stdout.contains("1 file of the inbox refused"),
            "{}",
            check.stdout
        );
        // A page says nothing about the closes, so all of them are requested again.
        let missing = workspace.run_ok(&["price", "missing"]);
        assert!(!missing.contains("not requested"), "{missing}");
    }
}

#[test]
fn a_command_is_tried_by_hand() {
    let workspace = night("header");
    let fetched = workspace.run_ok(&["price", "fetch"]);
    assert_eq!(
        fetched.trim(),
        "prices: none of 4 closes of 2 symbols received"
    );
    workspace.write("mode", "down");
    let failed = workspace.run(&["price", "fetch"]);
    assert_eq!(failed.code, 1);
    workspace.write("mode", "right");
    let fetched = workspace.run_ok(&["price", "fetch", "--json"]);
    let json: Value = serde_json::from_str(&fetched).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"outcome": "answered", "symbols": 2, "requested": 4, "received": 4,
            "left-out": 0, "error": null})
    );
    workspace.write("plimsoll.toml", "[inbox]\nfolder = \"inbox\"\n");
    let without = workspace.run(&["price", "fetch"]);
    assert_eq!(without.code, 3);
    assert!(
        without.stderr.contains("no command fetches prices"),
        "{}",
        without.stderr
    );
    assert!(
        without.stderr.contains("hint: set `command` of [prices]"),
        "{}",
        without.stderr
    );
}

#[test]
fn no_surface_shows_a_secret() {
    let workspace = night("down");
    let configuration = CONFIGURATION.replace("vendor.py\"", "vendor.py\", \"--key=4f1c9a77b2\"");
    workspace.write("plimsoll.toml", &configuration);
    let run = workspace
        .command(&["run"])
        .env("VENDOR_KEY", "s3cr3t")
        .output()
        .unwrap();
    let shown = String::from_utf8(run.stderr).unwrap();
    assert!(shown.contains("retry later, key=***"), "{shown}");
    for command in [
        ["status"].as_slice(),
        &["check"],
        &["check", "--json"],
        &["alerts"],
    ] {
        let output = workspace.run(command);
        let text = output.stdout + &output.stderr;
        for secret in ["s3cr3t", "4f1c9a77b2"] {
            assert!(
                !text.contains(secret) && !shown.contains(secret),
                "{command:?}: {text}"
            );
        }
    }
}
