//! A file of the inbox, with the outcome of its import and its new location.

use std::io;
use std::path::PathBuf;

use crate::import::apply::{FileKind, ImportResult, ImportStatus};
use crate::import::error::ImportError;

/// A file of the inbox, and the outcome of its import.
#[derive(Debug)]
pub struct InboxFile {
    /// The file's folder and name, such as `prices/2026-01-08.csv`.
    pub name: String,
    /// The outcome of the import.
    pub outcome: InboxOutcome,
    /// The file's location after the import.
    pub location: FileLocation,
    /// The file with the rows that were held back, relative to the inbox.
    pub held_back: Option<PathBuf>,
}

/// Outcome of a file of the inbox.
#[derive(Debug)]
pub enum InboxOutcome {
    /// The rows were validated, and the valid ones imported.
    Validated(ImportResult),
    /// The file was refused as a whole.
    InvalidFile(FileKind, ImportError),
    /// The same bytes were imported before.
    AlreadyImported,
    /// The file is still being written.
    BeingWritten,
    /// The last line of the file has no end, so more may follow.
    Unfinished,
    /// The operating system refused to read it.
    Unreadable(io::Error),
    /// The file is outside the folders of the kinds, so that its kind is unknown.
    Misplaced,
}

/// Location of a file of the inbox after its import.
#[derive(Debug)]
pub enum FileLocation {
    /// The file was left in its place.
    Unmoved,
    /// The new path, relative to the inbox.
    Moved(PathBuf),
    /// The file changed after it was read, so it was left for the next import.
    Changed,
    /// Moving failed, so the file is in its old place.
    MoveFailed(io::Error),
}

impl InboxFile {
    /// Returns the reason why the file or some of its rows were not imported, as text; `None` if
    /// nothing is wrong.
    pub fn first_error(&self) -> Option<String> {
        match &self.outcome {
            InboxOutcome::AlreadyImported | InboxOutcome::BeingWritten => None,
            InboxOutcome::Unfinished => Some("its last line has no end".to_owned()),
            InboxOutcome::Validated(result) => {
                let first = result.first_error();
                first.map(|(line, error)| format!("line {line}: {error}"))
            }
            InboxOutcome::InvalidFile(_, error) => Some(error.refusal.to_string()),
            InboxOutcome::Unreadable(error) => Some(error.to_string()),
            InboxOutcome::Misplaced => Some("not in a folder of a file kind".to_owned()),
        }
    }

    /// Returns whether an operator should look at the file or its rows again: something is wrong, or
    /// there are warnings.
    pub fn is_questionable(&self) -> bool {
        let has_warnings = match &self.outcome {
            InboxOutcome::Validated(result) => {
                !result.warnings.is_empty() || result.first_warning().is_some()
            }
            _ => false,
        };
        has_warnings
            || self.first_error().is_some()
            || matches!(self.location, FileLocation::MoveFailed(_))
    }

    /// Returns true if this import committed rows of the file.
    pub fn is_imported(&self) -> bool {
        matches!(&self.outcome, InboxOutcome::Validated(result) if result.status == ImportStatus::Applied)
    }
}
