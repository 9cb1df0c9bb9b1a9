//! A golden file: the transcript that was judged good, in the form of insta's snapshots, so that
//! `cargo test` and the program read the same files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What opens and closes the head of a golden file.
const FENCE: &str = "---";
/// The line of the head that names the scenario.
const INPUT: &str = "input_file: ";

/// What is known of a golden file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Golden {
    /// There is none yet.
    Absent,
    /// It holds this transcript.
    Present(String),
}

impl Golden {
    /// Reads a golden file.
    pub fn read(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::Present(body(&text).to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Absent),
            Err(error) => Err(error),
        }
    }

    /// Whether it holds this transcript; the line breaks at its end don't count.
    pub fn matches(&self, transcript: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::Present(text) => text.trim_end() == transcript.trim_end(),
        }
    }

    /// Writes a transcript as the golden of a scenario.
    pub fn write(path: &Path, scenario: &Path, transcript: &str) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let input = scenario.to_string_lossy().replace('\\', "/");
        let head = format!("{FENCE}\nsource: plimsoll scenario run\n{INPUT}{input}\n{FENCE}\n");
        fs::write(path, format!("{head}{}\n", transcript.trim_end()))
    }
}

/// What stands below the head.
fn body(text: &str) -> &str {
    let below = text
        .strip_prefix(FENCE)
        .and_then(|rest| rest.split_once("\n---\n"));
    below.map_or(text, |(_, body)| body)
}

/// The golden files under `folder` of scenarios that are not there any more. Other snapshots name
/// no scenario, and are left alone.
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
