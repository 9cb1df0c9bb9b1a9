//! `plimsoll check` reports late books from the outside, whatever was supposed to run.

use crate::workspace::Workspace;

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
fn portfolios_beyond_max_lag_are_named_with_exit_code_1() {
    let workspace = Workspace::from_world(LATE);
    let late = workspace.run(&["check", "--max-lag", "1"]);
    assert_eq!(late.code, 1, "{}", late.stderr);
    insta::assert_snapshot!(late.stdout, @r"
    1 of 4 portfolios more than 1 session behind 2026-01-08

    target       2026-01-08
    worst        3 sessions behind
    last run     complete: 13 of 13 cells done in 0 ms, 2026-01-08 23:00 UTC
                 (run b46c3bd2)

    behind        watermark   sessions  open from   reason
    Three behind  2026-01-05         3  2026-01-06  missing
    ");
    assert_eq!(workspace.run(&["check", "--max-lag", "2"]).code, 1);
    let allowed = workspace.run_ok(&["check", "--max-lag", "3"]);
    assert!(
        allowed.contains("at most 3 sessions behind 2026-01-08"),
        "{allowed}"
    );
    let strict = workspace.run(&["check", "--max-lag", "0", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&strict.stdout).unwrap();
    let names: Vec<_> = read["late"]
        .as_array()
        .unwrap()
        .iter()
        .map(|portfolio| &portfolio["name"])
        .collect();
    assert_eq!(names, ["Three behind", "One behind", "Ended"]);
    assert_eq!((strict.code, &read["worst"]), (1, &3.into()));
    let in_scope = workspace.run_ok(&["check", "--max-lag", "1", "-p", "One behind"]);
    assert!(in_scope.contains("worst"), "{in_scope}");
}

#[test]
fn missed_runs_are_detected_from_the_clock_alone() {
    let workspace = Workspace::from_world(
        "now = 2026-01-08T18:00:00-05:00\n[market]\nlast = 2026-01-20\n[portfolios]\n\
         A = { inception = 2026-01-02, complete = \"..2026-01-08\" }\n",
    );
    workspace.run_ok(&["check", "--max-lag", "0"]);
    // Martin Luther King Day, the 19th, is not a session: the 16th and the 20th are.
    let later = ["--now", "2026-01-20T12:00:00-05:00", "check"];
    let late = workspace.run(&[&later[..], &["--max-lag", "5"]].concat());
    assert_eq!(late.code, 1, "{}", late.stdout);
    assert_eq!(
        workspace
            .run(&[&later[..], &["--max-lag", "6"]].concat())
            .code,
        0
    );
    let books = workspace.books();
    workspace.run(&later);
    assert_eq!(workspace.books(), books);
}

#[test]
fn portfolios_that_have_not_begun_are_nothing_to_check() {
    let workspace = Workspace::from_world(
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         \"A..C\" = { inception = 2026-01-20 }\nD = { inception = 2026-01-12 }\n",
    );
    let checked = workspace.run(&["check"]);
    assert_eq!(checked.code, 3, "{}", checked.stdout);
    let verdict = "nothing to check: the first of 4 portfolios begins on 2026-01-12";
    assert!(checked.stdout.contains(verdict), "{}", checked.stdout);
    let json = workspace.run(&["check", "--json"]);
    assert!(json.stdout.contains("\"first-inception\": \"2026-01-12\""));
    let allowed = workspace.run_ok(&["check", "--allow-empty"]);
    assert!(
        allowed.contains("nothing to check, as allowed"),
        "{allowed}"
    );
    // One that has begun is enough, and is checked.
    let later = ["--now", "2026-01-12T18:00:00-05:00", "check"];
    assert_eq!(workspace.run(&later).code, 0);
    assert_eq!(workspace.run(&[&later[..], &["-p", "A"]].concat()).code, 3);
}

#[test]
fn errors_and_late_portfolios_have_different_exit_codes() {
    let workspace = Workspace::new();
    assert_eq!(workspace.run(&["check"]).code, 5);
    workspace.run_ok(&["init"]);
    assert_eq!(workspace.run(&["check"]).code, 3);
    workspace.run_ok(&["check", "--allow-empty"]);
    assert_eq!(workspace.run(&["check", "-p", "Unknown"]).code, 3);
    assert_eq!(workspace.run(&["check", "--max-lag", "-1"]).code, 2);
}
