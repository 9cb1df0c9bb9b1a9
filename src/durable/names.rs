//! Moves files and creates folders durably.

use std::fs::File;
use std::io;
use std::path::Path;

use super::calls::{FileCalls, Machine, folder_of};

/// Syncs a file, moves it to a new name, and makes both names durable. Replaces a file that has the
/// new name.
///
/// # Errors
///
/// The file cannot be read or moved, or a folder cannot be synced.
pub fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    move_through(&Machine, from, to)
}

/// Makes the names in the folder of a file durable.
///
/// # Errors
///
/// The folder cannot be synced.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    Machine.sync_folder(folder_of(path))
}

/// Creates a folder and those above it that are missing, durably.
///
/// # Errors
///
/// A folder cannot be created or synced.
pub fn create_folders(folder: &Path) -> io::Result<()> {
    create_folders_through(&Machine, folder)
}

pub(super) fn move_through(calls: &dyn FileCalls, from: &Path, to: &Path) -> io::Result<()> {
    // Another program may have written it and not synced it.
    calls.sync_file(&File::open(from)?, from)?;
    calls.rename(from, to)?;
    // The new name first: a power cut in between leaves the file with two names, not with none.
    calls.sync_folder(folder_of(to))?;
    if folder_of(from) != folder_of(to) {
        calls.sync_folder(folder_of(from))?;
    }
    Ok(())
}

pub(super) fn create_folders_through(calls: &dyn FileCalls, folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    create_folders_through(calls, folder_of(folder))?;
    match calls.create_folder(folder) {
        // Another process may have created it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => calls.sync_folder(folder_of(folder)),
    }
}
