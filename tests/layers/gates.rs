//! Checks that each crate for an outside power is used in one module only.

use crate::assert_no_violations;
use crate::source::{SourceFile, rust_files};

/// A crate and the one module under `src` that may name it.
const GATES: &[(&str, &str)] = &[
    ("rusqlite", "store"),
    ("rusqlite_migration", "store"),
    ("r2d2", "store"),
    ("r2d2_sqlite", "store"),
    ("rayon", "engine"),
    ("rand", "scenario"),
    ("rand_chacha", "scenario"),
    ("rand_distr", "scenario"),
    ("ureq", "notify"),
    ("axum", "serve"),
    ("tokio", "serve"),
    ("tokio_stream", "serve"),
    ("tower", "serve"),
    ("tower_http", "serve"),
    ("hyper", "serve"),
    ("hyper_util", "serve"),
    ("askama", "serve"),
    ("subtle", "serve"),
    ("postgres", "capture"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("anstream", "cli"),
    ("indicatif", "cli"),
    ("ctrlc", "cli"),
    ("tracing_subscriber", "cli"),
];

#[test]
fn every_gated_crate_is_used_in_one_module() {
    let mut violations = Vec::new();
    for file in rust_files(&["src"]) {
        for (at, word) in file.identifiers() {
            let gate = GATES.iter().find(|(name, _)| *name == word);
            let is_path = file.code[at + word.len()..].starts_with("::");
            if let Some((_, gate)) = gate.filter(|_| is_path)
                && !file.path.starts_with(&format!("src/{gate}/"))
            {
                violations.push(format!("{}: `{word}` belongs to {gate}", file.location(at)));
            }
        }
    }
    assert_no_violations("a crate is used outside its gate:", &violations);
}

/// The files of the simulated disk and of the watched allocator, which exchange pointers with
/// SQLite's C code.
const UNSAFE: &[&str] = &[
    "src/store/disk/allocation.rs",
    "src/store/disk/methods.rs",
    "src/store/disk/vfs.rs",
];

#[test]
fn unsafe_code_is_only_in_the_sqlite_vfs_and_allocator() {
    let files = rust_files(&["src", "tests", "benches"]);
    let is_unsafe = |file: &&SourceFile| file.identifiers().any(|(_, word)| word == "unsafe");
    let found: Vec<_> = files
        .iter()
        .filter(is_unsafe)
        .map(|file| &file.path)
        .collect();
    assert_eq!(found, UNSAFE);
}

#[test]
fn every_gate_is_a_dependency() {
    let manifest = include_str!("../../Cargo.toml");
    for (name, _) in GATES {
        let spellings = [name.to_string(), name.replace('_', "-")];
        assert!(
            spellings
                .iter()
                .any(|name| manifest.contains(&format!("\n{name} = "))),
            "`{name}` is no longer a dependency: remove its gate"
        );
    }
}
