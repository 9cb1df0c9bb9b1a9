//! `plimsoll sim`: what it says, how it ends, and that a seed says the same again.

use crate::bench::Bench;

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

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("batch.toml", BATCH);
    bench
}

#[test]
fn a_run_is_explored_and_one_crash_is_seen_again() {
    let bench = bench();
    let said = bench.ok(&["sim", "explore", "batch.toml", "--seed", "7"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("seed 7, plimsoll "), "{said}");
    assert_eq!(lines.first(), lines.last(), "{said}");
    assert!(said.contains("step 2: run"), "{said}");
    assert!(said.contains("everything held"), "{said}");
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{said}"
    );

    let again = bench.ok(&["sim", "replay", "explore:2:7:12:torn-last@batch.toml"]);
    assert!(again.contains("crash after 12 of"), "{again}");
    assert!(again.contains("not yet synced"), "{again}");
    assert!(again.contains("  torn  write"), "{again}");
    assert!(again.contains("everything held"), "{again}");
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let bench = bench();
    let said = |jobs| bench.ok(&["--json", "sim", "explore", "batch.toml", "--jobs", jobs]);
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
        bench.ok(&sim)
    };
    assert_eq!(pairs("8"), pairs("1"));
}

#[test]
fn faults_and_pairs_say_how_the_runs_ended() {
    let bench = bench();
    let said = bench.ok(&["sim", "faults", "batch.toml", "--every", "25"]);
    assert!(
        said.contains(" complete, ") && said.contains(" failed"),
        "{said}"
    );
    assert!(said.contains("everything held"), "{said}");
    let again = bench.ok(&["sim", "replay", "fault:2:100:io:always@batch.toml"]);
    assert!(again.contains("io always at call 100 of"), "{again}");
    let said = bench.ok(&["sim", "pair", "batch.toml", "--seeds", "10"]);
    assert!(said.contains("10 pairs"), "{said}");
    let again = bench.ok(&["sim", "replay", "pair:2:3@batch.toml"]);
    assert!(again.contains("two at once, turns of at most"), "{again}");
    for text in [&said, &again] {
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}

#[test]
fn memory_that_runs_out_loses_nothing() {
    let bench = bench();
    let said = bench.ok(&["sim", "faults", "batch.toml", "--memory", "--every", "17"]);
    assert!(said.contains(" allocations, "), "{said}");
    assert!(said.contains(" failed: holds"), "{said}");
    let again = bench.ok(&["sim", "replay", "memory:2:700:always@batch.toml"]);
    assert!(
        again.contains("no memory always at allocation 700 of"),
        "{again}"
    );
    assert!(again.contains("the run ended failed"), "{again}");
}

#[test]
fn tales_are_told_again_by_their_seed() {
    let bench = bench();
    let said = bench.ok(&["sim", "fuzz", "--budget", "1s", "--seed", "40"]);
    assert!(said.starts_with("seed 40, plimsoll "), "{said}");
    assert!(said.contains("everything held"), "{said}");
    let again = bench.ok(&["sim", "replay", "tale:40"]);
    assert!(
        again.contains("[portfolios]") && again.contains("everything held"),
        "{again}"
    );
    let small = bench.run(&["sim", "shrink", "tale:40"]);
    assert!(small.err.contains("everything holds"), "{}", small.err);
    assert_eq!(small.code, 0);
}

#[test]
fn what_cannot_be_simulated_is_said() {
    let bench = bench();
    let wrong = |words: &[&str], code, says: &str| {
        let said = bench.run(words);
        assert!(said.err.contains(says), "{}", said.err);
        assert_eq!(said.code, code, "{}", said.err);
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
    wrong(&["sim", "replay", "explore:2:7"], 2, "is no token");
    wrong(
        &["sim", "replay", "explore:9:1:1:killed@batch.toml"],
        3,
        "step 9 of the scenario is no run",
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
    bench.write(
        "none.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n",
    );
    let said = bench.ok(&["sim", "explore", "none.toml"]);
    assert!(said.contains("has no run by our own rules"), "{said}");
}
