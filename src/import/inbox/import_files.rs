//! Imports the files of an inbox, in order, and moves each by its outcome.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{FileLocation, InboxFile, InboxOutcome};
use super::listing::{Reading, StableFile};
use super::moving::{DONE, REJECTED};
use super::{listing, moving};
use crate::durable;
use crate::import::apply::{
    ApplyError, FileKind, ImportContext, Mode, SourceFile, import_file, was_imported,
};
use crate::import::options::ImportOptions;
use crate::store::Writer;

/// Imports all `*.csv` and `*.txt` files, also compressed by gzip, in the inbox's folders of kinds, and
/// creates missing folders. Upper and lower case of the extension are equal. Files in the inbox itself
/// are reported as misplaced. `report` returns the text that is written beside a rejected file.
///
/// # Errors
///
/// Fails before the first file if [`find_unusable_folder`] finds a folder; fails if a folder cannot be
/// listed or created, or if the store fails. A refused or unreadable file is not an error.
pub fn import_inbox(
    writer: &mut Writer,
    inbox: &Path,
    context: &ImportContext<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<Vec<InboxFile>, ApplyError> {
    // Files that stay where they are would be imported again each time, over later corrections.
    if let Some((path, source)) = find_unusable_folder(inbox) {
        return Err(ApplyError::Inbox { path, source });
    }
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
        durable::create_folders(&folder).map_err(inbox_error)?;
        moving::remove_abandoned(inbox, kind).map_err(inbox_error)?;
        for path in listing::list_files(&folder).map_err(inbox_error)? {
            files.push(import_inbox_file(
                writer, inbox, &path, kind, context, report,
            )?);
        }
    }
    Ok(files)
}

/// Returns a folder of the inbox that files cannot be moved through, and the error; `None` if there is
/// none. Missing folders of kinds are created by the next import.
pub fn find_unusable_folder(inbox: &Path) -> Option<(PathBuf, io::Error)> {
    if let Err(error) = fs::metadata(inbox) {
        return Some((inbox.to_owned(), error));
    }
    let of_kind = |kind: FileKind| {
        let name = kind.name();
        [inbox.to_owned(), inbox.join(DONE), inbox.join(REJECTED)].map(|folder| folder.join(name))
    };
    let mut folders = FileKind::ALL.into_iter().flat_map(of_kind);
    folders.find_map(|folder| {
        let error = durable::check_folder(&folder).err()?;
        Some((folder, error))
    })
}

/// Returns true if a folder of a kind holds a file that is not being written. An unreadable folder
/// counts as empty.
pub fn has_ready_files(inbox: &Path, context: &ImportContext<'_>) -> bool {
    FileKind::ALL.iter().any(|kind| {
        let files = listing::list_files(&inbox.join(kind.name())).unwrap_or_default();
        let is_stable = |path: &PathBuf| {
            matches!(
                listing::read_if_stable(path, context.now),
                Ok(Reading::Stable(_))
            )
        };
        files.iter().any(is_stable)
    })
}

fn misplaced(path: &Path) -> InboxFile {
    InboxFile {
        name: listing::file_name(path),
        outcome: InboxOutcome::Misplaced,
        location: FileLocation::Unmoved,
        held_back: None,
    }
}

/// Creates an inbox with a folder for each kind of file.
///
/// # Errors
///
/// A folder cannot be created.
pub fn create_folders(inbox: &Path) -> Result<(), ApplyError> {
    for kind in FileKind::ALL {
        let folder = inbox.join(kind.name());
        durable::create_folders(&folder).map_err(|source| ApplyError::Inbox {
            path: folder,
            source,
        })?;
    }
    Ok(())
}

/// Writes a file into the folder of its kind, under this name or a numbered one, and imports it like one
/// that was dropped there. If the process ends in between, the next import finds the file.
///
/// # Errors
///
/// The file cannot be written or read, or the store fails. A refused file is not an error.
pub fn import_text(
    writer: &mut Writer,
    inbox: &Path,
    (kind, name): (FileKind, &str),
    text: &[u8],
    context: &ImportContext<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<InboxFile, ApplyError> {
    let folder = inbox.join(kind.name());
    let inbox_error = |source| ApplyError::Inbox {
        path: folder.clone(),
        source,
    };
    durable::create_folders(&folder).map_err(inbox_error)?;
    let name = moving::free_name(&folder, Path::new(name)).map_err(inbox_error)?;
    let path = folder.join(name);
    durable::create(&path, text).map_err(inbox_error)?;
    let stable = listing::read_now(&path).map_err(inbox_error)?;
    let mut file = unread(&path, kind);
    import_stable(
        writer,
        inbox,
        &path,
        (kind, &stable),
        &mut file,
        context,
        report,
    )?;
    Ok(file)
}

fn unread(path: &Path, kind: FileKind) -> InboxFile {
    InboxFile {
        name: format!("{kind}/{}", listing::file_name(path)),
        outcome: InboxOutcome::BeingWritten,
        location: FileLocation::Unmoved,
        held_back: None,
    }
}

/// Imports the text of a file, and moves it by its outcome.
fn import_stable(
    writer: &mut Writer,
    inbox: &Path,
    path: &Path,
    (kind, stable): (FileKind, &StableFile),
    file: &mut InboxFile,
    context: &ImportContext<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<(), ApplyError> {
    let name = listing::file_name(path);
    file.outcome = match &stable.text {
        Ok(text) => import_bytes(writer, kind, &name, text, context)?,
        Err(refusal) => InboxOutcome::InvalidFile(kind, refusal.clone().for_file(&name)),
    };
    moving::move_file(inbox, path, kind, file, stable, report);
    Ok(())
}

/// Imports a file, and moves it by its outcome.
fn import_inbox_file(
    writer: &mut Writer,
    inbox: &Path,
    path: &Path,
    kind: FileKind,
    context: &ImportContext<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<InboxFile, ApplyError> {
    let mut file = unread(path, kind);
    match listing::read_if_stable(path, context.now) {
        Ok(Reading::Stable(stable)) => {
            let stable = (kind, &stable);
            import_stable(writer, inbox, path, stable, &mut file, context, report)?;
        }
        Ok(Reading::BeingWritten) => {}
        Ok(Reading::Unfinished) => file.outcome = InboxOutcome::Unfinished,
        Err(error) => file.outcome = InboxOutcome::Unreadable(error),
    }
    Ok(file)
}

/// Imports the bytes of a file. A file that was imported before is imported again, since other files
/// may have changed its records in between; if nothing changes, the outcome says so.
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
    let is_known = writer.read(|reading| was_imported(reading, &file))?;
    match import_file(writer, &file, context, Mode::Apply) {
        Ok(result) if is_known && result.counts.same == result.counts.rows() => {
            Ok(InboxOutcome::AlreadyImported)
        }
        Ok(result) => Ok(InboxOutcome::Validated(result)),
        Err(ApplyError::Import(error)) => Ok(InboxOutcome::InvalidFile(kind, error)),
        Err(error) => Err(error),
    }
}
