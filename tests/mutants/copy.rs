//! Applies the mutants to a copy of the sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::mutant::{Change, Edit, Mutant};

/// The environment variable that names the mutant in force.
pub(crate) const ACTIVE_MUTANT: &str = "ACTIVE_MUTANT";

/// A module of the copy that tells which mutant is in force.
const MODULE: &str = r#"
/// The mutant in force.
pub mod mutation {
    static ACTIVE: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("ACTIVE_MUTANT").ok());
    /// Returns whether this mutant is in force.
    pub fn active(name: &str) -> bool {
        ACTIVE.as_deref() == Some(name)
    }
}
"#;

/// Files and folders that the copy shares with the original.
const SHARED: &[&str] = &[
    "askama.toml",
    "benches",
    "build.rs",
    "deploy",
    "docs",
    "fixtures",
    "README.md",
    "scenarios",
    "snapshots",
    "tests",
];

/// Writes the copy. A file that would not change keeps its time, so that cargo does not build it
/// again.
pub(crate) fn write(original: &Path, copy: &Path, mutants: &[Mutant]) -> io::Result<()> {
    let mut edits = edits_by_file(mutants);
    let mut stale = Vec::new();
    remove_stale(original, copy)?;
    for path in files(&original.join("src"))? {
        let inside = path.strip_prefix(original).expect("a path below the root");
        // Without a program, the copy cannot replace the one of the original.
        if inside == Path::new("src/main.rs") {
            continue;
        }
        let mut bytes = fs::read(&path)?;
        // All stale places are reported at once: a build takes minutes.
        if let Some(edits) = edits.remove(inside) {
            let text = String::from_utf8(bytes).map_err(io::Error::other)?;
            match apply(text, Syntax::of(inside), &edits) {
                Ok(text) => bytes = text.into_bytes(),
                Err(error) => {
                    stale.push(in_file(inside, &error).to_string());
                    continue;
                }
            }
        }
        if inside == Path::new("src/lib.rs") {
            bytes.extend(MODULE.bytes());
        }
        write_if_changed(&copy.join(inside), &bytes)?;
    }
    if !stale.is_empty() {
        return Err(io::Error::other(stale.join("\n")));
    }
    if let Some(missing) = edits.keys().next() {
        return Err(in_file(missing, "the file does not exist"));
    }
    let manifest = fs::read_to_string(original.join("Cargo.toml"))?;
    let program = "[[bin]]\nname = \"plimsoll\"\npath = \"src/main.rs\"\n";
    if !manifest.contains(program) {
        return Err(in_file(Path::new("Cargo.toml"), "the program is not found"));
    }
    let manifest = manifest.replace(program, "");
    write_if_changed(&copy.join("Cargo.toml"), manifest.as_bytes())?;
    let lock = fs::read(original.join("Cargo.lock"))?;
    write_if_changed(&copy.join("Cargo.lock"), &lock)?;
    for name in SHARED {
        match std::os::unix::fs::symlink(original.join(name), copy.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Removes the files of an earlier copy that the original no longer has: cargo would build them.
fn remove_stale(original: &Path, copy: &Path) -> io::Result<()> {
    let sources = copy.join("src");
    if !sources.exists() {
        return Ok(());
    }
    for path in files(&sources)? {
        let inside = path.strip_prefix(copy).expect("a path below the copy");
        if !original.join(inside).exists() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn in_file(path: &Path, error: &str) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

/// Returns the files of a folder and of those in it.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes)
}

/// The edits of a file, each with the name of its mutant.
type FileEdits = Vec<(&'static str, Edit)>;

fn edits_by_file(mutants: &[Mutant]) -> BTreeMap<PathBuf, FileEdits> {
    let mut by_file: BTreeMap<PathBuf, FileEdits> = BTreeMap::new();
    for mutant in mutants {
        if let Change::Source(edits) = mutant.change {
            for edit in edits {
                let edits = by_file.entry(edit.file.into()).or_default();
                edits.push((mutant.name, *edit));
            }
        }
    }
    by_file
}

/// The language of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Rust,
    /// A template of a page.
    Template,
}

impl Syntax {
    fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending == "html" => Self::Template,
            _ => Self::Rust,
        }
    }

    /// Returns a choice between alternatives, of which each has the name of its mutant, and the
    /// original text.
    fn choice(self, alternatives: &[(&str, &str)], original: &str) -> String {
        let mut choice = String::new();
        for (at, (name, mutated)) in alternatives.iter().enumerate() {
            let active = format!("crate::mutation::active({name:?})");
            choice += &match (self, at) {
                (Self::Rust, 0) => format!("if {active} {{ {mutated} }}"),
                (Self::Rust, _) => format!(" else if {active} {{ {mutated} }}"),
                (Self::Template, 0) => format!("{{% if {active} %}}{mutated}"),
                (Self::Template, _) => format!("{{% else if {active} %}}{mutated}"),
            };
        }
        match self {
            // Statements are inserted before the place.
            Self::Rust if original.is_empty() => choice + " ",
            Self::Rust => format!("{choice} else {{ {original} }} "),
            Self::Template => format!("{choice}{{% else %}}{original}{{% endif %}}"),
        }
    }
}

/// Makes all edits of a text, each an alternative that is taken if its mutant is in force.
fn apply(text: String, syntax: Syntax, edits: &[(&str, Edit)]) -> Result<String, String> {
    let mut replaced = Vec::new();
    let mut by_place: BTreeMap<(&str, &str), Vec<(&str, &str)>> = BTreeMap::new();
    for (name, edit) in edits {
        let alternatives = by_place.entry((edit.place, edit.text)).or_default();
        alternatives.push((name, edit.mutated));
    }
    let mut stale = Vec::new();
    for ((place, part), alternatives) in by_place {
        let (first, end) = match find_part(&text, place, part) {
            Ok(range) => range,
            Err(error) => {
                stale.push(error);
                continue;
            }
        };
        let changed = syntax.choice(&alternatives, &text[first..end]);
        replaced.push((first, end, changed));
    }
    if !stale.is_empty() {
        return Err(stale.join("; "));
    }
    replaced.sort();
    let mut result = String::new();
    let mut at = 0;
    for (from, to, changed) in replaced {
        result += text.get(at..from).ok_or("two places overlap")?;
        result += &changed;
        at = to;
    }
    Ok(result + &text[at..])
}

/// Returns the range of `part` in the only occurrence of `place`; an empty one at its start if `part`
/// is empty.
fn find_part(text: &str, place: &str, part: &str) -> Result<(usize, usize), String> {
    let (from, to) = find_once(text, place)?;
    if part.is_empty() {
        return Ok((from, from));
    }
    let (first, end) = find_once(&text[from..to], part)?;
    Ok((from + first, from + end))
}

/// Returns the range of the only occurrence of `part`, whatever the blanks in both.
fn find_once(text: &str, part: &str) -> Result<(usize, usize), String> {
    let letters: Vec<(usize, char)> = text
        .char_indices()
        .filter(|(_, letter)| !letter.is_whitespace())
        .collect();
    let wanted: Vec<char> = part.chars().filter(|c| !c.is_whitespace()).collect();
    let is_equal = |window: &&[(usize, char)]| {
        let letters = window.iter().map(|(_, letter)| letter);
        letters.eq(wanted.iter())
    };
    let mut found = letters.windows(wanted.len()).filter(is_equal);
    match (found.next(), found.next()) {
        (Some([(from, _), .., (last, letter)]), None) => Ok((*from, last + letter.len_utf8())),
        (Some([(at, letter)]), None) => Ok((*at, at + letter.len_utf8())),
        (None, _) => Err(format!("nothing is like `{part}`")),
        (Some(_), _) => Err(format!("more than one place is like `{part}`")),
    }
}
