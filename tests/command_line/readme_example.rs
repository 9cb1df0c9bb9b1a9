//! The README's example, from a production state to a small test, prints what the README shows.

use std::process::Command;

use crate::workspace::Workspace;

const README: &str = include_str!("../../README.md");
const MAP: &str = include_str!("../../docs/examples/incident-map.toml");
/// The tables of the incident's job, filled.
const TABLES: &str = include_str!("../capture/incident.sql");

/// A command of the example, and the output lines that the README shows.
struct ConsoleStep {
    command: String,
    expected_lines: Vec<&'static str>,
}

/// Reads the commands of the example. A backslash continues a command on the next line.
fn console_steps() -> Vec<ConsoleStep> {
    let (_, section) = README.split_once("## From a production state").unwrap();
    let (_, block) = section.split_once("```console\n").unwrap();
    let mut steps: Vec<ConsoleStep> = Vec::new();
    let mut continues = false;
    for line in block.split("```").next().unwrap().lines() {
        let continues_next = line.ends_with('\\');
        let words = line.trim_end_matches('\\').trim();
        if continues {
            steps.last_mut().unwrap().command += &format!(" {words}");
        } else if let Some(command) = words.strip_prefix("$ ") {
            steps.push(ConsoleStep {
                command: command.to_owned(),
                expected_lines: Vec::new(),
            });
        } else {
            steps.last_mut().unwrap().expected_lines.push(line);
        }
        continues = continues_next;
    }
    steps
}

/// Splits a command into arguments. The example has no quotes.
fn arguments(command: &str) -> Vec<&str> {
    command.split_whitespace().skip(1).collect()
}

#[test]
fn the_readme_example_prints_what_it_shows() {
    let workspace = Workspace::new();
    let database = rusqlite::Connection::open(workspace.path("app.db")).unwrap();
    database.execute_batch(TABLES).unwrap();
    drop(database);
    workspace.write("incident-map.toml", MAP);
    let steps = console_steps();
    assert!(steps.len() >= 7);
    for ConsoleStep {
        command,
        expected_lines,
    } in steps
    {
        let printed = if command.starts_with("cat ") {
            let words: Vec<_> = command.split(' ').collect();
            let cat = Command::new("cat")
                .arg(workspace.path(words[1]))
                .output()
                .unwrap();
            String::from_utf8(cat.stdout).unwrap()
        } else {
            let output = workspace.run(&arguments(&command));
            // The swapped policy must fail the scenario.
            let must_fail = command.contains("--swap");
            assert_eq!(
                output.code,
                i32::from(must_fail),
                "{command}: {}{}",
                output.stdout,
                output.stderr
            );
            output.stdout
        };
        let mut lines = printed.lines().map(str::trim_end);
        for line in expected_lines.iter().filter(|line| **line != "…") {
            let found = lines.any(|printed| printed == line.trim_end());
            assert!(
                found,
                "`{command}` does not print `{line}` at this place:\n{printed}"
            );
        }
    }
    let small = std::fs::read_to_string(workspace.path("scenarios/left_behind.toml")).unwrap();
    assert!(small.lines().filter(|line| !line.is_empty()).count() <= 15);
}

#[test]
fn the_production_state_shrinks_to_two_portfolios_and_few_sessions() {
    let workspace = Workspace::new();
    workspace.write(
        "jan_8.toml",
        include_str!("../../fixtures/jan_8_production.toml"),
    );
    let arguments = ["shrink", "jan_8.toml", "--while", "policies-differ", "-o"];
    let shrink = |to: &'static str| {
        workspace.run_ok(&[&arguments[..], &[to]].concat());
        std::fs::read_to_string(workspace.path(to)).unwrap()
    };
    let small = shrink("small.toml");
    let names = small
        .lines()
        .filter(|line| line.starts_with(['A', 'B', 'C']));
    assert_eq!(names.count(), 2, "{small}");
    let sessions = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"];
    let inceptions = small.matches("inception = ").count();
    let recent = sessions.map(|day| small.matches(&format!("inception = {day}")).count());
    assert_eq!((inceptions, recent.iter().sum()), (2, 2), "{small}");
    assert!(
        small.lines().filter(|line| !line.is_empty()).count() <= 15,
        "{small}"
    );
    workspace.run_ok(&["scenario", "run", "small.toml", "--accept"]);
    workspace.run_ok(&["scenario", "run", "small.toml"]);
    assert_eq!(shrink("again.toml"), small);

    let never = workspace.run(&["shrink", "small.toml", "--while", "invariant-fails"]);
    assert_eq!(never.code, 3);
    assert!(
        never.stderr.contains("does not hold for the scenario"),
        "{}",
        never.stderr
    );
    let typo = workspace.run(&["shrink", "small.toml", "--while", "policies-difer"]);
    assert_eq!(typo.code, 2);
    assert!(typo.stderr.contains("invalid condition"), "{}", typo.stderr);
}
