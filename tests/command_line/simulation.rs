//! `plimsoll sim`: its output, its exit codes, and that a seed repeats its output.

use crate::workspace::Workspace;

const BATCH: &str = r#"
now = 2026-01-08T18:00:00-05:00

[market]
shares = 3
from = 2025-12-22

[portfolios]
A = { inception = 2026-01-02, complete = "..2026-01-07" }

[[step]]
advance = "1 minutes"

[[step]]
run = {}
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("batch.toml", BATCH);
    workspace
}

#[test]
fn explore_covers_a_run_and_replay_repeats_one_crash() {
    let workspace = workspace();
    let output = workspace.run_ok(&["sim", "explore", "batch.toml", "--seed", "7"]);
    let lines: Vec<&str> = output.lines().collect();
    assert!(lines[0].starts_with("seed 7, plimsoll "), "{output}");
    assert_eq!(lines.first(), lines.last(), "{output}");
    assert!(output.contains("step 2: run"), "{output}");
    assert!(output.contains("no findings"), "{output}");
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{output}"
    );

    let again = workspace.run_ok(&["sim", "replay", "explore:2:7:14:torn-last@batch.toml"]);
    assert!(again.contains("crash after 14 of"), "{again}");
    assert!(again.contains("not yet synced"), "{again}");
    assert!(again.contains("  torn  write"), "{again}");
    assert!(again.contains("no findings"), "{again}");
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let workspace = workspace();
    let output =
        |jobs| workspace.run_ok(&["--json", "sim", "explore", "batch.toml", "--jobs", jobs]);
    let one_thread = output("1");
    assert_eq!(output("2"), one_thread);
    assert_eq!(output("8"), one_thread);
    let read: serde_json::Value = serde_json::from_str(&one_thread).unwrap();
    let run = &read["scenarios"][0]["runs"][0];
    assert_eq!(run["step"], "2");
    assert!(run["log"].as_str().unwrap().len() == 8, "{run}");
    assert!(run["images"].as_u64() > Some(100), "{run}");

    let pairs = |jobs| {
        let sim = [
            "--json",
            "sim",
            "pair",
            "batch.toml",
            "--seeds",
            "20",
            "--jobs",
            jobs,
        ];
        workspace.run_ok(&sim)
    };
    assert_eq!(pairs("8"), pairs("1"));
}

#[test]
fn faults_and_pairs_report_how_runs_ended() {
    let workspace = workspace();
    let output = workspace.run_ok(&["sim", "faults", "batch.toml", "--every", "25"]);
    assert!(
        output.contains(" complete, ") && output.contains(" failed"),
        "{output}"
    );
    assert!(output.contains("no findings"), "{output}");
    let again = workspace.run_ok(&["sim", "replay", "fault:2:100:io:always@batch.toml"]);
    assert!(again.contains("io always at call 100 of"), "{again}");
    let output = workspace.run_ok(&["sim", "pair", "batch.toml", "--seeds", "10"]);
    assert!(output.contains("10 pairs"), "{output}");
    let again = workspace.run_ok(&["sim", "replay", "pair:2:3@batch.toml"]);
    assert!(
        again.contains("two runs, interleaved by at most"),
        "{again}"
    );
    for text in [&output, &again] {
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}

#[test]
fn out_of_memory_loses_nothing() {
    let workspace = workspace();
    let output = workspace.run_ok(&["sim", "faults", "batch.toml", "--memory", "--every", "17"]);
    assert!(output.contains(" allocations, "), "{output}");
    assert!(output.contains(" failed: no findings"), "{output}");
    let again = workspace.run_ok(&["sim", "replay", "memory:2:700:always@batch.toml"]);
    assert!(
        again.contains("no memory always at allocation 700 of"),
        "{again}"
    );
    assert!(again.contains("the run ended failed"), "{again}");
}

#[test]
fn a_generated_scenario_is_replayed_by_its_seed() {
    let workspace = workspace();
    let output = workspace.run_ok(&["sim", "fuzz", "--budget", "1s", "--seed", "40"]);
    assert!(output.starts_with("seed 40, plimsoll "), "{output}");
    let json = workspace.run_ok(&["--json", "sim", "fuzz", "--budget", "1s", "--seed", "40"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["fuzzed"]["scenarios"].as_u64() > Some(0), "{json}");
    assert_eq!(
        json["fuzzed"]["tales"], json["fuzzed"]["scenarios"],
        "the old key"
    );
    assert!(output.contains("no findings"), "{output}");
    let again = workspace.run_ok(&["sim", "replay", "fuzz:40"]);
    assert!(
        again.contains("[portfolios]") && again.contains("no findings"),
        "{again}"
    );
    let old_token = workspace.run_ok(&["sim", "replay", "tale:40"]);
    assert_eq!(old_token, again);
    let small = workspace.run(&["sim", "shrink", "fuzz:40"]);
    assert!(small.stderr.contains("no findings"), "{}", small.stderr);
    assert_eq!(small.code, 0);
}

#[test]
fn invalid_simulation_input_is_reported() {
    let workspace = workspace();
    let refused = |arguments: &[&str], code, message: &str| {
        let output = workspace.run(arguments);
        assert!(output.stderr.contains(message), "{}", output.stderr);
        assert_eq!(output.code, code, "{}", output.stderr);
    };
    refused(
        &["sim", "explore", "nowhere.toml"],
        3,
        "there is no file or folder `nowhere.toml`",
    );
    refused(
        &["sim", "explore", "batch.toml", "--step", "1"],
        2,
        "known: 2",
    );
    refused(&["sim", "replay", "explore:2:7"], 2, "invalid token");
    refused(
        &["sim", "replay", "explore:9:1:1:killed@batch.toml"],
        3,
        "step 9 of the scenario is not a run",
    );
    refused(
        &["sim", "replay", "explore:2:1:9999:killed@batch.toml"],
        3,
        "the run has only",
    );
    refused(
        &["sim", "explore", "batch.toml", "--subsets", "15"],
        2,
        "--subsets",
    );
    workspace.write(
        "none.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n",
    );
    let output = workspace.run_ok(&["sim", "explore", "none.toml"]);
    assert!(
        output.contains("has no run with the per-cell policy"),
        "{output}"
    );
}
