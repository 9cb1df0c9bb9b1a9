//! Lists the files of an inbox that wait for an operator: rejected ones, and those that lie outside
//! the folders of kinds.
//!
//! A rejected file counts until it is moved out of the folder `rejected` or deleted, in whatever folder
//! inside it lies. Its report may stay.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::listing;
use super::moving::{REJECTED, REPORT_SUFFIX};
use crate::import::apply::FileKind;

/// A file that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedFile {
    /// The path of the file, which begins with that of the inbox.
    pub path: PathBuf,
    /// The path of the report beside it, if there is one.
    pub report: Option<PathBuf>,
}

/// Lists the files that wait for an operator: those in the folders `rejected/KIND`, then those in
/// the inbox itself.
///
/// # Errors
///
/// The inbox or one of its folders of rejected files cannot be listed. A missing folder of rejected
/// files is empty.
pub fn list_rejected(inbox: &Path) -> io::Result<Vec<RejectedFile>> {
    let misplaced = listing::list_files(inbox)?;
    let mut files = Vec::new();
    for kind in FileKind::ALL {
        let folder = inbox.join(REJECTED).join(kind.name());
        match list_below(&folder) {
            Ok(found) => files.extend(found.into_iter().filter(|path| !is_report(path))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.extend(misplaced);
    Ok(files.into_iter().map(with_report).collect())
}

/// Lists the files of a folder and of those in it.
fn list_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = listing::list_files(folder)?;
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    for folder in folders {
        files.extend(list_below(&folder)?);
    }
    Ok(files)
}

fn is_report(path: &Path) -> bool {
    path.to_string_lossy().ends_with(REPORT_SUFFIX)
}

fn with_report(path: PathBuf) -> RejectedFile {
    let mut report = path.clone().into_os_string();
    report.push(REPORT_SUFFIX);
    let report = PathBuf::from(report);
    RejectedFile {
        report: report.is_file().then_some(report),
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_other_folders_are_not_listed() {
        let inbox = tempfile::tempdir().unwrap();
        assert!(list_rejected(&inbox.path().join("absent")).is_err());
        assert_eq!(list_rejected(inbox.path()).unwrap(), []);
        let rejected = inbox.path().join("rejected/prices");
        let done = inbox.path().join("done/prices");
        for folder in [&rejected.join("old"), &done] {
            std::fs::create_dir_all(folder).unwrap();
        }
        for path in [
            rejected.join("a.csv"),
            rejected.join("a.csv.report.txt"),
            rejected.join("b.csv.report.txt"),
            rejected.join("old/e.csv"),
            done.join("c.csv"),
            inbox.path().join("d.csv"),
        ] {
            std::fs::write(path, "").unwrap();
        }
        let expected = [
            RejectedFile {
                path: rejected.join("a.csv"),
                report: Some(rejected.join("a.csv.report.txt")),
            },
            RejectedFile {
                path: rejected.join("old/e.csv"),
                report: None,
            },
            RejectedFile {
                path: inbox.path().join("d.csv"),
                report: None,
            },
        ];
        assert_eq!(list_rejected(inbox.path()).unwrap(), expected);
    }
}
