//! Checks that the paths and items that the pages on architecture and the decisions name exist.

use std::collections::BTreeSet;
use std::path::Path;

use crate::assert_no_violations;
use crate::source::rust_files;
use crate::text::{TextFile, text_files};

/// Words in backticks that look like items and are not: crates, commands, SQL and TOML.
const NOT_ITEMS: &[&str] = &[];

/// The folders whose files a page may name without `src/`.
const SOURCE_FOLDERS: &str = "src";

fn pages() -> Vec<TextFile> {
    text_files(&["docs/architecture.md", "docs/decisions"])
}

#[test]
fn every_path_that_a_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut violations = Vec::new();
    for page in pages() {
        for (line, code) in quoted(&page) {
            for path in code.split(' ').flat_map(braces).filter(|p| is_path(p)) {
                let name = path.trim_end_matches('/');
                let places = [root.join(name), root.join(SOURCE_FOLDERS).join(name)];
                let as_module = root.join(SOURCE_FOLDERS).join(format!("{name}.rs"));
                if !places.iter().any(|place| place.exists()) && !as_module.exists() {
                    violations.push(format!("{}:{line}: `{path}`", page.path));
                }
            }
        }
    }
    assert_no_violations("a path does not exist:", &violations);
}

#[test]
fn every_item_that_a_page_names_exists() {
    let files = rust_files(&["src", "tests", "benches"]);
    let words: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.identifiers().map(|(_, word)| word))
        .collect();
    let mut violations = Vec::new();
    for page in pages() {
        for (line, code) in quoted(&page) {
            let code = code.trim_end_matches("()");
            if !is_item(code) || NOT_ITEMS.contains(&code) {
                continue;
            }
            if let Some(part) = code.split("::").find(|part| !words.contains(part)) {
                violations.push(format!("{}:{line}: `{code}` (`{part}`)", page.path));
            }
        }
    }
    assert_no_violations("an item does not exist:", &violations);
}

/// The texts in backticks of a page, with their lines; code blocks are left out.
fn quoted(page: &TextFile) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_block = false;
    for (line, text) in page.lines() {
        if text.trim_start().starts_with("```") {
            is_block = !is_block;
            continue;
        }
        if !is_block {
            let codes = text.split('`').skip(1).step_by(2);
            found.extend(codes.map(|code| (line, code.to_owned())));
        }
    }
    found
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`; anything else as it is.
fn braces(path: &str) -> Vec<String> {
    match path.split_once('{').zip(path.split_once('}')) {
        Some(((before, inside), (_, after))) => inside
            .split('}')
            .next()
            .unwrap_or_default()
            .split(',')
            .map(|part| format!("{before}{}{after}", part.trim()))
            .collect(),
        None => vec![path.to_owned()],
    }
}

/// True for `domain/phase.rs` and `src/store`; not for `--flags`, patterns, addresses and URLs.
fn is_path(code: &str) -> bool {
    let is_plain = code
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    is_plain && code.contains('/') && !code.starts_with(['/', '-', '.'])
        || is_plain && code.ends_with(".rs")
}

/// True for `snake_case`, `CamelCase` and `path::to::item`.
fn is_item(code: &str) -> bool {
    let is_plain = code
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
    let is_camel = code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.chars().any(|c| c.is_ascii_lowercase());
    is_plain && (code.contains("::") || code.contains('_') || is_camel)
}

#[test]
fn paths_and_items_are_told_apart() {
    assert!(is_path("domain/phase.rs") && is_path("src/store/") && is_path("lib.rs"));
    assert!(!is_path("--from-sqlite") && !is_path("/healthz") && !is_path("a day"));
    assert!(is_item("StoredSet") && is_item("Reading::world") && is_item("take_phase"));
    assert!(!is_item("prices") && !is_item("SQL") && !is_item("day << 32"));
    assert_eq!(braces("a/{b,c}.rs"), ["a/b.rs", "a/c.rs"]);
}
