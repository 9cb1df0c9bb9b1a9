//! Resolves the paths of the files under `src` to the files that define the names, through
//! re-exports and private imports of parents. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{WrittenPath, from_root, module_of, paths};
use crate::source::SourceFile;

/// The most re-exports that one name may pass through.
const MAX_STEPS: usize = 8;

/// A name that one file uses and another file defines.
#[derive(Debug)]
pub(crate) struct Use {
    /// The file that uses the name.
    pub(crate) user: String,
    /// Offset of the path in the file.
    pub(crate) at: usize,
    /// The file that defines the name.
    pub(crate) definition: String,
    pub(crate) name: String,
    /// The parent of both files whose re-export the path names, if any.
    pub(crate) through: Option<String>,
}

/// The modules of the crate by their names from the root.
pub(crate) struct Modules {
    modules: BTreeMap<Vec<String>, Module>,
}

struct Module {
    file: SourceFile,
    paths: Vec<WrittenPath>,
    /// The names that its imports bring in, each with its path from the root.
    imports: BTreeMap<String, Vec<String>>,
}

impl Modules {
    /// Takes the files under `src`, without the modules that only tests compile.
    pub(crate) fn new(files: Vec<SourceFile>) -> Self {
        let tests: BTreeSet<_> = files.iter().flat_map(test_modules).collect();
        let is_test = |module: &[String]| {
            let mut parents = (0..=module.len()).map(|length| &module[..length]);
            parents.any(|parent| tests.contains(parent))
        };
        let files = files.into_iter().filter(|file| file.path != "src/main.rs");
        let with_modules = files.map(|file| (module_of(&file.path), file));
        let modules = with_modules
            .filter(|(module, _)| !is_test(module))
            .map(|(module, file)| {
                let paths = paths(&file).into_iter();
                let entry = Module {
                    paths: paths.filter(|path| !file.is_test(path.at)).collect(),
                    imports: BTreeMap::new(),
                    file,
                };
                (module, entry)
            })
            .collect();
        let unlinked = Self { modules };
        let imports: Vec<_> = unlinked
            .modules
            .iter()
            .map(|(module, entry)| unlinked.imports(module, entry))
            .collect();
        let mut modules = unlinked.modules;
        for (entry, imports) in modules.values_mut().zip(imports) {
            entry.imports = imports;
        }
        Self { modules }
    }

    fn imports(&self, module: &[String], entry: &Module) -> BTreeMap<String, Vec<String>> {
        let imports = entry.paths.iter().filter_map(|path| {
            let name = path.import.as_ref()?.name.clone();
            Some((name, self.absolute(module, &path.names)?))
        });
        imports.collect()
    }

    /// Returns what each file uses of another. A `mod.rs` that defines nothing uses nothing: the
    /// names that it hands on are traced to their definitions.
    pub(crate) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (module, entry) in &self.modules {
            let is_mod = is_mod(&entry.file);
            if is_mod && !defines_items(&entry.file) {
                continue;
            }
            for path in &entry.paths {
                if is_mod && path.import.as_ref().is_some_and(|import| import.is_public) {
                    continue;
                }
                uses.extend(self.resolve(module, path));
            }
        }
        uses
    }

    /// Returns the place of a use as `path:line`.
    pub(crate) fn location(&self, found: &Use) -> String {
        let mut files = self.modules.values().map(|module| &module.file);
        let file = files.find(|file| file.path == found.user).unwrap();
        file.location(found.at)
    }

    /// Returns the imports of all names of a module of the crate, whose users cannot be traced.
    pub(crate) fn globs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (module, entry) in &self.modules {
            let globs = entry.paths.iter();
            let globs = globs.filter(|path| path.names.ends_with(&["*".to_owned()]));
            let own = globs.filter(|path| self.absolute(module, &path.names).is_some());
            found.extend(own.map(|path| entry.file.location(path.at)));
        }
        found
    }

    fn resolve(&self, module: &[String], path: &WrittenPath) -> Option<Use> {
        let absolute = self.absolute(module, &path.names)?;
        let (definition, name) = self.definition(&absolute, MAX_STEPS)?;
        if definition == module {
            return None;
        }
        // A path in code that starts at an import repeats what the import says.
        let is_written_whole = from_root(module, &path.names).is_some();
        let place = self.longest_module(&absolute[..absolute.len() - 1]);
        let is_re_export = place != definition && definition.starts_with(place);
        let is_parent =
            !place.is_empty() && module.len() > place.len() && module.starts_with(place);
        let file = |module: &[String]| self.modules[module].file.path.clone();
        Some(Use {
            user: file(module),
            at: path.at,
            definition: file(definition),
            name,
            through: (is_written_whole && is_re_export && is_parent).then(|| file(place)),
        })
    }

    /// Returns the path from the root, or `None` for a path out of another crate.
    fn absolute(&self, module: &[String], names: &[String]) -> Option<Vec<String>> {
        let first = names.first()?;
        let imported = self.modules[module].imports.get(first);
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&child) || from_root(module, names).is_some() {
            from_root(module, names).or_else(|| Some([module, names].concat()))
        } else {
            imported.map(|path| [path, &names[1..]].concat())
        }
    }

    /// Returns the module that defines the first item on a path, and its name; `None` if the path
    /// ends in a module.
    fn definition(&self, path: &[String], steps: usize) -> Option<(&[String], String)> {
        let steps = steps.checked_sub(1)?;
        let place = self.longest_module(path);
        // A module and a function may have one name: `plan::plan`.
        if place.len() == path.len() {
            let (last, parent) = path.split_last()?;
            let target = self.modules.get(parent)?.imports.get(last)?;
            return (target != path).then(|| self.definition(target, steps))?;
        }
        let item = &path[place.len()];
        let (place, entry) = self.modules.get_key_value(place)?;
        match entry.imports.get(item) {
            Some(target) => {
                let target = [target, &path[place.len() + 1..]].concat();
                self.definition(&target, steps)
            }
            None => Some((place, item.clone())),
        }
    }

    /// Returns the longest start of a path that is a module.
    fn longest_module<'a>(&self, path: &'a [String]) -> &'a [String] {
        let lengths = (0..=path.len()).rev();
        let mut starts = lengths.map(|length| &path[..length]);
        let found = starts.find(|start| self.modules.contains_key(*start));
        found.unwrap_or_default()
    }
}

