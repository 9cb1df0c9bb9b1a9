//! `plimsoll scenario`: write, show, accept and break a scenario with the binary alone.

use crate::workspace::Workspace;

const NAME: &str = "scenarios/mine/no_portfolio_is_left_behind";
const FILE: &str = "scenarios/mine/no_portfolio_is_left_behind.toml";

/// A folder with the scenario that `new` writes.
fn workspace_with_scenario() -> Workspace {
    let workspace = Workspace::new();
    let output = workspace.run_ok(&["scenario", "new", NAME]);
    assert!(output.contains("plimsoll scenario show"), "{output}");
    workspace
}

fn replace_in_scenario(workspace: &Workspace, from: &str, to: &str) {
    let text = std::fs::read_to_string(workspace.path(FILE)).unwrap();
    assert!(text.contains(from), "{text}");
    workspace.write(FILE, &text.replacen(from, to, 1));
}

#[test]
fn a_new_scenario_is_shown_accepted_and_broken() {
    let workspace = workspace_with_scenario();
    let shown = workspace.run_ok(&["scenario", "show", FILE]);
    assert!(shown.contains("hidden-by-watermark"), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );

    let first = workspace.run(&["scenario", "run"]);
    assert_eq!(first.code, 1, "{}", first.stdout);
    assert!(
        first.stdout.contains("there is no golden transcript yet"),
        "{}",
        first.stdout
    );

    let accepted = workspace.run_ok(&["scenario", "run", "--accept"]);
    assert!(accepted.contains("1 of them accepted"), "{accepted}");
    assert!(
        workspace
            .path("snapshots/mine/no_portfolio_is_left_behind.snap")
            .exists()
    );
    let again = workspace.run_ok(&["scenario", "run", "scenarios"]);
    assert!(again.contains("1 of 1 scenario passed"), "{again}");

    replace_in_scenario(
        &workspace,
        "\"B..D\" = { complete = \"..2026-01-05\" }",
        "\"B..D\" = { complete = \"..2026-01-06\" }",
    );
    let broken = workspace.run(&["scenario", "run"]);
    assert_eq!(broken.code, 1, "{}", broken.stdout);
    assert!(
        broken.stdout.contains("expected B..D, found none"),
        "{}",
        broken.stdout
    );
    assert!(
        broken.stdout.contains("- golden   + now"),
        "{}",
        broken.stdout
    );
    let refused = workspace.run(&["scenario", "run", "--accept"]);
    assert_eq!(
        refused.code, 1,
        "a transcript that violates an expectation is not accepted"
    );
}

#[test]
fn results_are_written_as_json_and_junit() {
    let workspace = workspace_with_scenario();
    workspace.run_ok(&["scenario", "run", "--accept"]);
    replace_in_scenario(&workspace, "end = \"complete\"", "end = \"busy\"");
    let output = workspace.run(&["scenario", "run", "--json", "--junit", "results.xml"]);
    assert_eq!(output.code, 1);
    let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&0.into(), &1.into()));
    let scenario = &json["scenarios"][0];
    assert_eq!(scenario["golden"], "same");
    assert_eq!(scenario["findings"][0]["kind"], "expectation");
    let xml = std::fs::read_to_string(workspace.path("results.xml")).unwrap();
    assert!(
        xml.contains("failures=\"1\"") && xml.contains("no_portfolio_is_left_behind"),
        "{xml}"
    );

    let shown: serde_json::Value =
        serde_json::from_str(&workspace.run(&["scenario", "show", FILE, "--json"]).stdout).unwrap();
    assert_eq!(shown["policies"][0]["policy"], "global-max");
    let first = &shown["policies"][0]["steps"][0];
    assert!(first["description"].is_string(), "{first}");
    assert_eq!(shown["policies"][0]["acts"][0], *first, "the old keys");
    assert_eq!(first["what"], first["description"]);
    assert_eq!(first["came"], first["outcome"]);
    assert!(shown.get("what").is_none(), "{shown}");
}

#[test]
fn a_new_scenario_without_a_folder_is_run_without_one() {
    let workspace = Workspace::new();
    let written = workspace.run_ok(&["scenario", "new", "a_late_price"]);
    assert!(written.contains("scenarios/a_late_price.toml"), "{written}");
    let accepted = workspace.run_ok(&["scenario", "run", "--accept"]);
    assert!(accepted.contains("1 of them accepted"), "{accepted}");
    workspace.run_ok(&["scenario", "new", "./here"]);
    assert!(workspace.path("here.toml").exists());
}

#[test]
fn a_golden_file_without_its_scenario_and_an_empty_folder_fail() {
    let workspace = workspace_with_scenario();
    workspace.run_ok(&["scenario", "run", "--accept"]);
    workspace.run_ok(&["scenario", "new", "scenarios/mine/another"]);
    workspace.run_ok(&["scenario", "run", "--accept"]);
    std::fs::remove_file(workspace.path(FILE)).unwrap();
    let output = workspace.run(&["scenario", "run"]);
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert!(
        output.stdout.contains("its scenario is gone"),
        "{}",
        output.stdout
    );

    std::fs::create_dir(workspace.path("empty")).unwrap();
    let empty = workspace.run(&["scenario", "run", "empty"]);
    assert_eq!(empty.code, 3, "{}", empty.stderr);
    assert!(
        empty.stderr.contains("no scenario (`*.toml`) in"),
        "{}",
        empty.stderr
    );
    let absent = workspace.run(&["scenario", "run", "absent"]);
    assert_eq!(absent.code, 3);
    assert!(
        absent.stderr.contains("hint: `plimsoll scenario new NAME`"),
        "{}",
        absent.stderr
    );
}

