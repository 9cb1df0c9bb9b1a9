//! Bad input and bad luck: a clear error, the documented code, and nothing lost.

use std::os::unix::fs::PermissionsExt;

use crate::workspace::{CommandOutput, Workspace};

const WORLD: &str = "description = \"two portfolios\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    Harbour = { inception = 2026-01-02, complete = \"..2026-01-06\" }\n\
    Lighthouse = { inception = 2026-01-02, complete = \"..2026-01-06\" }\n";

fn assert_refused(said: &CommandOutput, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stderr.starts_with("error: ") || said.stderr.contains("\nerror: "),
        "{}",
        said.stderr
    );
    for word in words {
        assert!(
            said.stderr.contains(word),
            "`{word}` is not in {}",
            said.stderr
        );
    }
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
}

#[test]
fn a_missing_database_says_how_to_make_one() {
    let said = Workspace::new().run(&["status"]);
    assert_refused(
        &said,
        5,
        &["no database at `plimsoll.db`", "hint:", "plimsoll demo"],
    );
}

#[test]
fn a_text_file_is_not_overwritten() {
    let workspace = Workspace::new();
    workspace.write("notes.txt", &"these are notes and no database\n".repeat(50));
    let said = workspace.run(&["--db", "notes.txt", "run"]);
    assert_refused(&said, 5, &["is not a Plimsoll database"]);
    assert!(
        std::fs::read_to_string(workspace.path("notes.txt"))
            .unwrap()
            .starts_with("these are")
    );
}

#[test]
fn an_empty_file_and_a_folder_are_rejected() {
    let workspace = Workspace::new();
    workspace.write("empty.db", "");
    assert_refused(
        &workspace.run(&["--db", "empty.db", "status"]),
        5,
        &["not a Plimsoll database"],
    );
    assert_refused(&workspace.run(&["--db", ".", "status"]), 5, &[]);
}

#[test]
fn another_programs_database_is_left_alone() {
    let workspace = Workspace::new();
    let other = rusqlite::Connection::open(workspace.path("other.db")).unwrap();
    other
        .execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
        .unwrap();
    assert_refused(
        &workspace.run(&["--db", "other.db", "run"]),
        5,
        &["not a Plimsoll database"],
    );
}

#[test]
fn a_newer_database_is_refused() {
    let workspace = Workspace::from_world(WORLD);
    let newer = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    newer.pragma_update(None, "user_version", 900).unwrap();
    drop(newer);
    assert_refused(&workspace.run(&["run"]), 5, &["schema 900", "later one"]);
}

#[test]
fn a_damaged_database_is_reported_and_verify_finds_it() {
    let workspace = Workspace::from_world(WORLD);
    let damaged = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    damaged
        .execute_batch("UPDATE ledger SET count = count + 1")
        .unwrap();
    drop(damaged);
    assert_refused(&workspace.run(&["run"]), 5, &["damaged", "plimsoll verify"]);
    assert_eq!(workspace.run(&["verify"]).code, 1);
}

#[test]
fn a_truncated_database_is_an_error_and_not_a_panic() {
    let workspace = Workspace::from_world(WORLD);
    let bytes = std::fs::read(workspace.path("plimsoll.db")).unwrap();
    std::fs::write(workspace.path("half.db"), &bytes[..bytes.len() / 2]).unwrap();
    let said = workspace.run(&["--db", "half.db", "run"]);
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    assert_eq!(said.code, 5, "{}", said.stderr);
}

#[test]
fn a_read_only_database_can_be_read_and_not_run() {
    let workspace = Workspace::from_world(WORLD);
    workspace.run_ok(&["run"]);
    let path = workspace.path("plimsoll.db");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert_refused(&workspace.run(&["run"]), 5, &["cannot be written"]);
    workspace.run_ok(&["status"]);
}

