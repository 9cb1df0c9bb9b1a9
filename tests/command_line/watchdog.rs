//! `plimsoll check` says from outside whether the books are late, whoever should have run.

use crate::bench::Bench;

const LATE: &str = r#"
now = 2026-01-08T18:00:00-05:00

[portfolios]
Current = { inception = 2026-01-02, complete = ".." }
"One behind" = { inception = 2026-01-02, complete = "..2026-01-07" }
"Three behind" = { inception = 2026-01-02, complete = "..2026-01-05" }
Ended = { inception = 2026-01-02, closed = 2026-01-06, complete = "..2026-01-05" }
Gone = { inception = 2026-01-02, deleted-at = 2026-01-05T09:00:00-05:00 }
"#;

#[test]
fn who_is_further_behind_than_is_allowed_is_named_and_ends_with_one() {
    let bench = Bench::of_world(LATE);
    let late = bench.run(&["check", "--max-lag", "1"]);
    assert_eq!(late.code, 1, "{}", late.err);
    insta::assert_snapshot!(late.out, @r"
    1 of 4 portfolios more than 1 session behind 2026-01-08

    target       2026-01-08
    worst        3 sessions behind
    last run     complete: 13 of 13 cells done in 0 ms, 2026-01-08 23:00 UTC
                 (run b46c3bd2)

    behind        watermark   sessions  open from   why
    Three behind  2026-01-05         3  2026-01-06  missing
    ");
    assert_eq!(bench.run(&["check", "--max-lag", "2"]).code, 1);
    let allowed = bench.ok(&["check", "--max-lag", "3"]);
    assert!(
        allowed.contains("at most 3 sessions behind 2026-01-08"),
        "{allowed}"
    );
    let strict = bench.run(&["check", "--max-lag", "0", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&strict.out).unwrap();
    let names: Vec<_> = read["late"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["Three behind", "One behind", "Ended"]);
    assert_eq!((strict.code, &read["worst"]), (1, &3.into()));
    let one = bench.ok(&["check", "--max-lag", "1", "-p", "One behind"]);
    assert!(one.contains("worst"), "{one}");
}

#[test]
fn nights_that_nobody_ran_are_seen_by_the_clock_alone() {
    let bench = Bench::of_world(
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = { inception = 2026-01-02, complete = \"..\" }\n",
    );
    bench.ok(&["check", "--max-lag", "0"]);
    // Martin Luther King's day is no session: the 16th and the 20th are.
    let later = ["--now", "2026-01-20T12:00:00-05:00", "check"];
    let said = bench.run(&[&later[..], &["--max-lag", "5"]].concat());
    assert_eq!(said.code, 1, "{}", said.out);
    assert_eq!(
        bench.run(&[&later[..], &["--max-lag", "6"]].concat()).code,
        0
    );
    let books = bench.books();
    bench.run(&later);
    assert_eq!(bench.books(), books);
}

#[test]
fn what_cannot_be_asked_is_told_from_what_is_late() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["check"]).code, 5);
    bench.ok(&["init"]);
    let empty = bench.ok(&["check"]);
    assert!(empty.contains("nobody is active"), "{empty}");
    assert_eq!(bench.run(&["check", "-p", "Nobody"]).code, 3);
    assert_eq!(bench.run(&["check", "--max-lag", "-1"]).code, 2);
}
