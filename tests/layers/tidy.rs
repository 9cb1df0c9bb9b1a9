//! How a file looks from outside: its length, its first line, its names.

use crate::none;
use crate::source::{SourceFile, rust_files};

/// More lines than this are two subjects.
const MOST_LINES: usize = 400;

/// Files that are longer, and how long they may be until they are cut.
const LONGER: &[(&str, usize)] = &[];

/// Files that hold their module's names and do something too, until that has a file of its own.
const DOING: &[&str] = &["src/query/verify/mod.rs", "src/report/json/mod.rs"];

/// Words that name no thing of our field.
const AVOIDED: &[&str] = &[
    "Manager", "Service", "Helper", "Helpers", "Util", "Utils", "Handler", "Data", "Info",
];

fn all() -> Vec<SourceFile> {
    rust_files(&["src", "tests", "benches"])
}

#[test]
fn no_file_is_longer_than_one_subject() {
    let mut violations = Vec::new();
    for file in all() {
        let lines = file.text.lines().count();
        let longer = LONGER.iter().find(|(path, _)| *path == file.path);
        let most = longer.map_or(MOST_LINES, |(_, most)| *most);
        if lines > most {
            violations.push(format!("{}:{lines}: more than {most} lines", file.path));
        }
        if longer.is_some() && lines <= MOST_LINES {
            violations.push(format!("{}: is short now, take it off the list", file.path));
        }
    }
    none("a file has one subject:", &violations);
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let violations: Vec<_> = all()
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}:1", file.path))
        .collect();
    none("the first line of a file is `//! …`:", &violations);
}

#[test]
fn a_mod_file_tells_a_story_and_does_nothing() {
    let mut violations = Vec::new();
    let mut doing = Vec::new();
    for file in rust_files(&["src"]) {
        let functions = file.words().filter(|(_, word)| *word == "fn");
        let places: Vec<_> = functions.map(|(at, _)| file.place(at)).collect();
        if !file.path.ends_with("/mod.rs") || places.is_empty() {
            continue;
        }
        match DOING.iter().find(|path| **path == file.path) {
            Some(path) => doing.push(*path),
            None => violations.extend(places),
        }
    }
    none("a function stands in a mod.rs:", &violations);
    assert_eq!(doing, DOING, "does nothing now, take it off the list");
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("HA", "CK"),
    ];
    let mut violations = Vec::new();
    for file in all() {
        for mark in marks {
            let places = file.text.match_indices(mark);
            violations.extend(places.map(|(at, _)| format!("{}: {mark}", file.place(at))));
        }
    }
    none("work is left for later:", &violations);
}

#[test]
fn no_type_or_module_has_a_name_that_says_nothing() {
    let mut violations = Vec::new();
    for file in all() {
        let mut before = "";
        for (at, word) in file.words() {
            let is_named = ["struct", "enum", "union", "trait", "type", "mod"].contains(&before);
            if is_named && parts(word).any(|part| is_avoided(&part)) {
                violations.push(format!("{}: `{word}`", file.place(at)));
            }
            before = word;
        }
    }
    none("a name says nothing:", &violations);
}

/// The words of `CamelCase` and `snake_case` names.
fn parts(name: &str) -> impl Iterator<Item = String> {
    let mut parts: Vec<String> = Vec::new();
    for part in name.split('_') {
        for c in part.chars() {
            match parts.last_mut() {
                Some(last) if !c.is_uppercase() => last.push(c),
                _ => parts.push(c.to_string()),
            }
        }
        parts.push(String::new());
    }
    parts.into_iter()
}

fn is_avoided(part: &str) -> bool {
    AVOIDED.iter().any(|word| word.eq_ignore_ascii_case(part))
}

#[test]
fn names_are_judged_by_their_words() {
    let bad = |name: &str| parts(name).any(|part| is_avoided(&part));
    assert!(bad("RunManager") && bad("DataOfCells") && bad("test_utils") && bad("Info"));
    assert!(!bad("Database") && !bad("Metadata") && !bad("Inform"));
}
