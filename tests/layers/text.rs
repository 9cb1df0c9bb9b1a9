//! Reads the text files of folders: source, pages, scenarios, templates.

use std::path::Path;

/// Endings of files that hold text a person reads.
const ENDINGS: &[&str] = &[
    "rs", "md", "toml", "html", "css", "js", "mjs", "sql", "json", "py",
];

/// A file with its path from the root of the repository.
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    /// The lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }
}

/// The text files among `places` and below them, by path. A place that does not exist fails.
pub(crate) fn text_files(places: &[&str]) -> Vec<TextFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for place in places {
        let path = root.join(place);
        assert!(path.exists(), "`{place}` does not exist");
        collect(root, &path, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(root: &Path, path: &Path, files: &mut Vec<TextFile>) {
    if path.is_dir() {
        // Packages that the browser tests install are not ours.
        if path.ends_with("node_modules") {
            return;
        }
        for entry in std::fs::read_dir(path).unwrap() {
            collect(root, &entry.unwrap().path(), files);
        }
    } else if path
        .extension()
        .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
    {
        let inside = path.strip_prefix(root).unwrap();
        files.push(TextFile {
            path: inside.to_string_lossy().replace('\\', "/"),
            text: std::fs::read_to_string(path).unwrap(),
        });
    }
}
