//! `plimsoll scenario`: written, shown, accepted and broken by somebody who has the binary alone.

use crate::bench::Bench;

const CLAIM: &str = "scenarios/mine/nobody_is_left_behind";
const FILE: &str = "scenarios/mine/nobody_is_left_behind.toml";

/// A folder with the scenario that `new` writes.
fn with_a_new_scenario() -> Bench {
    let bench = Bench::new();
    let said = bench.ok(&["scenario", "new", CLAIM]);
    assert!(said.contains("plimsoll scenario show"), "{said}");
    bench
}

fn change(bench: &Bench, from: &str, to: &str) {
    let text = std::fs::read_to_string(bench.path(FILE)).unwrap();
    assert!(text.contains(from), "{text}");
    bench.write(FILE, &text.replacen(from, to, 1));
}

#[test]
fn a_new_scenario_is_shown_accepted_and_broken() {
    let bench = with_a_new_scenario();
    let shown = bench.ok(&["scenario", "show", FILE]);
    assert!(shown.contains("hidden-by-watermark"), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );

    let first = bench.run(&["scenario", "run"]);
    assert_eq!(first.code, 1, "{}", first.out);
    assert!(
        first.out.contains("there is no golden transcript yet"),
        "{}",
        first.out
    );

    let accepted = bench.ok(&["scenario", "run", "--accept"]);
    assert!(accepted.contains("1 of them accepted"), "{accepted}");
    assert!(
        bench
            .path("snapshots/mine/nobody_is_left_behind.snap")
            .exists()
    );
    let again = bench.ok(&["scenario", "run", "scenarios"]);
    assert!(again.contains("1 of 1 scenario passed"), "{again}");

    change(
        &bench,
        "\"B..D\" = { complete = \"..2026-01-05\" }",
        "\"B..D\" = { complete = \"..2026-01-06\" }",
    );
    let broken = bench.run(&["scenario", "run"]);
    assert_eq!(broken.code, 1, "{}", broken.out);
    assert!(
        broken.out.contains("expected B..D, found nobody"),
        "{}",
        broken.out
    );
    assert!(broken.out.contains("- golden   + now"), "{}", broken.out);
    let refused = bench.run(&["scenario", "run", "--accept"]);
    assert_eq!(
        refused.code, 1,
        "what breaks an expectation is not accepted"
    );
}

#[test]
fn results_are_there_for_programs() {
    let bench = with_a_new_scenario();
    bench.ok(&["scenario", "run", "--accept"]);
    change(&bench, "end = \"complete\"", "end = \"busy\"");
    let said = bench.run(&["scenario", "run", "--json", "--junit", "results.xml"]);
    assert_eq!(said.code, 1);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&0.into(), &1.into()));
    let one = &json["scenarios"][0];
    assert_eq!(one["golden"], "same");
    assert_eq!(one["findings"][0]["kind"], "expectation");
    let xml = std::fs::read_to_string(bench.path("results.xml")).unwrap();
    assert!(
        xml.contains("failures=\"1\"") && xml.contains("nobody_is_left_behind"),
        "{xml}"
    );

    let told: serde_json::Value =
        serde_json::from_str(&bench.run(&["scenario", "show", FILE, "--json"]).out).unwrap();
    assert_eq!(told["policies"][0]["policy"], "global-max");
}

#[test]
fn a_golden_file_without_its_scenario_and_an_empty_folder_fail() {
    let bench = with_a_new_scenario();
    bench.ok(&["scenario", "run", "--accept"]);
    bench.ok(&["scenario", "new", "scenarios/mine/another"]);
    bench.ok(&["scenario", "run", "--accept"]);
    std::fs::remove_file(bench.path(FILE)).unwrap();
    let said = bench.run(&["scenario", "run"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("its scenario is gone"), "{}", said.out);

    std::fs::create_dir(bench.path("empty")).unwrap();
    let empty = bench.run(&["scenario", "run", "empty"]);
    assert_eq!(empty.code, 3, "{}", empty.err);
    assert!(empty.err.contains("holds no scenario"), "{}", empty.err);
    let absent = bench.run(&["scenario", "run", "absent"]);
    assert_eq!(absent.code, 3);
    assert!(
        absent.err.contains("hint: `plimsoll scenario new NAME`"),
        "{}",
        absent.err
    );
}

#[test]
fn a_mistake_is_explained_with_its_line_and_the_nearest_name() {
    let bench = with_a_new_scenario();
    assert!(
        bench
            .ok(&["scenario", "check", "scenarios"])
            .contains("nothing wrong")
    );
    change(
        &bench,
        "policies = [\"global-max\"",
        "policies = [\"global-mx\"",
    );
    let said = bench.run(&["scenario", "check", FILE]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("did you mean `global-max`?"),
        "{}",
        said.out
    );
    assert!(said.out.contains(&format!("{FILE}:12:13")), "{}", said.out);
    assert!(said.out.contains("^^^^^^^^^"), "{}", said.out);
    let shown = bench.run(&["scenario", "show", FILE]);
    assert_eq!(shown.code, 3);
    assert!(shown.err.contains("did you mean"), "{}", shown.err);
}

#[test]
fn a_swap_of_a_policy_that_no_scenario_has_is_refused() {
    let bench = with_a_new_scenario();
    bench.ok(&["scenario", "run", "--accept"]);
    let run = |swap: &str| bench.run(&["scenario", "run", "--swap", swap]);
    let misspelled = run("per-cel=global-max");
    assert_eq!(misspelled.code, 2, "{}{}", misspelled.out, misspelled.err);
    assert!(
        misspelled.err.contains("did you mean `per-cell`?"),
        "{}",
        misspelled.err
    );
    let unlike = run("nightly=global-max");
    assert_eq!(unlike.code, 2, "{}{}", unlike.out, unlike.err);
    assert!(unlike.err.contains("global-max, "), "{}", unlike.err);
    let rules = run("per-cell=global-mx");
    assert_eq!(rules.code, 2, "{}{}", rules.out, rules.err);
    assert!(
        rules.err.contains("did you mean `global-max`?"),
        "{}",
        rules.err
    );
    assert_eq!(run("per-cell=global-max").code, 1);
}

#[test]
fn a_filter_that_matches_no_scenario_and_an_unknown_policy_are_refused() {
    let bench = with_a_new_scenario();
    let filtered = bench.run(&["scenario", "run", "--filter", "absent"]);
    assert_eq!(filtered.code, 2, "{}", filtered.err);
    let shown = bench.run(&["scenario", "show", FILE, "--policy", "per-cel"]);
    assert_eq!(shown.code, 2, "{}", shown.err);
    assert!(
        shown.err.contains("did you mean `per-cell`?"),
        "{}",
        shown.err
    );
}

#[test]
fn the_same_world_is_compared_under_every_policy() {
    let bench = with_a_new_scenario();
    let text = bench.ok(&["scenario", "compare", FILE]);
    for policy in ["global-max", "min-of-max", "target-only", "per-cell"] {
        assert!(text.contains(policy), "{text}");
    }
    assert!(
        text.contains("left behind: 2026-01-06 B..D; 2026-01-07 B..D"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn a_world_is_loaded_as_an_ordinary_database() {
    let bench = with_a_new_scenario();
    bench.ok(&["--db", "world.db", "scenario", "load", FILE]);
    let status = bench.run(&["--db", "world.db", "status"]);
    assert!(status.out.contains("2026-01-05"), "{}", status.out);
    let again = bench.run(&["--db", "world.db", "scenario", "load", FILE]);
    assert_eq!(again.code, 5, "{}", again.err);
    assert!(again.err.contains("already"), "{}", again.err);
}
