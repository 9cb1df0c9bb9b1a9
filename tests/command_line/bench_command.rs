//! `plimsoll bench`: generates books, measures runs on them, and reports the cost.

use serde_json::Value;

use crate::workspace::Workspace;

fn bench_report(workspace: &Workspace, coverage: &str) -> Value {
    let size = ["--portfolios", "3", "--sessions", "2", "--holdings", "4"];
    let mut arguments = vec!["--json", "bench", "--nights", "1", "--coverage", coverage];
    arguments.extend(size);
    serde_json::from_str(&workspace.run_ok(&arguments)).unwrap()
}

#[test]
fn bench_runs_the_open_cells_and_reports_their_cost() {
    let workspace = Workspace::new();
    for (coverage, cells) in [("nothing", 6), ("all-but-one", 2), ("everything", 0)] {
        let report = bench_report(&workspace, coverage);
        assert_eq!(report["shape"], "3x2x4", "{report}");
        assert_eq!(report["cells"], cells, "{coverage}: {report}");
        // Four rows per cell, and one per session of each held security.
        let rows = report["rows"].as_u64().unwrap();
        assert!(
            rows >= 4 * cells && (rows > 0) == (cells > 0),
            "{coverage}: {report}"
        );
    }
}

#[test]
fn the_old_name_of_coverage_works_with_a_warning() {
    let workspace = Workspace::new();
    let make = [
        "bench",
        "--make",
        "made.db",
        "--portfolios",
        "1",
        "--sessions",
        "1",
    ];
    let made = workspace.run(&[&make[..], &["--past", "everything"]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let warning = "warning: `--past` is now `--coverage`\n";
    assert!(made.stderr.starts_with(warning), "{}", made.stderr);
    let both = ["--past", "everything", "--coverage", "everything"];
    assert_eq!(workspace.run(&[&make[..], &both].concat()).code, 2);
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
