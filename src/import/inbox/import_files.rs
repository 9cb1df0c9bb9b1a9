//! From the files of an inbox to what became of each.

use std::io;
use std::path::{Path, PathBuf};

use super::{listing, moving};
use crate::import::ImportError;
use crate::import::apply::{
    ApplyError, FileKind, ImportContext, ImportOptions, ImportResult, ImportStatus, Mode,
    SourceFile, import_file, was_imported,
};
use crate::store::Writer;

/// A file of the inbox.
#[derive(Debug)]
pub struct InboxFile {
    /// Its folder and name, such as `prices/2026-01-08.csv`.
    pub name: String,
    /// What became of it.
    pub outcome: InboxOutcome,
    /// Where it is now.
    pub location: FileLocation,
}

/// What became of a file of the inbox.
#[derive(Debug)]
pub enum InboxOutcome {
    /// Its rows were judged, and taken where none was invalid.
    Validated(ImportResult),
    /// It is no file of its kind.
    InvalidFile(FileKind, ImportError),
    /// The same bytes were taken in before.
    AlreadyImported,
    /// It is still being written.
    BeingWritten,
    /// The system would not let it be read.
    Unreadable(io::Error),
    /// It lies beside the folders, so that nothing says of what kind it is.
    Misplaced,
}

/// Where a file of the inbox is after it was looked at.
#[derive(Debug)]
pub enum FileLocation {
    /// Where it was.
    Unmoved,
    /// Here, in the inbox.
    Moved(PathBuf),
    /// Where it was, since the system would not let it be moved.
    MoveFailed(io::Error),
}

impl InboxFile {
    /// Why nothing of it was taken, in words; `None` where nothing is wrong.
    pub fn first_error(&self) -> Option<String> {
        match &self.outcome {
            InboxOutcome::AlreadyImported | InboxOutcome::BeingWritten => None,
            InboxOutcome::Validated(taken) if taken.status != ImportStatus::Refused => None,
            InboxOutcome::Validated(taken) => {
                let flaw = taken.first_error();
                flaw.map(|(line, flaw)| format!("line {line}: {flaw}"))
            }
            InboxOutcome::InvalidFile(_, error) => Some(error.refusal.to_string()),
            InboxOutcome::Unreadable(error) => Some(error.to_string()),
            InboxOutcome::Misplaced => Some("its folder says of no kind".to_owned()),
        }
    }

    /// Whether anything about the books changed by it.
    pub fn is_imported(&self) -> bool {
        matches!(&self.outcome, InboxOutcome::Validated(taken) if taken.status == ImportStatus::Applied)
    }
}

/// Takes in every file of an inbox: `*.csv` and `*.txt`, in any case. `report` writes what stands
/// beside a rejected one. Folders of kinds that are not there are made.
pub fn import_inbox(
    writer: &mut Writer,
    inbox: &Path,
    terms: &ImportContext<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<Vec<InboxFile>, ApplyError> {
    let unlisted = |source| ApplyError::Inbox {
        path: inbox.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for path in listing::list_files(inbox).map_err(unlisted)? {
        files.push(misplaced(&path));
    }
    for kind in FileKind::ALL {
        let folder = inbox.join(kind.name());
        listing::ensure_folder(&folder).map_err(unlisted)?;
        for path in listing::list_files(&folder).map_err(unlisted)? {
            let mut file = import_inbox_file(writer, &path, kind, terms)?;
            file.location = moving::move_file(inbox, &path, kind, &file, report);
            files.push(file);
        }
    }
    Ok(files)
}

/// Whether an inbox holds a file that is not being written.
pub fn has_ready_files(inbox: &Path, terms: &ImportContext<'_>) -> bool {
    FileKind::ALL.iter().any(|kind| {
        let files = listing::list_files(&inbox.join(kind.name())).unwrap_or_default();
        let settled =
            |path: &PathBuf| matches!(listing::read_if_stable(path, terms.now), Ok(Some(_)));
        files.iter().any(settled)
    })
}

fn misplaced(path: &Path) -> InboxFile {
    InboxFile {
        name: listing::file_name(path),
        outcome: InboxOutcome::Misplaced,
        location: FileLocation::Unmoved,
    }
}

/// What becomes of one file.
fn import_inbox_file(
    writer: &mut Writer,
    path: &Path,
    kind: FileKind,
    terms: &ImportContext<'_>,
) -> Result<InboxFile, ApplyError> {
    let name = listing::file_name(path);
    let outcome = match listing::read_if_stable(path, terms.now) {
        Ok(Some(bytes)) => import_bytes(writer, kind, &name, &bytes, terms)?,
        Ok(None) => InboxOutcome::BeingWritten,
        Err(error) => InboxOutcome::Unreadable(error),
    };
    Ok(InboxFile {
        name: format!("{kind}/{name}"),
        outcome,
        location: FileLocation::Unmoved,
    })
}

fn import_bytes(
    writer: &mut Writer,
    kind: FileKind,
    name: &str,
    bytes: &[u8],
    terms: &ImportContext<'_>,
) -> Result<InboxOutcome, ApplyError> {
    let file = SourceFile {
        kind,
        name,
        bytes,
        options: &ImportOptions::default(),
    };
    if writer.read(|reading| was_imported(reading, &file))? {
        return Ok(InboxOutcome::AlreadyImported);
    }
    match import_file(writer, &file, terms, Mode::Apply) {
        Ok(taken) => Ok(InboxOutcome::Validated(taken)),
        Err(ApplyError::Import(error)) => Ok(InboxOutcome::InvalidFile(kind, error)),
        Err(error) => Err(error),
    }
}
