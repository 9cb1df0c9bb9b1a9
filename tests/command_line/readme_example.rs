//! The story of the README, from a production state to a small test, told as it is printed there.

use std::process::Command;

use crate::workspace::Workspace;

const README: &str = include_str!("../../README.md");
const MAP: &str = include_str!("../../docs/examples/incident-map.toml");
/// The tables of the old job.
const TABLES: &str = include_str!("../capture/incident.sql");

/// A command of the story, and the lines that are shown of what it prints.
struct ConsoleStep {
    command: String,
    expected_lines: Vec<&'static str>,
}

/// The commands of the story; a command may go on in the next line.
fn console_steps() -> Vec<ConsoleStep> {
    let (_, story) = README.split_once("## From a production state").unwrap();
    let (_, block) = story.split_once("```console\n").unwrap();
    let mut told: Vec<ConsoleStep> = Vec::new();
    let mut continues = false;
    for line in block.split("```").next().unwrap().lines() {
        let goes_on = line.ends_with('\\');
        let words = line.trim_end_matches('\\').trim();
        if continues {
            told.last_mut().unwrap().command += &format!(" {words}");
        } else if let Some(command) = words.strip_prefix("$ ") {
            told.push(ConsoleStep {
                command: command.to_owned(),
                expected_lines: Vec::new(),
            });
        } else {
            told.last_mut().unwrap().expected_lines.push(line);
        }
        continues = goes_on;
    }
    told
}

/// The program's words, without the quotes of a shell: the story needs none.
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
    let story = console_steps();
    assert!(story.len() >= 7);
    for ConsoleStep {
        command,
        expected_lines: shown,
    } in story
    {
        let printed = if command.starts_with("cat ") {
            let words: Vec<_> = command.split(' ').collect();
            let cat = Command::new("cat")
                .arg(workspace.path(words[1]))
                .output()
                .unwrap();
            String::from_utf8(cat.stdout).unwrap()
        } else {
            let said = workspace.run(&arguments(&command));
            let red = command.contains("--swap");
            assert_eq!(
                said.code,
                i32::from(red),
                "{command}: {}{}",
                said.stdout,
                said.stderr
            );
            said.stdout
        };
        let mut lines = printed.lines().map(str::trim_end);
        for line in shown.iter().filter(|line| **line != "…") {
            let there = lines.any(|printed| printed == line.trim_end());
            assert!(
                there,
                "`{command}` does not print `{line}` there:\n{printed}"
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
