//! Bad input and bad luck: a clear error, the documented code, and nothing lost.

use std::os::unix::fs::PermissionsExt;

use crate::bench::{Bench, Said};

const WORLD: &str = "description = \"two portfolios\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    Harbour = { inception = 2026-01-02, complete = \"..2026-01-06\" }\n\
    Lighthouse = { inception = 2026-01-02, complete = \"..2026-01-06\" }\n";

fn assert_refused(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    assert!(
        said.err.starts_with("error: ") || said.err.contains("\nerror: "),
        "{}",
        said.err
    );
    for word in words {
        assert!(said.err.contains(word), "`{word}` is not in {}", said.err);
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_missing_database_says_how_to_make_one() {
    let said = Bench::new().run(&["status"]);
    assert_refused(
        &said,
        5,
        &["no database at `plimsoll.db`", "hint:", "plimsoll demo"],
    );
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let bench = Bench::new();
    bench.write("notes.txt", &"these are notes and no database\n".repeat(50));
    let said = bench.run(&["--db", "notes.txt", "run"]);
    assert_refused(&said, 5, &["is not a Plimsoll database"]);
    assert!(
        std::fs::read_to_string(bench.path("notes.txt"))
            .unwrap()
            .starts_with("these are")
    );
}

#[test]
fn an_empty_file_and_a_folder_are_no_databases() {
    let bench = Bench::new();
    bench.write("empty.db", "");
    assert_refused(
        &bench.run(&["--db", "empty.db", "status"]),
        5,
        &["not a Plimsoll database"],
    );
    assert_refused(&bench.run(&["--db", ".", "status"]), 5, &[]);
}

#[test]
fn another_programs_database_is_left_alone() {
    let bench = Bench::new();
    let other = rusqlite::Connection::open(bench.path("other.db")).unwrap();
    other
        .execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
        .unwrap();
    assert_refused(
        &bench.run(&["--db", "other.db", "run"]),
        5,
        &["not a Plimsoll database"],
    );
}

#[test]
fn a_newer_database_is_refused() {
    let bench = Bench::of_world(WORLD);
    let newer = rusqlite::Connection::open(bench.path("plimsoll.db")).unwrap();
    newer.pragma_update(None, "user_version", 900).unwrap();
    drop(newer);
    assert_refused(&bench.run(&["run"]), 5, &["schema 900", "later one"]);
}

#[test]
fn a_damaged_database_is_said_to_be_and_verify_finds_it() {
    let bench = Bench::of_world(WORLD);
    let damaged = rusqlite::Connection::open(bench.path("plimsoll.db")).unwrap();
    damaged
        .execute_batch("UPDATE ledger SET count = count + 1")
        .unwrap();
    drop(damaged);
    assert_refused(&bench.run(&["run"]), 5, &["damaged", "plimsoll verify"]);
    assert_eq!(bench.run(&["verify"]).code, 1);
}

#[test]
fn a_database_cut_in_half_is_an_error_and_no_panic() {
    let bench = Bench::of_world(WORLD);
    let bytes = std::fs::read(bench.path("plimsoll.db")).unwrap();
    std::fs::write(bench.path("half.db"), &bytes[..bytes.len() / 2]).unwrap();
    let said = bench.run(&["--db", "half.db", "run"]);
    assert!(!said.err.contains("panicked"), "{}", said.err);
    assert_eq!(said.code, 5, "{}", said.err);
}

#[test]
fn a_database_that_cannot_be_written_is_read_and_not_run() {
    let bench = Bench::of_world(WORLD);
    bench.ok(&["run"]);
    let path = bench.path("plimsoll.db");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert_refused(&bench.run(&["run"]), 5, &["cannot be written"]);
    bench.ok(&["status"]);
}

#[test]
fn an_unknown_portfolio_is_refused_and_the_nearest_is_named() {
    let bench = Bench::of_world(WORLD);
    let books = bench.books();
    let said = bench.run(&["run", "--portfolio", "Harbor"]);
    assert_refused(&said, 3, &["`Harbor`", "did you mean `Harbour`?"]);
    let all_unknown = bench.run(&["run", "-p", "Nobody", "-p", "Noone", "--skip-unknown"]);
    assert_refused(&all_unknown, 3, &["nobody is left in scope"]);
    assert_eq!(bench.books(), books);

    let some = bench.run(&["run", "-p", "Nobody", "-p", "Harbour", "--skip-unknown"]);
    assert_eq!(some.code, 0, "{}", some.err);
    assert!(
        some.err
            .contains("warning: no portfolio is known as `Nobody`"),
        "{}",
        some.err
    );
    assert!(some.out.contains("2 of 2 cells done"), "{}", some.out);
}

#[test]
fn wrong_usage_ends_with_2() {
    let bench = Bench::of_world(WORLD);
    assert_eq!(bench.run(&["rnu"]).code, 2);
    assert!(
        bench
            .run(&["rnu"])
            .err
            .contains("a similar subcommand exists")
    );
    assert_eq!(bench.run(&["run", "--force"]).code, 2);
    assert_eq!(bench.run(&["run", "--from", "2026-1-5"]).code, 2);
    assert_eq!(
        bench
            .run(&["run", "--from", "2026-01-08", "--to", "2026-01-05"])
            .code,
        2
    );
    assert_eq!(bench.run(&["run", "--policy", "newest"]).code, 2);
    assert_eq!(bench.run(&["--now", "yesterday", "status"]).code, 2);
    assert_eq!(bench.run(&[]).code, 2);
}

#[test]
fn a_target_in_the_future_is_refused_and_one_on_a_sunday_is_the_friday() {
    let bench = Bench::of_world(WORLD);
    let said = bench.run(&["run", "--target", "2026-01-09"]);
    assert_refused(&said, 3, &["2026-01-08"]);
    let text = bench.ok(&["plan", "--target", "2026-01-04"]);
    assert!(text.contains("2026-01-02"), "{text}");
}

#[test]
fn a_plan_that_changed_is_refused() {
    let bench = Bench::of_world(WORLD);
    let plan: serde_json::Value = serde_json::from_str(&bench.ok(&["plan", "--json"])).unwrap();
    let id = plan["id"].as_str().unwrap();
    assert_refused(
        &bench.run(&["run", "--plan", "0000"]),
        3,
        &["plimsoll plan"],
    );
    bench.ok(&["run", "--plan", &id[..6]]);
    assert_refused(&bench.run(&["run", "--plan", id]), 3, &["the plan is"]);
}

#[test]
fn a_configuration_with_a_typo_names_line_and_nearest_key() {
    let bench = Bench::of_world(WORLD);
    bench.write("plimsoll.toml", "[run]\nbatch-cell = 4\n");
    let said = bench.run(&["status"]);
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
        &bench.run(&["--config", "none.toml", "status"]),
        3,
        &["none.toml"],
    );
}

#[test]
fn a_calendar_that_lacks_a_needed_year_is_an_error() {
    let bench = Bench::of_world(WORLD);
    let said = bench.run(&["run", "--now", "2037-01-08T18:00:00-05:00"]);
    assert_refused(&said, 3, &["new-york", "2035-12-31"]);
}

#[test]
fn no_portfolio_and_nothing_to_do_are_said_and_end_well() {
    let bench = Bench::new();
    bench.ok(&["init"]);
    assert!(bench.path("plimsoll.toml").exists());
    bench.ok(&["run"]);
    bench.ok(&["status"]);
    bench.ok(&["verify"]);
    assert_refused(&bench.run(&["init"]), 5, &["already"]);
}
