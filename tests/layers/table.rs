//! Checks which module uses which. The table holds for a module's own tests too: a test that needs
//! more belongs under `tests/`.

use crate::assert_no_violations;
use crate::paths::{WrittenPath, from_root, module_of, paths};
use crate::source::{SourceFile, rust_files};

/// The modules, lowest first, each with those that it may use. A module uses only modules listed
/// before it, so there is no cycle.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("environment", &[]),
    ("parallel", &[]),
    ("durable", &[]),
    ("process", &["environment"]),
    ("plan", &["domain"]),
    ("phases", &["domain"]),
    ("store", &["domain", "environment", "durable"]),
    // Above `store`, which opens a database on any file system and names none.
    ("disk", &["durable", "store"]),
    ("invalidation", &["domain", "phases", "store"]),
    (
        "engine",
        &[
            "domain",
            "environment",
            "parallel",
            "plan",
            "phases",
            "store",
            "invalidation",
        ],
    ),
    (
        "import",
        &["domain", "environment", "durable", "store", "invalidation"],
    ),
    (
        "query",
        &[
            "domain",
            "environment",
            "plan",
            "phases",
            "store",
            "invalidation",
            "engine",
        ],
    ),
    (
        "report",
        &["domain", "plan", "store", "engine", "import", "query"],
    ),
    (
        "export",
        &["domain", "durable", "store", "engine", "import", "query"],
    ),
    (
        "notify",
        &[
            "domain",
            "environment",
            "engine",
            "store",
            "query",
            "report",
        ],
    ),
    (
        "app",
        &[
            "domain",
            "environment",
            "process",
            "plan",
            "store",
            "invalidation",
            "engine",
            "import",
            "query",
            "report",
            "notify",
        ],
    ),
    (
        "scenario",
        &[
            "domain",
            "environment",
            "parallel",
            "durable",
            "plan",
            "store",
            "disk",
            "invalidation",
            "engine",
            "import",
            "query",
            "report",
            "app",
        ],
    ),
    (
        "capture",
        &[
            "domain",
            "environment",
            "plan",
            "store",
            "engine",
            "import",
            "query",
            "report",
            "scenario",
        ],
    ),
    (
        "sim",
        &[
            "domain",
            "environment",
            "parallel",
            "plan",
            "store",
            "disk",
            "engine",
            "query",
            "report",
            "scenario",
            "capture",
        ],
    ),
    (
        "job",
        &[
            "domain",
            "environment",
            "parallel",
            "process",
            "plan",
            "store",
            "engine",
            "query",
            "report",
            "scenario",
            "sim",
            "capture",
        ],
    ),
    (
        "serve",
        &[
            "domain",
            "environment",
            "plan",
            "store",
            "engine",
            "import",
            "query",
            "report",
            "scenario",
            "notify",
            "app",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "environment",
            "parallel",
            "durable",
            "plan",
            "store",
            "disk",
            "invalidation",
            "engine",
            "import",
            "query",
            "report",
            "export",
            "scenario",
            "sim",
            "capture",
            "job",
            "notify",
            "app",
            "serve",
        ],
    ),
];

/// Pairs of a layer and another of which it may name types and call nothing.
const TYPES_ONLY: &[(&str, &str)] = &[("report", "store")];

/// The ways into a database: these, and all types whose names begin with `Read` or `Write`. A layer
/// that may only name types may not name them.
const DATABASE_HANDLES: &[&str] = &["Store", "Writer"];

#[test]
fn every_module_uses_only_what_its_layer_may() {
    let mut violations = Vec::new();
    for file in rust_files(&["src"]) {
        for (at, path) in paths_from_root(&file) {
            let used = &path[0];
            if let Some(reason) = violation(&file, used, path.last().unwrap()) {
                violations.push(format!(
                    "{}: `{}` {reason}",
                    file.location(at),
                    path.join("::")
                ));
            }
        }
    }
    assert_no_violations("the table of layers does not allow:", &violations);
}

/// Returns the reason why a file may not use a path of another module, or `None`.
fn violation(file: &SourceFile, used: &str, name: &str) -> Option<String> {
    let user = module(&file.path);
    if user == used || !LAYERS.iter().any(|(name, _)| *name == used) {
        return None;
    }
    let allowed: &[&str] = match user {
        "main" => &["cli"],
        "lib" => &[],
        _ => LAYERS.iter().find(|(name, _)| *name == user)?.1,
    };
    if !allowed.contains(&used) {
        return Some(format!(
            "({user} may use {})",
            match allowed {
                [] => "nothing of Plimsoll".to_owned(),
                some => some.join(", "),
            }
        ));
    }
    let types_only = TYPES_ONLY.contains(&(user, used));
    let is_handle = DATABASE_HANDLES.contains(&name)
        || ["Read", "Write"].iter().any(|verb| name.starts_with(verb));
    let is_type = name.starts_with(|c: char| c.is_ascii_uppercase()) && !is_handle;
    (types_only && !is_type)
        .then(|| format!("({user} may name types of {used}, not call or open it)"))
}

