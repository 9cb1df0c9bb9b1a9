//! `plimsoll sim`: what it says, how it ends, and that a seed says the same again.

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
    let said = workspace.run_ok(&["sim", "explore", "batch.toml", "--seed", "7"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("seed 7, plimsoll "), "{said}");
    assert_eq!(lines.first(), lines.last(), "{said}");
    assert!(said.contains("step 2: run"), "{said}");
    assert!(said.contains("everything held"), "{said}");
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{said}"
    );

    let again = workspace.run_ok(&["sim", "replay", "explore:2:7:12:torn-last@batch.toml"]);
    assert!(again.contains("crash after 12 of"), "{again}");
    assert!(again.contains("not yet synced"), "{again}");
    assert!(again.contains("  torn  write"), "{again}");
    assert!(again.contains("everything held"), "{again}");
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let workspace = workspace();
    let said = |jobs| workspace.run_ok(&["--json", "sim", "explore", "batch.toml", "--jobs", jobs]);
    let one = said("1");
    assert_eq!(said("2"), one);
    assert_eq!(said("8"), one);
    let read: serde_json::Value = serde_json::from_str(&one).unwrap();
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
    let said = workspace.run_ok(&["sim", "faults", "batch.toml", "--every", "25"]);
    assert!(
        said.contains(" complete, ") && said.contains(" failed"),
        "{said}"
    );
    assert!(said.contains("everything held"), "{said}");
    let again = workspace.run_ok(&["sim", "replay", "fault:2:100:io:always@batch.toml"]);
    assert!(again.contains("io always at call 100 of"), "{again}");
    let said = workspace.run_ok(&["sim", "pair", "batch.toml", "--seeds", "10"]);
    assert!(said.contains("10 pairs"), "{said}");
    let again = workspace.run_ok(&["sim", "replay", "pair:2:3@batch.toml"]);
    assert!(again.contains("two at once, turns of at most"), "{again}");
    for text in [&said, &again] {
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}

#[test]
fn out_of_memory_loses_nothing() {
    let workspace = workspace();
    let said = workspace.run_ok(&["sim", "faults", "batch.toml", "--memory", "--every", "17"]);
    assert!(said.contains(" allocations, "), "{said}");
    assert!(said.contains(" failed: holds"), "{said}");
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
    let said = workspace.run_ok(&["sim", "fuzz", "--budget", "1s", "--seed", "40"]);
    assert!(said.starts_with("seed 40, plimsoll "), "{said}");
    let json = workspace.run_ok(&["--json", "sim", "fuzz", "--budget", "1s", "--seed", "40"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["fuzzed"]["scenarios"].as_u64() > Some(0), "{json}");
    assert_eq!(
        json["fuzzed"]["tales"], json["fuzzed"]["scenarios"],
        "the old key"
    );
    assert!(said.contains("everything held"), "{said}");
    let again = workspace.run_ok(&["sim", "replay", "fuzz:40"]);
    assert!(
        again.contains("[portfolios]") && again.contains("everything held"),
        "{again}"
    );
    let old_token = workspace.run_ok(&["sim", "replay", "tale:40"]);
    assert_eq!(old_token, again);
    let small = workspace.run(&["sim", "shrink", "fuzz:40"]);
    assert!(
        small.stderr.contains("everything holds"),
        "{}",
        small.stderr
    );
    assert_eq!(small.code, 0);
}

#[test]
fn invalid_simulation_input_is_reported() {
    let workspace = workspace();
    let wrong = |words: &[&str], code, says: &str| {
        let said = workspace.run(words);
        assert!(said.stderr.contains(says), "{}", said.stderr);
        assert_eq!(said.code, code, "{}", said.stderr);
    };
    wrong(
        &["sim", "explore", "nowhere.toml"],
        3,
        "there is no `nowhere.toml`",
    );
    wrong(
        &["sim", "explore", "batch.toml", "--step", "1"],
        2,
        "these are: 2",
    );
    wrong(&["sim", "replay", "explore:2:7"], 2, "invalid token");
    wrong(
        &["sim", "replay", "explore:9:1:1:killed@batch.toml"],
        3,
        "step 9 of the scenario is not a run",
    );
    wrong(
        &["sim", "replay", "explore:2:1:9999:killed@batch.toml"],
        3,
        "the run has only",
    );
    wrong(
        &["sim", "explore", "batch.toml", "--subsets", "15"],
        2,
        "--subsets",
    );
    workspace.write(
        "none.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n",
    );
    let said = workspace.run_ok(&["sim", "explore", "none.toml"]);
    assert!(said.contains("has no run by our own rules"), "{said}");
}
