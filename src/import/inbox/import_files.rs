//! Imports the files of an inbox, in order, and moves each by its outcome.

use std::io;
use std::path::{Path, PathBuf};

use super::{listing, moving};
use crate::import::ImportError;
use crate::import::apply::{
    ApplyError, FileKind, ImportContext, ImportOptions, ImportResult, ImportStatus, Mode,
    SourceFile, import_file, was_imported,
};
use crate::store::Writer;

/// A file of the inbox, and the outcome of its import.
#[derive(Debug)]
pub struct InboxFile {
    /// The file's folder and name, such as `prices/2026-01-08.csv`.
    pub name: String,
    /// The outcome of the import.
    pub outcome: InboxOutcome,
    /// The file's location after the import.
    pub location: FileLocation,
}

/// Outcome of a file of the inbox.
#[derive(Debug)]
pub enum InboxOutcome {
    /// The rows were validated, and imported if none was invalid.
    Validated(ImportResult),
    /// The file was refused as a whole.
    InvalidFile(FileKind, ImportError),
    /// The same bytes were imported before.
    AlreadyImported,
    /// The file is still being written.
    BeingWritten,
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
    /// Moving failed, so the file is in its old place.
    MoveFailed(io::Error),
}

impl InboxFile {
    /// Returns the reason why the file was not imported, as text; `None` if nothing is wrong.
    pub fn first_error(&self) -> Option<String> {
        match &self.outcome {
            InboxOutcome::AlreadyImported | InboxOutcome::BeingWritten => None,
            InboxOutcome::Validated(result) if result.status != ImportStatus::Refused => None,
            InboxOutcome::Validated(result) => {
                let first = result.first_error();
                first.map(|(line, error)| format!("line {line}: {error}"))
            }
            InboxOutcome::InvalidFile(_, error) => Some(error.refusal.to_string()),
            InboxOutcome::Unreadable(error) => Some(error.to_string()),
            InboxOutcome::Misplaced => Some("not in a folder of a file kind".to_owned()),
        }
    }

    /// Returns true if this import committed the file.
    pub fn is_imported(&self) -> bool {
        matches!(&self.outcome, InboxOutcome::Validated(result) if result.status == ImportStatus::Applied)
    }
}

/// Imports all `*.csv` and `*.txt` files in the inbox's folders of kinds, and creates missing
/// folders. Upper and lower case of the extension are equal. Files in the inbox itself are reported
/// as misplaced. `report` returns the text that is written beside a rejected file.
///
/// # Errors
///
/// Fails if a folder cannot be listed or created, or if the store fails. A refused or unreadable
/// file is not an error.
pub fn import_inbox(
    writer: &mut Writer,
    inbox: &Path,
    context: &ImportContext<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<Vec<InboxFile>, ApplyError> {
    let inbox_error = |source| ApplyError::Inbox {
        path: inbox.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for path in listing::list_files(inbox).map_err(inbox_error)? {
        files.push(misplaced(&path));
    }
    for kind in FileKind::ALL {
        let folder = inbox.join(kind.name());
        listing::ensure_folder(&folder).map_err(inbox_error)?;
        for path in listing::list_files(&folder).map_err(inbox_error)? {
            let mut file = import_inbox_file(writer, &path, kind, context)?;
            file.location = moving::move_file(inbox, &path, kind, &file, report);
            files.push(file);
        }
    }
    Ok(files)
}

/// Returns true if a folder of a kind holds a file that is not being written. An unreadable folder
/// counts as empty.
pub fn has_ready_files(inbox: &Path, context: &ImportContext<'_>) -> bool {
    FileKind::ALL.iter().any(|kind| {
        let files = listing::list_files(&inbox.join(kind.name())).unwrap_or_default();
        let is_stable =
            |path: &PathBuf| matches!(listing::read_if_stable(path, context.now), Ok(Some(_)));
        files.iter().any(is_stable)
    })
}

fn misplaced(path: &Path) -> InboxFile {
    InboxFile {
        name: listing::file_name(path),
        outcome: InboxOutcome::Misplaced,
        location: FileLocation::Unmoved,
    }
}

fn import_inbox_file(
    writer: &mut Writer,
    path: &Path,
    kind: FileKind,
    context: &ImportContext<'_>,
) -> Result<InboxFile, ApplyError> {
    let name = listing::file_name(path);
    let outcome = match listing::read_if_stable(path, context.now) {
        Ok(Some(bytes)) => import_bytes(writer, kind, &name, &bytes, context)?,
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
    context: &ImportContext<'_>,
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
    match import_file(writer, &file, context, Mode::Apply) {
        Ok(result) => Ok(InboxOutcome::Validated(result)),
        Err(ApplyError::Import(error)) => Ok(InboxOutcome::InvalidFile(kind, error)),
        Err(error) => Err(error),
    }
}
