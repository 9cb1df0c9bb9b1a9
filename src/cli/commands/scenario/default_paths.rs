//! The default folder of scenarios.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The folder in which scenarios are written and run by default.
const DEFAULT_FOLDER: &str = "scenarios";

/// Returns the given paths, or `./scenarios` if there are none.
pub(in crate::cli) fn or_default_paths(paths: &[PathBuf]) -> Cow<'_, [PathBuf]> {
    if paths.is_empty() {
        Cow::Owned(vec![PathBuf::from(DEFAULT_FOLDER)])
    } else {
        Cow::Borrowed(paths)
    }
}

/// Returns the path, or for a name without a folder its path in `./scenarios`, where `scenario run`
/// looks.
pub(super) fn in_default_folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => path.to_owned(),
        _ => Path::new(DEFAULT_FOLDER).join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_without_a_folder_gets_the_default_one() {
        for (path, expected) in [
            ("a.toml", "scenarios/a.toml"),
            ("./a.toml", "./a.toml"),
            ("mine/a.toml", "mine/a.toml"),
            ("/a.toml", "/a.toml"),
        ] {
            assert_eq!(in_default_folder(Path::new(path)), Path::new(expected));
        }
    }
}
