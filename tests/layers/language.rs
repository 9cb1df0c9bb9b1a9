//! Checks the language of the project: banned words, openings of module comments, and short doc
//! comments. The words are listed in `words.rs`.

use crate::assert_no_violations;
use crate::source::{SourceFile, rust_files};
use crate::text::text_files;
use crate::words::{BANNED, BANNED_NAMES, EXCEPTIONS};

/// Where texts are checked for banned words.
const CHECKED: &[&str] = &["src", "docs", "tests", "examples", "scenarios", "README.md"];

/// Files that must name the banned words.
const EXEMPT: &[&str] = &["tests/layers/words.rs", "tests/layers/language.rs"];

/// Words with which a module comment must not open.
const QUESTION_WORDS: &[&str] = &[
    "What", "Who", "Whom", "Whose", "Which", "How", "Why", "Where", "When", "Whether",
];

/// How many doc comments of three words or fewer may remain.
const MOST_SHORT_DOCS: usize = 60;

fn checked_rust_files() -> Vec<SourceFile> {
    let mut files = rust_files(&["src", "tests", "benches"]);
    files.retain(|file| !EXEMPT.contains(&file.path.as_str()));
    files
}

#[test]
fn no_text_holds_a_banned_word() {
    let mut violations = Vec::new();
    for file in text_files(CHECKED) {
        if EXEMPT.contains(&file.path.as_str()) {
            continue;
        }
        for (line, text) in file.lines() {
            for (word, instead) in BANNED {
                let is_allowed = EXCEPTIONS
                    .iter()
                    .any(|(path, part, _)| *path == file.path && text.contains(part));
                if holds_word(text, word) && !is_allowed {
                    violations.push(format!("{}:{line}: `{word}`, use {instead}", file.path));
                }
            }
        }
    }
    assert_no_violations("a banned word is used:", &violations);
}

#[test]
fn each_exception_is_used() {
    let files = text_files(CHECKED);
    let unused: Vec<_> = EXCEPTIONS
        .iter()
        .filter(|(path, part, _)| {
            let of_path = files.iter().filter(|file| file.path == *path);
            let mut lines = of_path.flat_map(|file| file.lines());
            !lines.any(|(_, line)| {
                line.contains(part) && BANNED.iter().any(|(word, _)| holds_word(line, word))
            })
        })
        .map(|(path, part, reason)| format!("{path}: {part} ({reason})"))
        .collect();
    assert_no_violations("an exception is not needed any more:", &unused);
}

#[test]
fn no_item_has_a_banned_name() {
    let mut violations = Vec::new();
    for file in checked_rust_files() {
        let mut before = "";
        for (at, word) in file.identifiers() {
            let is_defined = [
                "struct", "enum", "union", "trait", "type", "mod", "fn", "const", "static",
            ]
            .contains(&before);
            let banned = BANNED_NAMES.iter().find(|(name, _)| *name == word);
            if let Some((_, instead)) = banned.filter(|_| is_defined) {
                violations.push(format!("{}: `{word}`, use {instead}", file.location(at)));
            }
            before = word;
        }
    }
    assert_no_violations("an item has a banned name:", &violations);
}

#[test]
fn no_module_comment_opens_with_a_question_word() {
    let mut violations = Vec::new();
    for file in checked_rust_files() {
        let opening = file.text.strip_prefix("//! ").unwrap_or_default();
        let first = opening
            .split(|c: char| !c.is_alphabetic())
            .next()
            .unwrap_or_default();
        if QUESTION_WORDS.contains(&first) {
            violations.push(format!("{}:1: opens with `{first}`", file.path));
        }
    }
    assert_no_violations("say what the module does:", &violations);
}

#[test]
fn few_doc_comments_are_too_short_to_say_anything() {
    let mut short = Vec::new();
    for file in checked_rust_files() {
        short.extend(short_docs(&file.text).map(|line| format!("{}:{line}", file.path)));
    }
    if short.len() >= MOST_SHORT_DOCS {
        assert_no_violations(
            "doc comments of three words or fewer (delete them, or say more):",
            &short,
        );
    }
}

/// The first lines, from 1, of doc comments of three words or fewer.
fn short_docs(text: &str) -> impl Iterator<Item = usize> {
    let mut found = Vec::new();
    let (mut start, mut words) = (0, 0);
    for (at, line) in text.lines().chain([""]).enumerate() {
        match line.trim_start().strip_prefix("///") {
            Some(doc) => {
                if words == 0 {
                    start = at + 1;
                }
                words += doc.split_whitespace().count();
            }
            None => {
                if (1..=3).contains(&words) {
                    found.push(start);
                }
                words = 0;
            }
        }
    }
    found.into_iter()
}

/// True if a text holds a word or phrase, in any case, with word boundaries at both ends.
fn holds_word(text: &str, word: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_letter) && !after.is_some_and(is_letter)
    })
}

#[test]
fn words_are_found_whole_and_in_any_case() {
    assert!(holds_word("Left In Vain.", "in vain"));
    assert!(holds_word("a_roster", "roster"));
    assert!(!holds_word("amended", "mend"));
    assert!(!holds_word("housemate", "mate"));
}

#[test]
fn short_doc_comments_are_counted_by_their_words() {
    let text = "/// Its name.\nname: u8,\n/// The name that a person typed.\nb: u8,\n";
    assert_eq!(short_docs(text).collect::<Vec<_>>(), [1]);
}
