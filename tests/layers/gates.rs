//! Checks that each crate for an outside power is used in its own modules only.

use crate::assert_no_violations;
use crate::source::{SourceFile, rust_files};

/// A crate and a module under `src` that may name it.
const GATES: &[(&str, &str)] = &[
    ("rusqlite", "store"),
    // The simulated disk is a file system for SQLite.
    ("rusqlite", "disk"),
    ("rusqlite_migration", "store"),
    ("r2d2", "store"),
    ("r2d2_sqlite", "store"),
    ("rayon", "parallel"),
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
            let gates = GATES.iter().filter(|(name, _)| *name == word);
            let gates: Vec<_> = gates.map(|(_, gate)| *gate).collect();
            let is_path = file.code[at + word.len()..].starts_with("::");
            let inside = file.path.strip_prefix("src/").unwrap();
            let is_outside = !gates.contains(&inside.split(['/', '.']).next().unwrap());
            if is_path && is_outside && !gates.is_empty() {
                let gates = gates.join(", ");
                violations.push(format!(
                    "{}: `{word}` belongs to {gates}",
                    file.location(at)
                ));
            }
        }
    }
    assert_no_violations("a crate is used outside its gate:", &violations);
}

/// The files of the simulated disk and of the watched allocator, which exchange pointers with
/// SQLite's C code.
const UNSAFE: &[&str] = &[
    "src/disk/allocation.rs",
    "src/disk/methods.rs",
    "src/disk/vfs.rs",
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
