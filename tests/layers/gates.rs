//! Checks that each crate for an outside power is used in its own modules only.

use crate::assert_no_violations;
use crate::source::{SourceFile, rust_files};
use crate::tidy::parts;

/// A crate and a module under `src` that may name it.
const GATES: &[(&str, &str)] = &[
    ("rusqlite", "store"),
    // The simulated disk is a file system for SQLite.
    ("rusqlite", "disk"),
    ("rusqlite_migration", "store"),
    ("r2d2", "store"),
    ("r2d2_sqlite", "store"),
    ("scheduled_thread_pool", "store"),
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
    ("postgres", "store"),
    // The reader of mapped tables.
    ("postgres", "capture"),
    // Signals of processes, locks of files, and permissions of folders.
    ("nix", "process"),
    ("nix", "job"),
    ("nix", "durable"),
    ("nix", "store"),
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

/// Functions of the standard library that write, rename or create files.
const FILE_WRITES: &[(&str, &[&str])] = &[
    (
        "fs",
        &["write", "rename", "copy", "create_dir", "create_dir_all"],
    ),
    ("File", &["create", "create_new", "options"]),
    ("OpenOptions", &["new"]),
];

/// Files that write where nothing has to survive a power cut.
const TEMPORARY_FILES: &[&str] = &[
    // Candidates of a shrink are in a temporary folder.
    "src/scenario/shrink/trial.rs",
    // Scratch databases of a job under test are in temporary folders.
    "src/store/scratch/sqlite.rs",
];

#[test]
fn files_are_written_by_the_module_that_makes_them_durable() {
    let mut violations = Vec::new();
    for file in rust_files(&["src"]) {
        let inside = file.path.strip_prefix("src/").unwrap();
        // `disk` has files and options of its own, in memory.
        let is_test = inside.ends_with("/tests.rs") || inside.contains("/tests/");
        let is_exempt = inside.starts_with("durable/") || inside.starts_with("disk/") || is_test;
        if is_exempt || TEMPORARY_FILES.contains(&file.path.as_str()) {
            continue;
        }
        for (at, word) in file.identifiers().filter(|(at, _)| !file.is_test(*at)) {
            let writes = FILE_WRITES.iter().find(|(owner, _)| *owner == word);
            let called = file.code[at + word.len()..].strip_prefix("::");
            let name = |rest: &str| {
                let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                rest[..end.unwrap_or(rest.len())].to_owned()
            };
            let called = called.map(name).unwrap_or_default();
            if writes.is_some_and(|(_, names)| names.contains(&called.as_str())) {
                violations.push(format!("{}: `{word}::{called}`", file.location(at)));
            }
        }
    }
    assert_no_violations("write files through `durable`:", &violations);
}

/// Layers that compute and commit. Faults come from observers and file systems that callers pass.
const WITHOUT_FAULTS: &[&str] = &[
    "src/domain",
    "src/plan",
    "src/phases",
    "src/store",
    "src/invalidation",
    "src/engine",
    "src/import",
    "src/query",
    "src/app",
];

/// Words of names that belong to tests.
const FAULT_WORDS: &[&str] = &["fault", "faults", "inject", "injected", "simulated"];

#[test]
fn no_fault_is_injected_where_cells_are_computed_and_committed() {
    let mut violations = Vec::new();
    let is_scratch = |file: &SourceFile, word: &str| {
        // Databases in which the jobs of other programs are tested.
        file.path.starts_with("src/store/scratch/")
            || (file.path == "src/store/mod.rs" && word.starts_with("WriteFault"))
    };
    let is_fault = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| {
            // `parts` splits a constant into letters, so that is compared as a whole too.
            let is_constant = !word.contains(char::is_lowercase);
            let mut words = parts(word).chain(is_constant.then(|| word.to_owned()));
            words.any(|word| FAULT_WORDS.contains(&&*word.to_lowercase()))
        })
    };
    for file in rust_files(WITHOUT_FAULTS) {
        let identifiers = file.identifiers().map(|(at, word)| (at, word.to_owned()));
        let strings = file.string_literals.iter().cloned();
        let found = identifiers
            .chain(strings)
            .filter(|(at, text)| is_fault(text) && !file.is_test(*at) && !is_scratch(&file, text));
        violations.extend(found.map(|(at, text)| format!("{}: `{text}`", file.location(at))));
    }
    assert_no_violations("a layer of production names a fault:", &violations);
}

/// The files of the simulated disk, of the watched allocator and of the recorder of calls, which
/// exchange pointers with SQLite's C code.
const UNSAFE: &[&str] = &[
    "src/disk/allocation.rs",
    "src/disk/methods.rs",
    "src/disk/vfs.rs",
    "tests/sim/storage_calls/recorder.rs",
];

#[test]
fn unsafe_code_is_only_in_sqlite_file_systems_and_the_allocator() {
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
