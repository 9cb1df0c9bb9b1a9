//! Finds scenario files, their golden files and their fixtures.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::scenario::script::FixtureError;

/// The folder that holds scenarios by topic; golden files lie beside it.
const SCENARIOS: &str = "scenarios";
/// The folder that holds golden files by topic.
const SNAPSHOTS: &str = "snapshots";
/// The folder in that one that holds the golden files of jobs under test, by job.
const JOBS: &str = "jobs";
/// The folder that holds worlds shared by scenarios.
const FIXTURES: &str = "fixtures";

/// A scenario file with its name and the place of its golden file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScenarioFile {
    /// The path as it was given or found.
    pub path: PathBuf,
    /// The topics and the file name, as in `calendar/a_weekend_is_not_a_session`.
    pub name: String,
    /// The path of its golden file, which may not exist yet.
    pub golden: PathBuf,
}

impl ScenarioFile {
    /// Returns the path of the golden file of the scenario with a job: in `snapshots/jobs/JOB`.
    pub(crate) fn golden_of_job(&self, job: &str) -> PathBuf {
        let depth = self.name.split('/').count();
        let snapshots = self.golden.ancestors().nth(depth).unwrap_or(Path::new(""));
        let name = self.golden.strip_prefix(snapshots).unwrap_or(&self.golden);
        snapshots.join(JOBS).join(job).join(name)
    }

    /// Returns the path that the golden file names the scenario by: relative to the folder above
    /// `snapshots`.
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

/// A path at which no scenario was found.
#[derive(Debug, Error)]
pub enum FindError {
    /// The file or folder does not exist.
    #[error("there is no file or folder `{}`", .0.display())]
    Absent(PathBuf),
    /// The folder holds no scenario file.
    #[error("no scenario (`*.toml`) in `{}`", .0.display())]
    Empty(PathBuf),
    /// The folder could not be read.
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        /// The path of the folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// Returns the scenarios of files and folders, sorted by path, each once.
///
/// # Errors
///
/// A path does not exist or can't be read, or a folder holds no scenario.
pub fn find_scenarios(paths: &[PathBuf]) -> Result<Vec<ScenarioFile>, FindError> {
    let mut files = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files)?;
            // A folder named twice adds nothing the second time, and is not empty for that.
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
            // Fixtures and golden files may lie among scenarios and are not scenarios.
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

/// Derives name and golden file from a path: the golden file lies in `snapshots` beside the last
/// folder named `scenarios`, else beside the file.
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
    let names: Vec<_> = within
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    ScenarioFile {
        path: path.to_owned(),
        name: names.join("/"),
        golden: beside.join(SNAPSHOTS).join(&within).with_extension("snap"),
    }
}

/// Reads the fixture that a scenario names: `fixtures/NAME.toml` in its folder or in any above it.
///
/// # Errors
///
/// No such file exists, or it can't be read.
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
        let in_scenarios = scenario_file(Path::new("books/scenarios/incident/a_claim.toml"));
        assert_eq!(in_scenarios.name, "incident/a_claim");
        assert_eq!(
            in_scenarios.golden,
            Path::new("books/snapshots/incident/a_claim.snap")
        );
        assert_eq!(
            in_scenarios.golden_of_job("nightly"),
            Path::new("books/snapshots/jobs/nightly/incident/a_claim.snap")
        );
        let elsewhere = scenario_file(Path::new("mine/a_claim.toml"));
        assert_eq!(elsewhere.name, "a_claim");
        assert_eq!(elsewhere.golden, Path::new("mine/snapshots/a_claim.snap"));
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