#[test]
fn an_unknown_portfolio_is_refused_and_the_nearest_is_named() {
    let workspace = Workspace::from_world(WORLD);
    let books = workspace.books();
    let said = workspace.run(&["run", "--portfolio", "Harbor"]);
    assert_refused(&said, 3, &["`Harbor`", "did you mean `Harbour`?"]);
    let all_unknown = workspace.run(&["run", "-p", "Nobody", "-p", "Noone", "--skip-unknown"]);
    assert_refused(&all_unknown, 3, &["no portfolio left in scope"]);
    assert_eq!(workspace.books(), books);

    let some = workspace.run(&["run", "-p", "Nobody", "-p", "Harbour", "--skip-unknown"]);
    assert_eq!(some.code, 0, "{}", some.stderr);
    assert!(
        some.stderr
            .contains("warning: unknown portfolio `Nobody`: skipped"),
        "{}",
        some.stderr
    );
    assert!(some.stdout.contains("2 of 2 cells done"), "{}", some.stdout);
}

#[test]
fn wrong_usage_ends_with_2() {
    let workspace = Workspace::from_world(WORLD);
    assert_eq!(workspace.run(&["rnu"]).code, 2);
    assert!(
        workspace
            .run(&["rnu"])
            .stderr
            .contains("a similar subcommand exists")
    );
    assert_eq!(workspace.run(&["run", "--force"]).code, 2);
    assert_eq!(workspace.run(&["run", "--from", "2026-1-5"]).code, 2);
    assert_eq!(
        workspace
            .run(&["run", "--from", "2026-01-08", "--to", "2026-01-05"])
            .code,
        2
    );
    assert_eq!(workspace.run(&["run", "--policy", "newest"]).code, 2);
    assert_eq!(workspace.run(&["--now", "yesterday", "status"]).code, 2);
    assert_eq!(workspace.run(&[]).code, 2);
}

#[test]
fn a_future_target_is_refused_and_a_sunday_target_means_friday() {
    let workspace = Workspace::from_world(WORLD);
    let said = workspace.run(&["run", "--target", "2026-01-09"]);
    assert_refused(&said, 3, &["2026-01-08"]);
    let text = workspace.run_ok(&["plan", "--target", "2026-01-04"]);
    assert!(text.contains("2026-01-02"), "{text}");
}

#[test]
fn a_plan_that_changed_is_refused() {
    let workspace = Workspace::from_world(WORLD);
    let plan: serde_json::Value =
        serde_json::from_str(&workspace.run_ok(&["plan", "--json"])).unwrap();
    let id = plan["id"].as_str().unwrap();
    assert_refused(
        &workspace.run(&["run", "--plan", "0000"]),
        3,
        &["plimsoll plan"],
    );
    workspace.run_ok(&["run", "--plan", &id[..6]]);
    assert_refused(&workspace.run(&["run", "--plan", id]), 3, &["the plan is"]);
}

#[test]
fn a_configuration_with_a_typo_names_line_and_nearest_key() {
    let workspace = Workspace::from_world(WORLD);
    workspace.write("plimsoll.toml", "[run]\nbatch-cell = 4\n");
    let said = workspace.run(&["status"]);
    assert_refused(
        &said,
        3,
        &[
            "plimsoll.toml",
            "line 2",
            "^",
            "did you mean `batch-cells`?",
        ],
    );
    assert_refused(
        &workspace.run(&["--config", "none.toml", "status"]),
        3,
        &["none.toml"],
    );
}

#[test]
fn a_calendar_that_lacks_a_needed_year_is_an_error() {
    let workspace = Workspace::from_world(WORLD);
    let said = workspace.run(&["run", "--now", "2037-01-08T18:00:00-05:00"]);
    assert_refused(&said, 3, &["new-york", "2035-12-31"]);
}

#[test]
fn an_empty_database_runs_and_verifies_with_exit_code_0() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    assert!(workspace.path("plimsoll.toml").exists());
    workspace.run_ok(&["run"]);
    workspace.run_ok(&["status"]);
    workspace.run_ok(&["verify"]);
    assert_refused(&workspace.run(&["init"]), 5, &["already"]);
}
