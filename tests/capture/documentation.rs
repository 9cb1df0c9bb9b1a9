//! Runs the examples of `docs/capture.md`.

use plimsoll::capture::Map;

use crate::bench::Workspace;
use crate::harness::JAN_8;
use crate::incident::{Incident, MAP};

const PAGE: &str = include_str!("../../docs/capture.md");

/// Returns the fenced code blocks in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let blocks = PAGE
        .split(&format!("```{language}\n"))
        .skip(1)
        .collect::<Vec<_>>();
    let blocks = blocks.into_iter();
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn documented_map_equals_shipped_map() {
    let shipped: Vec<_> = MAP.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(blocks("toml")[0].trim(), shipped.join("\n").trim());
    for map in blocks("toml") {
        Map::parse(map).unwrap();
    }
}

#[test]
fn documented_commands_print_documented_output() {
    let bench = Workspace::from_world(JAN_8);
    let incident = Incident::new();
    incident.copy_files(&bench);
    bench.write("incident-map.toml", MAP);
    let mut typed = 0;
    for block in blocks("console") {
        let mut printed = String::new();
        for line in block.lines() {
            let Some(typed_line) = line.strip_prefix("$ ") else {
                assert!(printed.contains(line), "{line}\n{printed}");
                continue;
            };
            // `tests/capture_postgres` tests the commands that need a server.
            let needs_server = typed_line.to_lowercase().contains("postgres");
            let Some(command) = typed_line
                .strip_prefix("plimsoll ")
                .filter(|_| !needs_server)
            else {
                continue;
            };
            printed = bench.run_ok(&command.split(' ').collect::<Vec<_>>());
            typed += 1;
        }
    }
    assert!(typed >= 7, "{typed}");
    let captured = std::fs::read_to_string(bench.path("report.toml")).unwrap();
    assert!(
        captured.contains("P01") && !captured.contains("2026-"),
        "{captured}"
    );
}

#[test]
fn refusal_names_column_and_line_and_exits_3() {
    let bench = Workspace::new();
    let incident = Incident::new();
    std::fs::copy(incident.path("app.db"), bench.path("app.db")).unwrap();
    bench.write("map.toml", &MAP.replace("snapshot_date", "date"));
    let output = bench.run(&["capture", "--from-sqlite", "app.db", "--map", "map.toml"]);
    assert_eq!(output.code, 3, "{}", output.stderr);
    let cause = "line 13 of the map: no column `date` in table `portfolio_snapshots`";
    assert!(
        output
            .stderr
            .starts_with("error: failed to capture the state")
            && output.stderr.contains(cause)
    );
    bench.write("map.toml", &MAP.replace("[snapshots]", "[snapshot]"));
    let output = bench.run(&["capture", "--from-sqlite", "app.db", "--map", "map.toml"]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("line 10") && output.stderr.contains("`snapshots`"),
        "{}",
        output.stderr
    );
    assert_eq!(bench.run(&["capture", "--from-sqlite", "app.db"]).code, 2);
    assert_eq!(bench.run(&["capture", "--shift-days", "7"]).code, 2);
    assert_eq!(bench.run(&["replay", "none.toml"]).code, 3);
}
