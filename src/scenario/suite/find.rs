//! Which files are scenarios, and where their goldens and fixtures lie.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::scenario::script::FixtureError;

/// The folder of scenarios, of goldens and of shared worlds.
const SCENARIOS: &str = "scenarios";
const SNAPSHOTS: &str = "snapshots";
const FIXTURES: &str = "fixtures";

/// A scenario's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScenarioFile {
    /// The file.
    pub path: PathBuf,
    /// What it is called: its topics and its claim, as `calendar/a_weekend_is_no_session`.
    pub name: String,
    /// Where its golden transcript lies, whether or not it is there.
    pub golden: PathBuf,
}

impl ScenarioFile {
    /// How its golden file names it: by the path from where the golden's folder lies.
    pub(super) fn input_file(&self) -> PathBuf {
        let above = self
            .golden
            .ancestors()
            .nth(self.name.split('/').count() + 1);
        let beside = above.unwrap_or(Path::new(""));
        self.path
            .strip_prefix(beside)
            .unwrap_or(&self.path)
            .to_owned()
    }
}

/// Why no scenarios were found.
#[derive(Debug, Error)]
pub enum FindError {
    /// There is no such file or folder.
    #[error("there is no `{}`", .0.display())]
    Absent(PathBuf),
    /// A folder without a scenario.
    #[error("`{}` holds no scenario: a file that ends in `.toml`", .0.display())]
    Empty(PathBuf),
    /// A folder that can't be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The scenarios of some files and folders, by path, each once. A folder in which there is none
/// is an error.
pub fn find_scenarios(paths: &[PathBuf]) -> Result<Vec<ScenarioFile>, FindError> {
    let mut files = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files)?;
            if files.len() == before && !files.iter().any(|file| file.starts_with(path)) {
                return Err(FindError::Empty(path.clone()));
            }
        } else if path.exists() {
            files.insert(path.clone());
        } else {
            return Err(FindError::Absent(path.clone()));
        }
    }
    Ok(files.into_iter().map(|path| scenario_file(&path)).collect())
}

fn walk(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), FindError> {
    let unreadable = |source| FindError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            // Worlds and goldens may lie beside scenarios, and are none.
            if name != FIXTURES && name != SNAPSHOTS {
                walk(&path, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.insert(path);
        }
    }
    Ok(())
}

/// What a scenario's file is called, and where its golden lies: in `snapshots` beside the folder
/// `scenarios` that it is in, and otherwise beside the file.
fn scenario_file(path: &Path) -> ScenarioFile {
    let claim = path.with_extension("");
    let parts: Vec<_> = claim.components().collect();
    let root = parts.iter().rposition(|part| part.as_os_str() == SCENARIOS);
    let (beside, within): (PathBuf, PathBuf) = match root {
        Some(root) if root + 1 < parts.len() => (
            parts[..root].iter().collect(),
            parts[root + 1..].iter().collect(),
        ),
        _ => (
            claim.parent().unwrap_or(Path::new("")).to_owned(),
            claim.file_name().unwrap_or_default().into(),
        ),
    };
    let words: Vec<_> = within
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    ScenarioFile {
        path: path.to_owned(),
        name: words.join("/"),
        golden: beside.join(SNAPSHOTS).join(&within).with_extension("snap"),
    }
}

/// The text of a fixture that a scenario names: `fixtures/NAME.toml` in its folder or in any
/// above it.
pub fn find_fixture(scenario: &Path, name: &str) -> Result<(PathBuf, String), FixtureError> {
    let absolute = std::path::absolute(scenario).unwrap_or_else(|_| scenario.to_owned());
    let mut folders = absolute.ancestors().skip(1);
    let file = format!("{name}.toml");
    let found = folders.find_map(|folder| {
        let path = folder.join(FIXTURES).join(&file);
        path.is_file().then_some(path)
    });
    let path = found.ok_or_else(|| FixtureError::Absent(name.to_owned()))?;
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(source) => Err(FixtureError::Unreadable { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goldens_are_in_a_snapshots_folder_beside_scenarios_or_the_file() {
        let one = scenario_file(Path::new("books/scenarios/incident/a_claim.toml"));
        assert_eq!(one.name, "incident/a_claim");
        assert_eq!(
            one.golden,
            Path::new("books/snapshots/incident/a_claim.snap")
        );
        let alone = scenario_file(Path::new("mine/a_claim.toml"));
        assert_eq!(alone.name, "a_claim");
        assert_eq!(alone.golden, Path::new("mine/snapshots/a_claim.snap"));
    }

    #[test]
    fn a_folder_without_scenarios_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().to_owned()];
        assert!(matches!(find_scenarios(&paths), Err(FindError::Empty(_))));
        std::fs::create_dir(folder.path().join("fixtures")).unwrap();
        std::fs::write(folder.path().join("fixtures/a.toml"), "").unwrap();
        assert!(matches!(find_scenarios(&paths), Err(FindError::Empty(_))));
        std::fs::write(folder.path().join("b.toml"), "").unwrap();
        assert_eq!(find_scenarios(&paths).unwrap().len(), 1);
        let absent = [folder.path().join("c.toml")];
        assert!(matches!(find_scenarios(&absent), Err(FindError::Absent(_))));
    }
}
