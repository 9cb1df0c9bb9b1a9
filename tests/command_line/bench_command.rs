//! `plimsoll bench`: books of a given size, made, done and told of.

use serde_json::Value;

use crate::workspace::Workspace;

fn bench_report(workspace: &Workspace, past: &str) -> Value {
    let size = ["--portfolios", "3", "--sessions", "2", "--holdings", "4"];
    let mut arguments = vec!["--json", "bench", "--nights", "1", "--past", past];
    arguments.extend(size);
    serde_json::from_str(&workspace.run_ok(&arguments)).unwrap()
}

#[test]
fn bench_runs_the_open_cells_and_reports_their_cost() {
    let workspace = Workspace::new();
    for (past, cells) in [("nothing", 6), ("all-but-one", 2), ("everything", 0)] {
        let told = bench_report(&workspace, past);
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
fn bench_make_writes_a_new_database_only() {
    let workspace = Workspace::new();
    let make = [
        "bench",
        "--make",
        "made.db",
        "--portfolios",
        "3",
        "--sessions",
        "2",
    ];
    let made = workspace.run(&make);
    assert_eq!(
        (made.code, made.stderr.as_str()),
        (0, "made.db holds 3x2x30\n")
    );
    let again = workspace.run(&make);
    assert_ne!(again.code, 0);
    assert!(
        again
            .stderr
            .contains("there is a file at `made.db` already"),
        "{}",
        again.stderr
    );
    let now = ["--now", "2026-01-08T23:00:00Z"];
    let run = workspace.run_ok(&[&["run", "--db", "made.db"][..], &now].concat());
    assert!(
        run.contains("2026-01-08        3     3         ·        ·"),
        "{run}"
    );
}
