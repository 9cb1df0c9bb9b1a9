//! `plimsoll bench`: books of a given size, made, done and told of.

use serde_json::Value;

use crate::bench::Bench;

fn measured(bench: &Bench, past: &str) -> Value {
    let size = ["--portfolios", "3", "--sessions", "2", "--holdings", "4"];
    let mut arguments = vec!["--json", "bench", "--nights", "1", "--past", past];
    arguments.extend(size);
    serde_json::from_str(&bench.ok(&arguments)).unwrap()
}

#[test]
fn a_night_does_what_is_not_done_and_tells_what_it_cost() {
    let bench = Bench::new();
    for (past, cells) in [("nothing", 6), ("all-but-one", 2), ("everything", 0)] {
        let told = measured(&bench, past);
        assert_eq!(told["shape"], "3x2x4", "{told}");
        assert_eq!(told["cells"], cells, "{past}: {told}");
        // Four rows a cell, and one for each session of each security that is held.
        let rows = told["rows"].as_u64().unwrap();
        assert!(
            rows >= 4 * cells && (rows > 0) == (cells > 0),
            "{past}: {told}"
        );
    }
}

#[test]
fn books_are_made_for_other_commands_and_never_over_a_file() {
    let bench = Bench::new();
    let make = [
        "bench",
        "--make",
        "made.db",
        "--portfolios",
        "3",
        "--sessions",
        "2",
    ];
    let made = bench.run(&make);
    assert_eq!(
        (made.code, made.err.as_str()),
        (0, "made.db holds 3x2x30\n")
    );
    let again = bench.run(&make);
    assert_ne!(again.code, 0);
    assert!(
        again.err.contains("there is a file at `made.db` already"),
        "{}",
        again.err
    );
    let now = ["--now", "2026-01-08T23:00:00Z"];
    let run = bench.ok(&[&["run", "--db", "made.db"][..], &now].concat());
    assert!(
        run.contains("2026-01-08        3     3         ·        ·"),
        "{run}"
    );
}
