//! Reads Rust source as text and separates code, comments and literals.
//!
//! A short scanner, not a parser: it knows comments, literals and `#[cfg(test)]` items, which is
//! enough for the layer tests to check code and never prose.

use std::ops::Range;
use std::path::Path;

/// One source file. `text` and `code` have the same length, so an offset is valid in both.
pub(crate) struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// The text of the file, unchanged.
    pub(crate) text: String,
    /// The text with comments and literals blanked out.
    pub(crate) code: String,
    /// Offset and unescaped content of each string literal.
    pub(crate) string_literals: Vec<(usize, String)>,
    /// Byte ranges of its `#[cfg(test)]` items.
    pub(crate) tests: Vec<Range<usize>>,
}

/// Reads every Rust file under `folders`, sorted by path.
pub(crate) fn rust_files(folders: &[&str]) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    let files: Vec<_> = paths
        .iter()
        .map(|path| {
            let path = path.strip_prefix(root).unwrap();
            SourceFile::read(root, &path.to_string_lossy().replace('\\', "/"))
        })
        .collect();
    assert!(!files.is_empty(), "no Rust file under {folders:?}");
    files
}

fn collect(folder: &Path, paths: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
}

impl SourceFile {
    fn read(root: &Path, path: &str) -> Self {
        Self::new(path, std::fs::read_to_string(root.join(path)).unwrap())
    }

    /// Scans a text as the file of this path.
    pub(crate) fn new(path: &str, text: String) -> Self {
        let (code, string_literals) = scan(&text);
        Self {
            path: path.to_owned(),
            tests: test_items(&code),
            text,
            code,
            string_literals,
        }
    }

    /// Returns whether an offset is inside a `#[cfg(test)]` item.
    pub(crate) fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// Returns an offset as `path:line`.
    pub(crate) fn location(&self, at: usize) -> String {
        let line = 1 + self.text[..at].matches('\n').count();
        format!("{}:{line}", self.path)
    }

    /// Returns whether the line of an offset begins with a space.
    pub(crate) fn is_indented(&self, at: usize) -> bool {
        let line = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        self.text[line..].starts_with(' ')
    }

    /// Returns the identifiers of the code, each with its offset.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        let parts = self.code.split_inclusive(|c: char| !is_identifier_char(c));
        parts.filter_map(move |part| {
            let start = at;
            at += part.len();
            let word = part.trim_end_matches(|c: char| !is_identifier_char(c));
            (!word.is_empty()).then_some((start, word))
        })
    }
}

fn is_identifier_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Blanks comments and literals, and returns the offset and content of each string literal.
fn scan(text: &str) -> (String, Vec<(usize, String)>) {
    let mut code = text.as_bytes().to_vec();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let length = match rest {
            [b'/', b'/', ..] => line_length(rest),
            [b'/', b'*', ..] => block_comment_length(rest),
            [b'"', ..] => {
                let length = string_length(rest);
                strings.push((at, unescape(&text[at + 1..at + length - 1])));
                length
            }
            [b'r', b'"' | b'#', ..] => match raw_string(&text[at..]) {
                Some((length, inside)) => {
                    strings.push((at, inside.to_owned()));
                    length
                }
                None => 0,
            },
            [b'\'', ..] => char_length(&text[at..]),
            _ => 0,
        };
        // Line breaks stay, so that offsets still have their line numbers.
        for byte in &mut code[at..at + length] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at += length.max(1);
    }
    (String::from_utf8(code).unwrap(), strings)
}

fn line_length(rest: &[u8]) -> usize {
    let end = rest.iter().position(|byte| *byte == b'\n');
    end.unwrap_or(rest.len())
}

fn block_comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Returns the length of a raw string with its quotes, and its content; `None` for `r#name`.
fn raw_string(rest: &str) -> Option<(usize, &str)> {
    let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
    let inside = rest[1 + hashes..].strip_prefix('"')?;
    let end = inside.find(&format!("\"{}", "#".repeat(hashes)))?;
    Some((1 + hashes + 1 + end + 1 + hashes, &inside[..end]))
}

/// Returns the length of a character literal, and 0 for a lifetime.
fn char_length(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(0, |end| end + 4),
        Some(_) => match chars.next() {
            Some((end, '\'')) => end + 1,
            _ => 0,
        },
        None => 0,
    }
}

/// Unescapes a literal. A backslash at the end of a line removes the break and the next indent.
fn unescape(inside: &str) -> String {
    let mut text = String::new();
    let mut rest = inside;
    while let Some((before, after)) = rest.split_once('\\') {
        text += before;
        rest = after.strip_prefix('\n').map_or_else(
            || {
                let escaped = after.chars().next().unwrap_or('\\');
                text.push(if escaped == 'n' { '\n' } else { escaped });
                &after[escaped.len_utf8()..]
            },
            str::trim_start,
        );
    }
    text + rest
}

/// Returns the ranges from each `#[cfg(test)]` to the end of the item after it.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let starts = code.match_indices("#[cfg(test)]").map(|(start, _)| start);
    let item = |start: usize| {
        let mut depth = 0;
        for (at, c) in code[start..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ';' if depth == 0 => return start..start + at + 1,
                _ => continue,
            }
            if depth == 0 {
                return start..start + at + 1;
            }
        }
        start..code.len()
    };
    starts.map(item).collect()
}