fn is_mod(file: &SourceFile) -> bool {
    file.path.ends_with("/mod.rs") || file.path == "src/lib.rs"
}

fn defines_items(file: &SourceFile) -> bool {
    let items = [
        "struct", "enum", "trait", "type", "fn", "const", "static", "impl",
    ];
    let mut words = file.identifiers();
    words.any(|(at, word)| items.contains(&word) && !file.is_test(at))
}

/// Returns the modules that a file declares for tests only.
fn test_modules(file: &SourceFile) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut before = "";
    for (at, word) in file.identifiers() {
        if before == "mod" && file.is_test(at) {
            found.push([module_of(&file.path), vec![word.to_owned()]].concat());
        }
        before = word;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns `user → definition: name (through)` for each use in files that are given as path
    /// and text.
    fn uses(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter();
        let files = files.map(|(path, text)| SourceFile::new(path, (*text).to_owned()));
        let show = |found: Use| {
            let through = found
                .through
                .map_or_else(String::new, |file| format!(" ({file})"));
            let (user, definition) = (found.user, found.definition);
            format!("{user} → {definition}: {}{through}", found.name)
        };
        let uses = Modules::new(files.collect()).uses();
        uses.into_iter().map(show).collect()
    }

    #[test]
    fn names_are_traced_through_re_exports_and_private_imports_of_parents() {
        let found = uses(&[
            ("src/lib.rs", "pub mod a;\npub mod b;\n"),
            (
                "src/a/mod.rs",
                "mod one;\nmod two;\npub use one::{One as First};\nuse two::second;\n",
            ),
            (
                "src/a/one.rs",
                "use super::second;\npub struct One;\nfn f() { second() }\n",
            ),
            (
                "src/a/two.rs",
                "use super::First;\npub(super) fn second() {}\n",
            ),
            (
                "src/b.rs",
                "use crate::a;\nfn f(first: a::First) { crate::a::First::new() }\n",
            ),
        ]);
        assert_eq!(
            found,
            [
                "src/a/one.rs → src/a/two.rs: second (src/a/mod.rs)",
                "src/a/two.rs → src/a/one.rs: One (src/a/mod.rs)",
                "src/b.rs → src/a/one.rs: One",
                "src/b.rs → src/a/one.rs: One",
            ]
        );
    }

    #[test]
    fn tests_and_their_modules_are_left_out() {
        let found = uses(&[
            (
                "src/a/mod.rs",
                "mod one;\n#[cfg(test)]\nmod tests;\nmod two;\n",
            ),
            (
                "src/a/one.rs",
                "#[cfg(test)]\nmod tests {\n    use super::super::two::Two;\n}\n",
            ),
            (
                "src/a/tests.rs",
                "use super::one::One;\nuse super::two::Two;\n",
            ),
            ("src/a/two.rs", "use super::one::One;\npub struct Two;\n"),
        ]);
        assert_eq!(found, ["src/a/two.rs → src/a/one.rs: One"]);
    }

    #[test]
    fn a_mod_file_uses_names_only_if_it_defines_items() {
        let child = ("src/a/one.rs", "use super::Kept;\npub struct One;\n");
        let found = uses(&[
            ("src/a/mod.rs", "mod one;\npub use one::One;\nuse one::f;\n"),
            child,
        ]);
        assert!(found.contains(&"src/a/one.rs → src/a/mod.rs: Kept".to_owned()));
        assert_eq!(found.len(), 1);
        let defining = "mod one;\npub use one::One;\nstruct Kept(one::One);\n";
        assert_eq!(
            uses(&[("src/a/mod.rs", defining), child]),
            [
                "src/a/mod.rs → src/a/one.rs: One",
                "src/a/one.rs → src/a/mod.rs: Kept"
            ]
        );
    }

    #[test]
    fn globs_of_own_modules_are_found_outside_tests() {
        let text = "use rayon::prelude::*;\n#[cfg(test)]\nmod tests { use super::*; }\n";
        let glob = text.replace("rayon::prelude", "super::rows");
        let globs = |text: &str| {
            let file = SourceFile::new("src/report/json.rs", text.to_owned());
            Modules::new(vec![file]).globs()
        };
        assert!(globs(text).is_empty());
        assert_eq!(globs(&glob), ["src/report/json.rs:1"]);
    }

    #[test]
    fn a_function_with_the_name_of_its_module_is_found() {
        let found = uses(&[
            ("src/plan/mod.rs", "mod plan;\npub use plan::plan;\n"),
            ("src/plan/plan.rs", "pub fn plan() {}\n"),
            ("src/cli.rs", "use crate::plan::plan;\n"),
        ]);
        assert_eq!(found, ["src/cli.rs → src/plan/plan.rs: plan"]);
    }
}
