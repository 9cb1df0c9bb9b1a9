//! Finds the paths that a file writes, in imports and in code, and where each one starts.

use crate::source::SourceFile;

/// One path of two names or more. A group in an import (`a::{b, c}`) gives one path a leaf.
pub(crate) struct WrittenPath {
    /// Offset in the file.
    pub(crate) at: usize,
    /// The names as written, `crate` and `super` included; a glob ends in `*`.
    pub(crate) names: Vec<String>,
    /// The name that an import brings in, `None` for a path in code.
    pub(crate) import: Option<Import>,
}

/// The effect of one leaf of an import.
pub(crate) struct Import {
    /// The last name, or its alias.
    pub(crate) name: String,
    pub(crate) is_public: bool,
}

/// Returns the paths of a file, in order.
pub(crate) fn paths(file: &SourceFile) -> Vec<WrittenPath> {
    let code = &file.code;
    let mut found = Vec::new();
    let mut end = 0;
    for (at, word) in file.identifiers() {
        if at < end {
            continue;
        }
        let after = at + word.len();
        let is_import = word == "use" && code[after..].starts_with(' ');
        let start = if is_import { after } else { at };
        let mut leaves = Vec::new();
        end = collect_leaves(code, start, &[], &mut leaves);
        // A declaration starts after the item before it.
        let before = code[..at].rfind([';', '{', '}']).map_or(0, |end| end + 1);
        let is_public = code[before..at].contains("pub");
        for (names, name) in leaves {
            let import = is_import.then_some(Import { name, is_public });
            if import.is_some() || names.len() > 1 {
                found.push(WrittenPath { at, names, import });
            }
        }
    }
    found
}

/// Collects the leaves of one use tree or path, each with its last name or alias. Returns the end.
fn collect_leaves(
    code: &str,
    at: usize,
    before: &[String],
    leaves: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let at = skip_spaces(code, at);
    if code[at..].starts_with('{') {
        let mut next = at + 1;
        loop {
            next = skip_spaces(code, collect_leaves(code, next, before, leaves));
            match code.as_bytes()[next] {
                b',' => next += 1,
                b'}' => return next + 1,
                _ => return next,
            }
        }
    }
    let end = at + name_length(&code[at..]);
    let mut names = before.to_vec();
    if end > at {
        names.push(code[at..end].to_owned());
    }
    let next = &code[end..];
    if let Some(rest) = next.strip_prefix("::")
        && rest.starts_with(|c: char| c.is_ascii_alphabetic() || "_{*".contains(c))
    {
        return collect_leaves(code, end + 2, &names, leaves);
    }
    if end == at {
        return at;
    }
    let alias = next.strip_prefix(" as ").map(|rest| {
        let length = name_length(rest);
        (rest[..length].to_owned(), end + 4 + length)
    });
    let own_name = names.last().filter(|name| *name != "self");
    let name = own_name.or(before.last()).cloned().unwrap_or_default();
    let (name, end) = alias.unwrap_or((name, end));
    // `a::{self}` names the module `a`.
    if names.len() > 1 && names.last().is_some_and(|last| last == "self") {
        names.pop();
    }
    leaves.push((names, name));
    end
}

fn skip_spaces(code: &str, at: usize) -> usize {
    at + (code[at..].len() - code[at..].trim_start().len())
}

fn name_length(code: &str) -> usize {
    if code.starts_with('*') {
        return 1;
    }
    let length = code.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    length.unwrap_or(code.len())
}

/// Returns the names from the crate root to the module that a file holds.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap().trim_end_matches(".rs");
    match inside {
        "lib" | "main" => Vec::new(),
        _ => {
            let names = inside.trim_end_matches("/mod").split('/');
            names.map(str::to_owned).collect()
        }
    }
}

/// Returns a path from the crate root, or `None` if it starts with neither `crate`, `self` nor
/// `super`.
pub(crate) fn from_root(module: &[String], names: &[String]) -> Option<Vec<String>> {
    let is_start = |name: &&String| ["self", "super"].contains(&name.as_str());
    if ["crate", "plimsoll"].contains(&names[0].as_str()) {
        return Some(names[1..].to_vec());
    }
    let start = names.iter().take_while(is_start).count();
    let climbed = names[..start].iter().filter(|name| *name == "super");
    let base = module.len().checked_sub(climbed.count())?;
    (start > 0).then(|| [&module[..base], &names[start..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        let file = SourceFile::new("src/report/json.rs", text.to_owned());
        let show = |path: WrittenPath| match path.import {
            Some(import) if import.is_public => {
                format!("pub {} = {}", import.name, path.names.join("::"))
            }
            Some(import) => format!("{} = {}", import.name, path.names.join("::")),
            None => path.names.join("::"),
        };
        paths(&file).into_iter().map(show).collect()
    }

    #[test]
    fn groups_aliases_globs_and_visibility_are_read() {
        assert_eq!(
            written(
                "use crate::{domain::{Day, Cell as C}, plan::{self, plan as run}};\n\
                 pub(crate) use super::rows::*;\n#[cfg(unix)]\npub use a::{\n    B,\n};\n"
            ),
            [
                "Day = crate::domain::Day",
                "C = crate::domain::Cell",
                "plan = crate::plan",
                "run = crate::plan::plan",
                "pub * = super::rows::*",
                "pub B = a::B",
            ]
        );
    }

    #[test]
    fn paths_in_code_are_read_and_prose_and_literals_are_not() {
        assert_eq!(
            written(
                "//! See [`crate::cli`].\nfn f() -> impl Iterator<Item = u8> + use<> {\n    \
                 let s = \"crate::engine\"; x.collect::<Vec<_>>(); phases::run::<T>('\"', s)\n}\n"
            ),
            ["phases::run"]
        );
    }

    #[test]
    fn paths_start_at_the_root_the_module_or_its_parents() {
        let split = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
        let module = module_of("src/store/disk/files.rs");
        let from_root = |path| from_root(&module, &split(path)).map(|path| path.join("::"));
        assert_eq!(
            from_root("super::locks::Busy").unwrap(),
            "store::disk::locks::Busy"
        );
        assert_eq!(from_root("super::super::Store").unwrap(), "store::Store");
        assert_eq!(
            from_root("self::inner::Name").unwrap(),
            "store::disk::files::inner::Name"
        );
        assert_eq!(from_root("crate::domain::Day").unwrap(), "domain::Day");
        assert_eq!(from_root("std::fs::read"), None);
        assert_eq!(module_of("src/store/mod.rs"), ["store"]);
        assert!(module_of("src/lib.rs").is_empty());
    }
}