#[test]
fn an_error_shows_its_line_and_the_nearest_name() {
    let workspace = workspace_with_scenario();
    assert!(
        workspace
            .run_ok(&["scenario", "check", "scenarios"])
            .contains("no errors")
    );
    replace_in_scenario(
        &workspace,
        "policies = [\"global-max\"",
        "policies = [\"global-mx\"",
    );
    let output = workspace.run(&["scenario", "check", FILE]);
    assert_eq!(output.code, 1);
    assert!(
        output.stdout.contains("did you mean `global-max`?"),
        "{}",
        output.stdout
    );
    assert!(
        output.stdout.contains(&format!("{FILE}:12:13")),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains("^^^^^^^^^"), "{}", output.stdout);
    let shown = workspace.run(&["scenario", "show", FILE]);
    assert_eq!(shown.code, 3);
    assert!(shown.stderr.contains("did you mean"), "{}", shown.stderr);
}

#[test]
fn a_swap_of_a_policy_that_no_scenario_has_is_refused() {
    let workspace = workspace_with_scenario();
    workspace.run_ok(&["scenario", "run", "--accept"]);
    let run = |swap: &str| workspace.run(&["scenario", "run", "--swap", swap]);
    let misspelled = run("per-cel=global-max");
    assert_eq!(
        misspelled.code, 2,
        "{}{}",
        misspelled.stdout, misspelled.stderr
    );
    assert!(
        misspelled.stderr.contains("did you mean `per-cell`?"),
        "{}",
        misspelled.stderr
    );
    let unrelated = run("nightly=global-max");
    assert_eq!(
        unrelated.code, 2,
        "{}{}",
        unrelated.stdout, unrelated.stderr
    );
    assert!(
        unrelated.stderr.contains("global-max, "),
        "{}",
        unrelated.stderr
    );
    let replacement = run("per-cell=global-mx");
    assert_eq!(
        replacement.code, 2,
        "{}{}",
        replacement.stdout, replacement.stderr
    );
    assert!(
        replacement.stderr.contains("did you mean `global-max`?"),
        "{}",
        replacement.stderr
    );
    assert_eq!(run("per-cell=global-max").code, 1);
}

#[test]
fn a_filter_that_matches_no_scenario_and_an_unknown_policy_are_refused() {
    let workspace = workspace_with_scenario();
    let filtered = workspace.run(&["scenario", "run", "--filter", "absent"]);
    assert_eq!(filtered.code, 2, "{}", filtered.stderr);
    let shown = workspace.run(&["scenario", "show", FILE, "--policy", "per-cel"]);
    assert_eq!(shown.code, 2, "{}", shown.stderr);
    assert!(
        shown.stderr.contains("did you mean `per-cell`?"),
        "{}",
        shown.stderr
    );
}

#[test]
fn the_same_world_is_compared_under_every_policy() {
    let workspace = workspace_with_scenario();
    let text = workspace.run_ok(&["scenario", "compare", FILE]);
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
fn a_world_that_cannot_be_loaded_leaves_no_database() {
    let workspace = Workspace::new();
    let world = |first: u32| {
        format!(
            "now = 2026-01-08T18:00:00-05:00\n\
             calendar = {{ name = \"own\", zone = \"America/New_York\", based-on = \"new-york\", \
             close = \"16:00\", years = {{ first = {first}, last = 2026 }} }}\n\
             [portfolios]\nA = {{ inception = 2026-01-05 }}\n[[step]]\nrun = {{}}\n"
        )
    };
    let load = ["--db", "world.db", "scenario", "load", "world.toml"];
    workspace.write("world.toml", &world(2026));
    let refused = workspace.run(&load);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    let says = "the calendar does not cover the world";
    assert!(refused.stderr.contains(says), "{}", refused.stderr);
    for file in ["world.db", "world.db-wal", "world.db-shm"] {
        assert!(!workspace.path(file).exists(), "{file}");
    }
    workspace.write("world.toml", &world(2024));
    workspace.run_ok(&load);
}

#[test]
fn a_scenario_world_is_loaded_as_a_database() {
    let workspace = workspace_with_scenario();
    workspace.run_ok(&["--db", "world.db", "scenario", "load", FILE]);
    let status = workspace.run(&["--db", "world.db", "status"]);
    assert!(status.stdout.contains("2026-01-05"), "{}", status.stdout);
    let again = workspace.run(&["--db", "world.db", "scenario", "load", FILE]);
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
}

#[test]
fn old_keys_are_read_with_one_warning_per_file() {
    let workspace = workspace_with_scenario();
    std::fs::create_dir(workspace.path("fixtures")).unwrap();
    workspace.write(
        "fixtures/shared.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = { complete = \"..2026-01-07\" }\n\
         [[invalidation]]\ncause = \"forced\"\nwhy = \"a doubt\"\nportfolios = \"A\"\n\
         days = 2026-01-07\n",
    );
    for name in ["one", "two"] {
        workspace.write(
            &format!("scenarios/{name}.toml"),
            "fixture = \"shared\"\n[[step]]\n\
             invalidate = { portfolios = \"A\", days = 2026-01-06, why = \"a wrong file\" }\n\
             expect = { taken-out = 4 }\n",
        );
    }
    let warnings = "warning: `fixtures/shared.toml`: `why` is now `reason`\n\
        warning: `scenarios/one.toml`: `taken-out` is now `invalidated-phases`, `why` is now `reason`\n\
        warning: `scenarios/two.toml`: `taken-out` is now `invalidated-phases`, `why` is now `reason`\n";
    let checked = workspace.run(&["scenario", "check", "scenarios", "fixtures"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, warnings));
    let run = workspace.run(&["scenario", "run", "--accept", "scenarios"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, warnings));
}
