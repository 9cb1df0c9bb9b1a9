//! The README's example, from a job to a small test, prints what the README shows.

use std::path::Path;
use std::process::Command;

use crate::workspace::Workspace;

const README: &str = include_str!("../../README.md");
/// The state of the incident in the tables of the example jobs: one portfolio is at Jan 7, one at Jan 6,
/// eleven are at Jan 5.
const ROWS: &str = "
    WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 13)
    INSERT INTO portfolios (id, name, inception)
    SELECT printf('P%02d', x), printf('P%02d', x), '2025-12-29' FROM n;
    INSERT INTO snapshots (portfolio_id, day, nav)
    SELECT p.id, d.day, 1 FROM portfolios p JOIN trading_days d ON d.day BETWEEN p.inception AND
        CASE p.id WHEN 'P01' THEN '2026-01-07' WHEN 'P02' THEN '2026-01-06' ELSE '2026-01-05' END;
    INSERT INTO positions SELECT portfolio_id, day, 1 FROM snapshots;
    INSERT INTO exposures SELECT portfolio_id, day, 1 FROM snapshots;
    INSERT INTO risk SELECT portfolio_id, day, 1 FROM snapshots;";

/// A command of the example, and the output lines that the README shows.
struct ConsoleStep {
    command: String,
    expected_lines: Vec<&'static str>,
}

/// Reads the commands of the example. A backslash continues a command on the next line.
fn console_steps() -> Vec<ConsoleStep> {
    let (_, section) = README.split_once("## From your job").unwrap();
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
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jobs");
    for entry in std::fs::read_dir(jobs).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap();
            std::fs::copy(&path, workspace.path(name)).unwrap();
        }
    }
    let database = rusqlite::Connection::open(workspace.path("app.db")).unwrap();
    let schema = std::fs::read_to_string(workspace.path("schema.sql")).unwrap();
    database.execute_batch(&(schema + ROWS)).unwrap();
    drop(database);
    let steps = console_steps();
    assert!(steps.len() >= 7);
    for ConsoleStep {
        command,
        expected_lines,
    } in steps
    {
        let printed = match command.starts_with("plimsoll ") {
            false => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &command]).current_dir(workspace.path(""));
                String::from_utf8(shell.output().unwrap().stdout).unwrap()
            }
            true => {
                let output = workspace.run(&arguments(&command));
                let must_fail = expected_lines.iter().any(|line| line.starts_with("FAILED"));
                assert_eq!(
                    output.code,
                    i32::from(must_fail),
                    "{command}: {}{}",
                    output.stdout,
                    output.stderr
                );
                output.stdout
            }
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
    assert!(small.lines().filter(|line| !line.is_empty()).count() <= 10);
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
