//! How a file looks from outside: its length, its first line, its names.

use crate::assert_no_violations;
use crate::source::{SourceFile, rust_files};

/// More lines than this are two subjects.
const MAX_LINES: usize = 400;

/// Files that are longer, and how long they may be until they are cut.
const LONG_FILES: &[(&str, usize)] = &[];

/// Files that hold their module's names and do something too, until that has a file of its own.
const MOD_FILES_WITH_CODE: &[&str] = &["src/query/verify/mod.rs", "src/report/json/mod.rs"];

/// Words that name no thing of our field.
const FORBIDDEN_WORDS: &[&str] = &[
    "Manager", "Service", "Helper", "Helpers", "Util", "Utils", "Handler", "Data", "Info",
];

fn all_files() -> Vec<SourceFile> {
    rust_files(&["src", "tests", "benches"])
}

#[test]
fn files_stay_below_the_line_limit() {
    let mut violations = Vec::new();
    for file in all_files() {
        let lines = file.text.lines().count();
        let longer = LONG_FILES.iter().find(|(path, _)| *path == file.path);
        let most = longer.map_or(MAX_LINES, |(_, most)| *most);
        if lines > most {
            violations.push(format!("{}:{lines}: more than {most} lines", file.path));
        }
        if longer.is_some() && lines <= MAX_LINES {
            violations.push(format!("{}: is short now, take it off the list", file.path));
        }
    }
    assert_no_violations("a file has one subject:", &violations);
}

#[test]
fn every_file_has_a_module_comment() {
    let violations: Vec<_> = all_files()
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}:1", file.path))
        .collect();
    assert_no_violations("the first line of a file is `//! …`:", &violations);
}

#[test]
fn mod_files_define_no_functions() {
    let mut violations = Vec::new();
    let mut doing = Vec::new();
    for file in rust_files(&["src"]) {
        let functions = file.identifiers().filter(|(_, word)| *word == "fn");
        let places: Vec<_> = functions.map(|(at, _)| file.location(at)).collect();
        if !file.path.ends_with("/mod.rs") || places.is_empty() {
            continue;
        }
        match MOD_FILES_WITH_CODE.iter().find(|path| **path == file.path) {
            Some(path) => doing.push(*path),
            None => violations.extend(places),
        }
    }
    assert_no_violations("a function stands in a mod.rs:", &violations);
    assert_eq!(
        doing, MOD_FILES_WITH_CODE,
        "does nothing now, take it off the list"
    );
}

#[test]
fn no_unfinished_work_markers() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("HA", "CK"),
    ];
    let mut violations = Vec::new();
    for file in all_files() {
        for mark in marks {
            let places = file.text.match_indices(mark);
            violations.extend(places.map(|(at, _)| format!("{}: {mark}", file.location(at))));
        }
    }
    assert_no_violations("work is left for later:", &violations);
}

#[test]
fn no_type_or_module_name_uses_a_forbidden_word() {
    let mut violations = Vec::new();
    for file in all_files() {
        let mut before = "";
        for (at, word) in file.identifiers() {
            let is_named = ["struct", "enum", "union", "trait", "type", "mod"].contains(&before);
            if is_named && parts(word).any(|part| is_avoided(&part)) {
                violations.push(format!("{}: `{word}`", file.location(at)));
            }
            before = word;
        }
    }
    assert_no_violations("a name says nothing:", &violations);
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
    FORBIDDEN_WORDS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(part))
}

#[test]
fn forbidden_words_are_matched_word_by_word() {
    let bad = |name: &str| parts(name).any(|part| is_avoided(&part));
    assert!(bad("RunManager") && bad("DataOfCells") && bad("test_utils") && bad("Info"));
    assert!(!bad("Database") && !bad("Metadata") && !bad("Inform"));
}
