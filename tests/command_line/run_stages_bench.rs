//! The bench `run_stages`: generates books, measures runs on them, and reports the cost.

#[path = "../../benches/run_stages/command.rs"]
mod command;
#[path = "../../benches/run_stages/floor.rs"]
mod floor;
#[path = "../../benches/run_stages/measurement.rs"]
mod measurement;
#[path = "../../benches/run_stages/process.rs"]
mod process;
#[path = "../../benches/run_stages/report.rs"]
mod report;

use clap::Parser;
use serde_json::Value;

use crate::workspace::Workspace;
use command::{BenchArgs, BenchError, execute};

const SIZE: &str = "--portfolios 3 --sessions 2 --holdings 4";

fn bench(arguments: &str) -> Result<String, BenchError> {
    let words = format!("run_stages --bench {SIZE} {arguments}");
    let args = BenchArgs::try_parse_from(words.split(' '))?;
    let mut output = Vec::new();
    execute(&args, &mut output)?;
    Ok(String::from_utf8(output)?)
}

#[test]
fn the_bench_runs_the_open_cells_and_reports_their_cost() {
    for (coverage, cells) in [("nothing", 6), ("all-but-one", 2), ("everything", 0)] {
        let output = bench(&format!("--nights 1 --json --coverage {coverage}")).unwrap();
        let report: Value = serde_json::from_str(&output).unwrap();
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
fn the_text_of_the_bench_has_a_row_for_each_stage() {
    let text = bench("--nights 2 --books").unwrap();
    assert!(text.starts_with("3x2x4, median of 2 nights\n"), "{text}");
    for stage in ["total", "planning", "books", "committing", "floor"] {
        let mut lines = text.lines().map(str::trim_start);
        assert!(lines.any(|line| line.starts_with(stage)), "{stage}: {text}");
    }
}

#[test]
fn the_bench_makes_a_new_database_only() {
    let workspace = Workspace::new();
    let path = workspace.path("made.db");
    let make = format!("--make {}", path.display());
    let made = bench(&make).unwrap();
    assert_eq!(made, format!("{} holds 3x2x4\n", path.display()));
    let again = bench(&make).unwrap_err().to_string();
    assert!(again.contains("there is a file at"), "{again}");
    let now = ["--now", "2026-01-08T23:00:00Z"];
    let run = workspace.run_ok(&[&["run", "--db", "made.db"][..], &now].concat());
    assert!(
        run.contains("2026-01-08        3     3         ·        ·"),
        "{run}"
    );
}
