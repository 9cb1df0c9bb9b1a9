//! Checks that the files under `src` do not import each other in a circle, and that files of a
//! folder import each other directly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::assert_no_violations;
use crate::imports::{Modules, Use};
use crate::source::rust_files;

static MODULES: LazyLock<Modules> = LazyLock::new(|| Modules::new(rust_files(&["src"])));

/// The names that each file uses of others, by the two files.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let uses = MODULES.uses();
    let edges = edges(&uses);
    let circles = circles(&edges);
    let violations: Vec<_> = (circles.iter())
        .map(|circle| describe(circle, &edges))
        .collect();
    assert_no_violations("files import each other in a circle:", &violations);
}

#[test]
fn files_of_a_folder_import_each_other_directly() {
    let mut violations = Vec::new();
    for found in MODULES.uses() {
        if let Some(parent) = &found.through {
            violations.push(format!(
                "{}: `{}` through {parent}, defined in {}",
                MODULES.location(&found),
                found.name,
                found.definition
            ));
        }
    }
    assert_no_violations("import the name from its file:", &violations);
}

#[test]
fn no_file_imports_all_names_of_a_module() {
    let globs = MODULES.globs();
    assert_no_violations("a glob hides which names are used:", &globs);
}

fn edges(uses: &[Use]) -> Edges<'_> {
    let mut edges = Edges::new();
    for found in uses {
        let of_user = edges.entry(&found.user).or_default();
        let names = of_user.entry(found.definition.as_str()).or_default();
        names.insert(&found.name);
    }
    edges
}

/// Returns each largest set of files of which every one reaches every other.
fn circles<'a>(edges: &Edges<'a>) -> Vec<BTreeSet<&'a str>> {
    let reached: BTreeMap<_, _> = edges
        .keys()
        .map(|file| (*file, reach(edges, file)))
        .collect();
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, reachable) in &reached {
        if !reachable.contains(file) || seen.contains(file) {
            continue;
        }
        let returns = |other: &&&str| reached.get(**other).is_some_and(|from| from.contains(file));
        let circle: BTreeSet<_> = reachable.iter().filter(returns).copied().collect();
        seen.extend(circle.iter().copied());
        circles.push(circle);
    }
    circles
}

/// Returns the files that a file uses, directly and through others.
fn reach<'a>(edges: &Edges<'a>, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for next in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}

fn describe(circle: &BTreeSet<&str>, edges: &Edges) -> String {
    let mut text = format!("{} files in {}:", circle.len(), common_folder(circle));
    for file in circle {
        for (used, names) in edges[file]
            .iter()
            .filter(|(used, _)| circle.contains(*used))
        {
            let names: Vec<_> = names.iter().copied().collect();
            text += &format!("\n    {file} → {used}: {}", names.join(", "));
        }
    }
    text
}

/// Returns the deepest folder that holds all files.
fn common_folder(files: &BTreeSet<&str>) -> String {
    let mut common: Option<Vec<&str>> = None;
    for file in files {
        let folders: Vec<_> = file.split('/').collect();
        let folders = &folders[..folders.len() - 1];
        let shared = |common: Vec<&'_ str>| {
            common
                .iter()
                .zip(folders)
                .take_while(|(a, b)| a == b)
                .count()
        };
        let length = common.clone().map_or(folders.len(), shared);
        common = Some(folders[..length].to_vec());
    }
    common.unwrap_or_default().join("/")
}

#[test]
fn circles_are_found_with_the_names_that_tie_them() {
    let uses: Vec<_> = [
        ("x", "y"),
        ("y", "z"),
        ("z", "y"),
        ("z", "w"),
        ("a", "b"),
        ("b", "a"),
    ]
    .into_iter()
    .map(|(user, definition)| Use {
        at: 0,
        user: format!("src/m/{user}.rs"),
        definition: format!("src/m/{definition}.rs"),
        name: format!("Of{}", definition.to_uppercase()),
        through: None,
    })
    .collect();
    let edges = edges(&uses);
    let circles = circles(&edges);
    let circles: Vec<_> = circles
        .iter()
        .map(|circle| describe(circle, &edges))
        .collect();
    assert_eq!(
        circles,
        [
            "2 files in src/m:\n    src/m/a.rs → src/m/b.rs: OfB\n    src/m/b.rs → src/m/a.rs: OfA",
            "2 files in src/m:\n    src/m/y.rs → src/m/z.rs: OfZ\n    src/m/z.rs → src/m/y.rs: OfY",
        ]
    );
    assert_eq!(
        common_folder(&BTreeSet::from(["src/a/b.rs", "src/a/c/d.rs"])),
        "src/a"
    );
}
