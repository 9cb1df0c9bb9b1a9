//! Moves files of the inbox by their outcome, and writes reports about rejected files and rows, and
//! about rows to look at again.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{FileLocation, InboxFile, InboxOutcome};
use super::listing::{StableFile, is_packed, is_unchanged};
use crate::durable;
use crate::import::apply::{FileKind, ImportStatus};
use crate::import::table::extract_lines;
use crate::import::verdict::Verdict;

/// Folder of imported files.
pub(super) const DONE: &str = "done";
/// Folder of refused files.
pub(super) const REJECTED: &str = "rejected";
/// Suffix of a report, after the name of the file.
pub(super) const REPORT_SUFFIX: &str = ".report.txt";

/// Moves a file by its outcome, and writes the report of a rejected one. Rows that were held back
/// are written to a file of their own among the rejected ones.
pub(super) fn move_file(
    inbox: &Path,
    path: &Path,
    kind: FileKind,
    file: &mut InboxFile,
    stable: &StableFile,
    report: &dyn Fn(&InboxFile) -> String,
) {
    if !is_unchanged(path, stable).unwrap_or(true) {
        file.location = FileLocation::Changed;
        return;
    }
    let moved = match &file.outcome {
        InboxOutcome::AlreadyImported => move_to_done(inbox, path, kind),
        InboxOutcome::Validated(result) if result.status != ImportStatus::Refused => {
            let held_back: BTreeSet<u64> = (result.verdicts.iter())
                .filter(|line| matches!(line.verdict, Verdict::Invalid(_)))
                .map(|line| line.line)
                .collect();
            let text = stable.text.as_deref().unwrap_or_default();
            let rows = (!held_back.is_empty()).then(|| extract_lines(text, &held_back));
            let written = rows.map(|rows| write_rejected(inbox, path, kind, &rows, &report(file)));
            match written.transpose() {
                Ok(None) if result.first_warning().is_some() => {
                    move_with_report(inbox, path, DONE, kind, &report(file))
                }
                Ok(held_back) => {
                    file.held_back = held_back;
                    move_to_done(inbox, path, kind)
                }
                Err(error) => Err(error),
            }
        }
        InboxOutcome::Validated(_) | InboxOutcome::InvalidFile(..) => {
            move_with_report(inbox, path, REJECTED, kind, &report(file))
        }
        InboxOutcome::BeingWritten
        | InboxOutcome::Unfinished
        | InboxOutcome::Unreadable(_)
        | InboxOutcome::Misplaced => return,
    };
    file.location = match moved {
        Ok(to) => FileLocation::Moved(to),
        Err(error) => FileLocation::MoveFailed(error),
    };
}

/// Removes what a killed process left among the rejected files of a kind.
pub(super) fn remove_abandoned(inbox: &Path, kind: FileKind) -> io::Result<()> {
    match durable::remove_abandoned(&inbox.join(REJECTED).join(kind.name())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Writes rows that were held back, and their report, to the folder of rejected files.
fn write_rejected(
    inbox: &Path,
    path: &Path,
    kind: FileKind,
    rows: &[u8],
    report: &str,
) -> io::Result<PathBuf> {
    // The rows of a compressed file are written as they are.
    let path = if is_packed(path) {
        &path.with_extension("")
    } else {
        path
    };
    let to = destination(inbox, REJECTED, kind, path)?;
    let report_path = write_report(inbox, &to, report)?;
    let written = durable::create(&inbox.join(&to), rows);
    if written.is_err() && !inbox.join(&to).try_exists()? {
        fs::remove_file(report_path)?;
    }
    written.map(|()| to)
}

/// Writes the report beside the new place of a file, and returns its path.
fn write_report(inbox: &Path, to: &Path, report: &str) -> io::Result<OsString> {
    let mut report_path = inbox.join(to).into_os_string();
    report_path.push(REPORT_SUFFIX);
    // `create` never writes through an existing link.
    durable::create(Path::new(&report_path), report.as_bytes())?;
    Ok(report_path)
}

fn move_with_report(
    inbox: &Path,
    path: &Path,
    target: &str,
    kind: FileKind,
    report: &str,
) -> io::Result<PathBuf> {
    let to = destination(inbox, target, kind, path)?;
    let report_path = write_report(inbox, &to, report)?;
    let moved = durable::move_file(path, &inbox.join(&to));
    // If only the sync after the move failed, the file has its new name, and its report belongs to it.
    if moved.is_err() && !inbox.join(&to).try_exists()? {
        fs::remove_file(report_path)?;
    }
    moved.map(|()| to)
}

fn move_to_done(inbox: &Path, path: &Path, kind: FileKind) -> io::Result<PathBuf> {
    let to = destination(inbox, DONE, kind, path)?;
    durable::move_file(path, &inbox.join(&to))?;
    Ok(to)
}

/// Returns the file's new path relative to the inbox, and creates its folder.
fn destination(inbox: &Path, target: &str, kind: FileKind, path: &Path) -> io::Result<PathBuf> {
    let folder = Path::new(target).join(kind.name());
    durable::create_folders(&inbox.join(&folder))?;
    let name = free_name(&inbox.join(&folder), path)?;
    Ok(folder.join(name))
}

/// Returns the file's name, numbered if a file or a report of that name exists.
pub(super) fn free_name(folder: &Path, path: &Path) -> io::Result<OsString> {
    let mut stem = path.file_stem().unwrap_or_default();
    let mut extension = path.extension().unwrap_or_default().to_owned();
    let unpacked = Path::new(stem);
    if let (true, Some(inner)) = (is_packed(path), unpacked.extension()) {
        // The number goes before both extensions of `a.csv.gz`.
        let mut both = inner.to_owned();
        both.push(".");
        both.push(extension);
        extension = both;
        stem = unpacked.file_stem().unwrap_or_default();
    }
    for number in 1_u32.. {
        let mut name = stem.to_owned();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        name.push(".");
        name.push(&extension);
        let mut report = name.clone();
        report.push(REPORT_SUFFIX);
        if is_free(&folder.join(&name))? && is_free(&folder.join(report))? {
            return Ok(name);
        }
    }
    unreachable!("a folder does not hold four billion files with one name")
}

fn is_free(path: &Path) -> io::Result<bool> {
    // `symlink_metadata`, so that a dangling link counts as an existing file.
    match path.symlink_metadata() {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
