//! `plimsoll demo`, and every other command on what it leaves behind.

use crate::bench::Bench;

#[test]
fn the_demo_needs_nothing_and_leaves_thirteen_complete_portfolios() {
    let bench = Bench::new();
    let text = bench.ok(&["demo"]);
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

    let status = bench.ok(&["status"]);
    assert!(
        status.starts_with("all 13 portfolios complete up to 2026-01-08"),
        "{status}"
    );
    let json: serde_json::Value = serde_json::from_str(&bench.ok(&["status", "--json"])).unwrap();
    assert_eq!(json["watermark"], "2026-01-08");
    bench.ok(&["verify", "--all"]);
    assert_eq!(bench.ok(&["plan"]).lines().count(), 1);
}

#[test]
fn the_demo_can_be_made_again_and_gives_the_same_books() {
    let bench = Bench::new();
    bench.ok(&["-q", "demo"]);
    let books = bench.books();
    bench.ok(&["-q", "demo", "--json"]);
    assert_eq!(bench.books(), books);
}

#[test]
fn the_demo_leaves_a_database_of_real_books_alone() {
    let bench = Bench::new();
    bench.ok(&["init"]);
    let said = bench.run(&["demo"]);
    assert_eq!(said.code, 3);
    assert!(
        said.err.contains("not a demonstration") && said.err.contains("hint:"),
        "{}",
        said.err
    );
}

#[test]
fn a_run_says_what_it_does_in_the_words_of_the_incident() {
    let bench = Bench::of_world(
        "description = \"A at Jan 7, B to L at Jan 5\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2025-12-29, complete = \"..2026-01-07\" }\n\
         \"B..L\" = { inception = 2025-12-29, complete = \"..2026-01-05\" }\n",
    );
    let said = bench.run(&["run", "--target", "2026-01-07", "-v"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let lines = [
        "INFO System watermark (most lagging portfolio): 2026-01-05",
        "INFO Processing 2026-01-06: 11 portfolios need updates (1 already have snapshots)",
        "INFO Processing 2026-01-07: 11 portfolios need updates (1 already have snapshots)",
    ];
    for line in lines {
        assert!(said.err.contains(line), "{line}\n{}", said.err);
    }
    let again = bench.run(&["run", "--target", "2026-01-07", "-vv"]);
    let skipping = "DEBUG Skipping 2026-01-07: all portfolios already have snapshots";
    assert!(again.err.contains(skipping), "{}", again.err);
    assert_eq!(again.code, 0);
}

#[test]
fn the_books_can_be_had_as_rows() {
    let bench = Bench::new();
    bench.ok(&["-q", "demo"]);
    let books = bench.ok(&["show", "Hedge Fund Style", "--csv"]);
    assert_eq!(books.lines().count(), 60);
    let positions = bench.ok(&[
        "show",
        "Hedge Fund Style",
        "--csv",
        "positions",
        "--as-of",
        "2026-01-05",
    ]);
    assert!(
        positions.starts_with("day,symbol,") && positions.contains("2026-01-05,"),
        "{positions}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&bench.ok(&["show", "Hedge Fund Style", "--json"])).unwrap();
    assert_eq!(json["as-of"], "2026-01-08");
}

#[test]
fn a_backup_is_a_database_like_the_first() {
    let bench = Bench::new();
    bench.ok(&["-q", "demo"]);
    bench.ok(&["backup", "copy.db"]);
    bench.ok(&["--db", "copy.db", "verify", "--all"]);
    assert_eq!(bench.run(&["backup", "copy.db"]).code, 5);
}

#[test]
fn the_picture_in_the_readme_is_what_the_demo_prints() {
    let readme = include_str!("../../README.md");
    let picture = readme.split("$ plimsoll demo\n").nth(1).unwrap();
    let printed = Bench::new().ok(&["demo"]);
    for line in picture.split("```").next().unwrap().lines() {
        assert!(printed.contains(line), "{line}");
    }
}
