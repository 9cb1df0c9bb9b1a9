//! The story of the README, from a production state to a small test, told as it is printed there.

use std::process::Command;

use crate::bench::Bench;

const README: &str = include_str!("../../README.md");
const MAP: &str = include_str!("../../docs/examples/incident-map.toml");
/// The tables of the old job.
const TABLES: &str = include_str!("../capture/incident.sql");

/// A command of the story, and the lines that are shown of what it prints.
struct Told {
    command: String,
    shown: Vec<&'static str>,
}

/// The commands of the story; a command may go on in the next line.
fn story() -> Vec<Told> {
    let (_, story) = README.split_once("## From a production state").unwrap();
    let (_, block) = story.split_once("```console\n").unwrap();
    let mut told: Vec<Told> = Vec::new();
    let mut continues = false;
    for line in block.split("```").next().unwrap().lines() {
        let goes_on = line.ends_with('\\');
        let words = line.trim_end_matches('\\').trim();
        if continues {
            told.last_mut().unwrap().command += &format!(" {words}");
        } else if let Some(command) = words.strip_prefix("$ ") {
            told.push(Told {
                command: command.to_owned(),
                shown: Vec::new(),
            });
        } else {
            told.last_mut().unwrap().shown.push(line);
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
fn the_story_of_the_readme_comes_out_as_it_is_told() {
    let bench = Bench::new();
    let database = rusqlite::Connection::open(bench.path("app.db")).unwrap();
    database.execute_batch(TABLES).unwrap();
    drop(database);
    bench.write("incident-map.toml", MAP);
    let story = story();
    assert!(story.len() >= 7);
    for Told { command, shown } in story {
        let printed = if command.starts_with("cat ") {
            let words: Vec<_> = command.split(' ').collect();
            let cat = Command::new("cat")
                .arg(bench.path(words[1]))
                .output()
                .unwrap();
            String::from_utf8(cat.stdout).unwrap()
        } else {
            let said = bench.run(&arguments(&command));
            let red = command.contains("--swap");
            assert_eq!(
                said.code,
                i32::from(red),
                "{command}: {}{}",
                said.out,
                said.err
            );
            said.out
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
    let small = std::fs::read_to_string(bench.path("scenarios/left_behind.toml")).unwrap();
    assert!(small.lines().filter(|line| !line.is_empty()).count() <= 15);
}

#[test]
fn the_production_state_shrinks_to_two_portfolios_and_few_sessions() {
    let bench = Bench::new();
    bench.write(
        "jan_8.toml",
        include_str!("../../fixtures/jan_8_production.toml"),
    );
    let arguments = ["shrink", "jan_8.toml", "--while", "policies-differ", "-o"];
    let shrink = |to: &'static str| {
        bench.ok(&[&arguments[..], &[to]].concat());
        std::fs::read_to_string(bench.path(to)).unwrap()
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
    bench.ok(&["scenario", "run", "small.toml", "--accept"]);
    bench.ok(&["scenario", "run", "small.toml"]);
    assert_eq!(shrink("again.toml"), small);

    let never = bench.run(&["shrink", "small.toml", "--while", "invariant-fails"]);
    assert_eq!(never.code, 3);
    assert!(
        never.err.contains("does not hold of the scenario as it is"),
        "{}",
        never.err
    );
    let typo = bench.run(&["shrink", "small.toml", "--while", "policies-difer"]);
    assert_eq!(typo.code, 2);
    assert!(typo.err.contains("is no condition"), "{}", typo.err);
}
