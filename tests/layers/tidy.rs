//! Checks the form of files: length, module comment, names, and no unfinished work.

use crate::assert_no_violations;
use crate::source::{SourceFile, rust_files};

/// A longer file has more than one subject and should be split.
const MAX_LINES: usize = 400;

/// Files that are still longer, with their limits until they are split.
const LONG_FILES: &[(&str, usize)] = &[];

/// Files `mod.rs` that define functions, until these have a file of their own.
const MOD_FILES_WITH_CODE: &[&str] = &["src/report/json/mod.rs"];

/// Words in names that say nothing about the thing.
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
        let limit = longer.map_or(MAX_LINES, |(_, limit)| *limit);
        if lines > limit {
            violations.push(format!("{}:{lines}: more than {limit} lines", file.path));
        }
        if longer.is_some() && lines <= MAX_LINES {
            violations.push(format!(
                "{}: short enough now, remove it from LONG_FILES",
                file.path
            ));
        }
    }
    assert_no_violations("files are too long:", &violations);
}

#[test]
fn every_file_has_a_module_comment() {
    let violations: Vec<_> = all_files()
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}:1", file.path))
        .collect();
    assert_no_violations("the first line of a file must be `//! …`:", &violations);
}

#[test]
fn mod_files_define_no_functions() {
    let mut violations = Vec::new();
    let mut listed = Vec::new();
    for file in rust_files(&["src"]) {
        let functions = file.identifiers().filter(|(_, word)| *word == "fn");
        let places: Vec<_> = functions.map(|(at, _)| file.location(at)).collect();
        if !file.path.ends_with("/mod.rs") || places.is_empty() {
            continue;
        }
        match MOD_FILES_WITH_CODE.iter().find(|path| **path == file.path) {
            Some(path) => listed.push(*path),
            None => violations.extend(places),
        }
    }
    assert_no_violations("a mod.rs defines a function:", &violations);
    assert_eq!(
        listed, MOD_FILES_WITH_CODE,
        "defines no function now, remove it from the list"
    );
}

#[test]
fn no_unfinished_work_markers() {
    // Split, so that this file does not contain them.
    let markers = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("HA", "CK"),
    ];
    let mut violations = Vec::new();
    for file in all_files() {
        for marker in markers {
            let places = file.text.match_indices(marker);
            violations.extend(places.map(|(at, _)| format!("{}: {marker}", file.location(at))));
        }
    }
    assert_no_violations("work is unfinished:", &violations);
}

#[test]
fn no_type_or_module_name_uses_a_forbidden_word() {
    let mut violations = Vec::new();
    for file in all_files() {
        let mut before = "";
        for (at, word) in file.identifiers() {
            let is_named = ["struct", "enum", "union", "trait", "type", "mod"].contains(&before);
            // An indented type belongs to a trait, which may be that of another crate.
            let is_associated = before == "type" && file.is_indented(at);
            if is_named && !is_associated && parts(word).any(|part| is_forbidden(&part)) {
                violations.push(format!("{}: `{word}`", file.location(at)));
            }
            before = word;
        }
    }
    assert_no_violations("a name uses a forbidden word:", &violations);
}

/// Returns the words of a `CamelCase` or `snake_case` name.
pub(crate) fn parts(name: &str) -> impl Iterator<Item = String> {
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

fn is_forbidden(part: &str) -> bool {
    FORBIDDEN_WORDS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(part))
}

#[test]
fn forbidden_words_are_matched_word_by_word() {
    let bad = |name: &str| parts(name).any(|part| is_forbidden(&part));
    assert!(bad("RunManager") && bad("DataOfCells") && bad("test_utils") && bad("Info"));
    assert!(!bad("Database") && !bad("Metadata") && !bad("Inform"));
}
