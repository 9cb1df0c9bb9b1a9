//! `plimsoll demo`, and the other commands on its database.

use crate::workspace::Workspace;

#[test]
fn the_demo_needs_no_input_and_completes_thirteen_portfolios() {
    let workspace = Workspace::new();
    let text = workspace.run_ok(&["demo"]);
    assert!(
        text.contains("global-max       ·      ·     13     13           23"),
        "{text}"
    );
    assert!(
        text.contains("per-cell        11     12     13     36            0"),
        "{text}"
    );
    assert!(text.contains("36 of 36 cells done"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let status = workspace.run_ok(&["status"]);
    assert!(
        status.starts_with("all 13 portfolios complete up to 2026-01-08"),
        "{status}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&workspace.run_ok(&["status", "--json"])).unwrap();
    assert_eq!(json["watermark"], "2026-01-08");
    workspace.run_ok(&["verify", "--all"]);
    assert_eq!(workspace.run_ok(&["plan"]).lines().count(), 1);
}

#[test]
fn repeating_the_demo_gives_the_same_books() {
    let workspace = Workspace::new();
    workspace.run_ok(&["-q", "demo"]);
    let books = workspace.books();
    workspace.run_ok(&["-q", "demo", "--json"]);
    assert_eq!(workspace.books(), books);
}

#[test]
fn the_demo_never_overwrites_another_database() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    let refused = workspace.run(&["demo"]);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("not a demonstration") && refused.stderr.contains("hint:"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_run_logs_the_lines_of_the_incident_job() {
    let workspace = Workspace::from_world(
        "description = \"A at Jan 7, B to L at Jan 5\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2025-12-29, complete = \"..2026-01-07\" }\n\
         \"B..L\" = { inception = 2025-12-29, complete = \"..2026-01-05\" }\n",
    );
    let run = workspace.run(&["run", "--target", "2026-01-07", "-v"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines = [
        "INFO System watermark (most lagging portfolio): 2026-01-05",
        "INFO Processing 2026-01-06: 11 portfolios need updates (1 already have snapshots)",
        "INFO Processing 2026-01-07: 11 portfolios need updates (1 already have snapshots)",
    ];
    for line in lines {
        assert!(run.stderr.contains(line), "{line}\n{}", run.stderr);
    }
    let again = workspace.run(&["run", "--target", "2026-01-07", "-vv"]);
    let skipping = "DEBUG Skipping 2026-01-07: all portfolios already have snapshots";
    assert!(again.stderr.contains(skipping), "{}", again.stderr);
    assert_eq!(again.code, 0);
}

#[test]
fn books_are_exported_as_csv() {
    let workspace = Workspace::new();
    workspace.run_ok(&["-q", "demo"]);
    let books = workspace.run_ok(&["show", "Hedge Fund Style", "--csv"]);
    assert_eq!(books.lines().count(), 60);
    let positions = workspace.run_ok(&[
        "show",
        "Hedge Fund Style",
        "--csv",
        "positions",
        "--as-of",
        "2026-01-05",
    ]);
    assert!(
        positions.starts_with("day,validity,symbol,") && positions.contains("2026-01-05,"),
        "{positions}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&workspace.run_ok(&["show", "Hedge Fund Style", "--json"])).unwrap();
    assert_eq!(json["as-of"], "2026-01-08");
}

#[test]
fn a_backup_is_a_database_like_the_first() {
    let workspace = Workspace::new();
    workspace.run_ok(&["-q", "demo"]);
    workspace.run_ok(&["backup", "copy.db"]);
    workspace.run_ok(&["--db", "copy.db", "verify", "--all"]);
    assert_eq!(workspace.run(&["backup", "copy.db"]).code, 5);
}

#[test]
fn the_readme_shows_the_output_of_the_demo() {
    let readme = include_str!("../../README.md");
    let example = readme.split("$ plimsoll demo\n").nth(1).unwrap();
    let printed = Workspace::new().run_ok(&["demo"]);
    for line in example.split("```").next().unwrap().lines() {
        assert!(printed.contains(line), "{line}");
    }
}

#[test]
fn suggested_commands_keep_the_database() {
    let workspace = Workspace::from_world(include_str!("../../fixtures/jan_8_production.toml"));
    let cell = ["explain", "Tech Growth", "2026-01-07"];
    assert!(workspace.run_ok(&["plan"]).contains("plimsoll run --plan "));
    let text = workspace.run_ok(&cell);
    assert!(text.ends_with("  plimsoll run\n"), "{text}");

    let option = ["--db", "./plimsoll.db"];
    let text = workspace.run_ok(&[&option[..], &["plan"]].concat());
    assert!(
        text.contains("plimsoll --db ./plimsoll.db run --plan "),
        "{text}"
    );
    let text = workspace.run_ok(&[&option[..], &cell[..]].concat());
    assert!(
        text.ends_with("  plimsoll --db ./plimsoll.db run\n"),
        "{text}"
    );
}
