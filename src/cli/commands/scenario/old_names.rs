//! Warnings about files that have keys or values under old names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::output::print_stderr;
use crate::scenario::script::old_names;
use crate::scenario::suite::{ScenarioFile, find_fixture};

/// Prints one warning for each file that has old names, fixtures of the scenarios included. A
/// file that cannot be read gets none: the command itself reports it.
pub(super) fn warn_about_old_names(found: &[ScenarioFile]) {
    let mut warnings: BTreeMap<PathBuf, String> = BTreeMap::new();
    for file in found {
        let Ok(text) = std::fs::read_to_string(&file.path) else {
            continue;
        };
        let mut renames: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for name in old_names(&text, &|name| find_fixture(&file.path, name)) {
            let path = name.fixture.unwrap_or_else(|| file.path.clone());
            let rename = match name.new {
                Some(new) => format!("`{}` is now `{new}`", name.old),
                None => format!("`{}` has no effect, remove it", name.old),
            };
            renames.entry(displayed(&path)).or_default().push(rename);
        }
        // Scenarios share fixtures: keyed by path, each fixture is warned about once.
        for (path, renames) in renames {
            warnings.entry(path).or_insert(renames.join(", "));
        }
    }
    for (path, renames) in warnings {
        print_stderr(&format!("warning: `{}`: {renames}", path.display()));
    }
}

/// The path relative to the current folder, so that a fixture found by its absolute path and the
/// same file named on the command line are one.
fn displayed(path: &Path) -> PathBuf {
    let relative = std::path::absolute(path).ok().and_then(|absolute| {
        let current = std::env::current_dir().ok()?;
        absolute.strip_prefix(current).ok().map(Path::to_owned)
    });
    relative.unwrap_or_else(|| path.to_owned())
}
