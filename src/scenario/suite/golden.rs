//! Reads and writes golden files: accepted transcripts in the format of insta's snapshots, so that
//! `cargo test` and the program share them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::durable::{self, Access};

/// The line that opens and closes the head.
const FENCE: &str = "---";
/// The key of the head that names the scenario file.
const INPUT: &str = "input_file: ";

/// The content of a golden file, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Golden {
    /// The file does not exist yet.
    Absent,
    /// The file holds this transcript.
    Present(String),
}

impl Golden {
    /// Reads a golden file; a missing one is [`Golden::Absent`].
    ///
    /// # Errors
    ///
    /// The file exists and can't be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::Present(body(&text).to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Absent),
            Err(error) => Err(error),
        }
    }

    /// Returns true if the transcripts are equal, line breaks at the end aside.
    pub fn matches(&self, transcript: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::Present(text) => text.trim_end() == transcript.trim_end(),
        }
    }

    /// Writes a transcript as the golden file of `scenario`, and creates missing folders.
    ///
    /// # Errors
    ///
    /// The folder or file can't be written.
    pub fn write(path: &Path, scenario: &Path, transcript: &str) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            durable::create_folders(folder)?;
        }
        // Golden files are shared between systems, so paths use forward slashes.
        let input = scenario.to_string_lossy().replace('\\', "/");
        let head = format!("{FENCE}\nsource: plimsoll scenario run\n{INPUT}{input}\n{FENCE}\n");
        let text = format!("{head}{}\n", transcript.trim_end());
        durable::replace(path, text.as_bytes(), Access::Unchanged)
    }
}

/// Returns the text below the head, or all of it if there is no head.
fn body(text: &str) -> &str {
    let below = text
        .strip_prefix(FENCE)
        .and_then(|rest| rest.split_once("\n---\n"));
    below.map_or(text, |(_, body)| body)
}

/// Returns the golden files under `folder` whose scenario no longer exists. Snapshots that name no
/// scenario belong to other tests and are skipped.
///
/// # Errors
///
/// A folder or file can't be read.
pub fn orphaned_goldens(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut orphans = Vec::new();
    let beside = folder.parent().unwrap_or(Path::new(""));
    walk(folder, &mut |path| {
        let text = fs::read_to_string(path)?;
        let head = text.split("\n---\n").next().unwrap_or_default();
        let input = head.lines().find_map(|line| line.strip_prefix(INPUT));
        if let Some(input) = input.filter(|input| input.ends_with(".toml"))
            && !beside.join(input.trim_matches('"')).exists()
        {
            orphans.push(path.to_owned());
        }
        Ok(())
    })?;
    orphans.sort();
    Ok(orphans)
}

fn walk(folder: &Path, each: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, each)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "snap")
        {
            each(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_golden_file_round_trips_and_an_orphan_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshots/topic/claim.snap");
        let scenario = Path::new("scenarios/topic/claim.toml");
        assert_eq!(Golden::read(&path).unwrap(), Golden::Absent);
        Golden::write(&path, scenario, "a\n---\nb\n").unwrap();
        let golden = Golden::read(&path).unwrap();
        assert!(golden.matches("a\n---\nb") && !golden.matches("a"));

        let snapshots = folder.path().join("snapshots");
        fs::write(snapshots.join("other.snap"), "---\nsource: x\n---\nb").unwrap();
        assert_eq!(orphaned_goldens(&snapshots).unwrap(), [path]);
        fs::create_dir_all(folder.path().join("scenarios/topic")).unwrap();
        fs::write(folder.path().join(scenario), "").unwrap();
        assert_eq!(orphaned_goldens(&snapshots).unwrap(), Vec::<PathBuf>::new());
    }
}
