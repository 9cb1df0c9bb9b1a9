//! Invalid input, files and databases: a clear error, the documented exit code, and nothing lost.

use std::os::unix::fs::PermissionsExt;

use crate::workspace::{CommandOutput, Workspace};

const WORLD: &str = "description = \"two portfolios\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    Harbour = { inception = 2026-01-02, complete = \"..2026-01-06\" }\n\
    Lighthouse = { inception = 2026-01-02, complete = \"..2026-01-06\" }\n";

fn assert_refused(output: &CommandOutput, code: i32, words: &[&str]) {
    assert_eq!(output.code, code, "{}{}", output.stdout, output.stderr);
    assert!(
        output.stderr.starts_with("error: ") || output.stderr.contains("\nerror: "),
        "{}",
        output.stderr
    );
    for word in words {
        assert!(
            output.stderr.contains(word),
            "`{word}` is not in {}",
            output.stderr
        );
    }
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
}

#[test]
fn a_missing_database_says_how_to_make_one() {
    let output = Workspace::new().run(&["status"]);
    assert_refused(
        &output,
        5,
        &["no database at `plimsoll.db`", "hint:", "plimsoll demo"],
    );
}

#[test]
fn a_text_file_is_not_overwritten() {
    let workspace = Workspace::new();
    workspace.write("notes.txt", &"these are notes and no database\n".repeat(50));
    let output = workspace.run(&["--db", "notes.txt", "run"]);
    assert_refused(&output, 5, &["is not a Plimsoll database"]);
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
        .execute_batch("CREATE TABLE foreign_table (a); INSERT INTO foreign_table VALUES (1)")
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
    let output = workspace.run(&["--db", "half.db", "run"]);
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    assert_eq!(output.code, 5, "{}", output.stderr);
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
fn an_unknown_portfolio_is_refused_with_the_nearest_name() {
    let workspace = Workspace::from_world(WORLD);
    let books = workspace.books();
    let output = workspace.run(&["run", "--portfolio", "Harbor"]);
    assert_refused(&output, 3, &["`Harbor`", "did you mean `Harbour`?"]);
    let all_unknown = workspace.run(&["run", "-p", "Unknown", "-p", "Absent", "--skip-unknown"]);
    assert_refused(&all_unknown, 3, &["no portfolio left in scope"]);
    assert_eq!(workspace.books(), books);

    let some = workspace.run(&["run", "-p", "Unknown", "-p", "Harbour", "--skip-unknown"]);
    assert_eq!(some.code, 0, "{}", some.stderr);
    assert!(
        some.stderr
            .contains("warning: unknown portfolio `Unknown`: skipped"),
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
    let output = workspace.run(&["run", "--target", "2026-01-09"]);
    assert_refused(&output, 3, &["2026-01-08"]);
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
    let output = workspace.run(&["status"]);
    assert_refused(
        &output,
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
fn the_old_key_of_anonymous_access_is_read_with_a_warning() {
    let workspace = Workspace::from_world(WORLD);
    workspace.write("plimsoll.toml", "[serve]\nguests = \"refused\"\n");
    let warned = workspace.run(&["status"]);
    assert_eq!(warned.code, 0, "{}", warned.stderr);
    let warning = "warning: `plimsoll.toml`: `guests = \"refused\"` of [serve] is now \
                   `anonymous = \"none\"`\n";
    assert!(warned.stderr.contains(warning), "{}", warned.stderr);
    assert!(!workspace.run(&["-q", "status"]).stderr.contains("warning"));
    workspace.write(
        "plimsoll.toml",
        "[serve]\nguests = \"refused\"\nanonymous = \"none\"\n",
    );
    assert_refused(
        &workspace.run(&["status"]),
        3,
        &["`serve.guests`", "remove `guests`"],
    );
    workspace.write("plimsoll.toml", "[serve]\nanonymous = \"none\"\n");
    assert!(!workspace.run(&["status"]).stderr.contains("warning"));
}

#[test]
fn the_old_name_of_the_reason_works_with_a_warning() {
    let workspace = Workspace::from_world(WORLD);
    let range = ["invalidate", "--from", "2026-01-05", "--to", "2026-01-05"];
    let with = |more: &[&str]| workspace.run(&[&range[..], more].concat());
    let old = with(&["--why", "wrong closes"]);
    assert_eq!(old.code, 0, "{}", old.stderr);
    let warning = "warning: `--why` is now `--reason`\n";
    assert!(old.stderr.contains(warning), "{}", old.stderr);
    let explained = workspace.run_ok(&["explain", "Harbour", "2026-01-05"]);
    assert!(explained.contains("wrong closes"), "{explained}");
    let new = with(&["--reason", "wrong closes"]);
    assert_eq!(new.code, 0, "{}", new.stderr);
    assert!(!new.stderr.contains("warning"), "{}", new.stderr);
    assert_eq!(with(&["--why", "a", "--reason", "b"]).code, 2);
    let missing = with(&[]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.stderr.contains("--reason <TEXT>"),
        "{}",
        missing.stderr
    );
    let help = workspace.run_ok(&["invalidate", "--help"]);
    assert!(!help.contains("--why"), "{help}");
}

#[test]
fn a_calendar_that_lacks_a_needed_year_is_an_error() {
    let workspace = Workspace::from_world(WORLD);
    let output = workspace.run(&["run", "--now", "2037-01-08T18:00:00-05:00"]);
    assert_refused(&output, 3, &["new-york", "2035-12-31"]);
}

#[test]
fn an_empty_database_verifies_and_runs_if_that_is_allowed() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    assert!(workspace.path("plimsoll.toml").exists());
    workspace.run_ok(&["run", "--allow-empty"]);
    workspace.run_ok(&["status"]);
    workspace.run_ok(&["verify"]);
    assert_refused(&workspace.run(&["init"]), 5, &["already"]);
}