#[test]
fn every_module_has_its_row() {
    let mut violations = Vec::new();
    for file in rust_files(&["src"]) {
        let module = module(&file.path);
        if !["main", "lib"].contains(&module) && !LAYERS.iter().any(|(name, _)| *name == module) {
            violations.push(format!("{}: `{module}` is in no row", file.path));
        }
    }
    assert_no_violations(
        "every module has a row in the table of layers:",
        &violations,
    );
}

#[test]
fn the_table_has_no_cycle() {
    for (at, (layer, uses)) in LAYERS.iter().enumerate() {
        for used in *uses {
            assert!(
                LAYERS[..at].iter().any(|(name, _)| name == used),
                "`{layer}` may use `{used}`, which is not listed before it"
            );
        }
    }
}

#[test]
fn the_page_on_architecture_has_the_same_table() {
    let page = include_str!("../../docs/architecture.md");
    let row = |(layer, uses): &(&str, &[&str])| match uses {
        [] => format!("| {layer} | nothing of Plimsoll |"),
        some => format!("| {layer} | {} |", some.join(", ")),
    };
    let missing: Vec<_> = LAYERS.iter().map(row).collect();
    let missing: Vec<_> = missing
        .into_iter()
        .filter(|row| !page.contains(row))
        .collect();
    assert_no_violations("docs/architecture.md lacks the rows:", &missing);
}

#[test]
fn the_crate_docs_list_every_module() {
    let files = rust_files(&["src"]);
    let library = files.iter().find(|file| file.path == "src/lib.rs").unwrap();
    let mut violations = Vec::new();
    for (at, _) in library.code.match_indices("pub mod ") {
        let name = library.code[at + 8..].split(';').next().unwrap();
        if !library.text.contains(&format!("//! | [`{name}`] |")) {
            violations.push(format!("{}: `{name}`", library.location(at)));
        }
    }
    assert_no_violations(
        "modules without a row in the page of src/lib.rs:",
        &violations,
    );
}

/// Returns the top-level module that a file under `src` belongs to.
fn module(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap();
    inside.split(['/', '.']).next().unwrap()
}

/// Returns each path of a file that starts at the crate root, without that root. A chain of
/// `super` that climbs to the root counts.
fn paths_from_root(file: &SourceFile) -> Vec<(usize, Vec<String>)> {
    let module = module_of(&file.path);
    let from_root = |path: WrittenPath| {
        let mut module = module.clone();
        if file.is_test(path.at) {
            module.push("tests".to_owned());
        }
        let supers = path.names.iter().take_while(|name| *name == "super");
        let climbs_to_root = supers.count() == module.len();
        let is_absolute = ["crate", "plimsoll"].contains(&path.names[0].as_str());
        let found = from_root(&module, &path.names).filter(|names| !names.is_empty())?;
        (is_absolute || climbs_to_root).then_some((path.at, found))
    };
    paths(file).into_iter().filter_map(from_root).collect()
}

#[test]
fn paths_are_found_in_groups_chains_and_calls_and_not_in_prose() {
    let text = "//! See [`crate::cli`].\nuse crate::{domain::{Day, Cell as C}, plan::plan};\n\
                use super::super::store::{\n    Store,\n};\nuse super::Other;\n\
                fn f() { let s = \"crate::engine\"; crate::phases::run('\"', s) }\n\
                #[cfg(test)]\nmod tests {\n    use super::super::Sibling;\n}\n";
    let file = SourceFile::new("src/report/json.rs", text.to_owned());
    let found: Vec<_> = paths_from_root(&file)
        .into_iter()
        .map(|(at, path)| format!("{} {}", file.location(at), path.join("::")))
        .collect();
    assert_eq!(
        found,
        [
            "src/report/json.rs:2 domain::Day",
            "src/report/json.rs:2 domain::Cell",
            "src/report/json.rs:2 plan::plan",
            "src/report/json.rs:3 store::Store",
            "src/report/json.rs:7 phases::run",
        ]
    );
    assert!(violation(&file, "store", "Store").is_some());
    assert!(violation(&file, "store", "ReadLedger").is_some());
    assert!(violation(&file, "store", "RunState").is_none());
    assert!(violation(&file, "cli", "Exit").is_some());
}
