//! Checks folders before files are moved through them.

use std::fs;
use std::io;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::calls::folder_of;

/// Fails unless this process can list the files of a folder, add others and move them away. A folder
/// that is missing must be one that can be created.
///
/// # Errors
///
/// The folder is a file or a link to nothing, its disk is read-only, or a permission is missing.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    if let Err(error) = fs::symlink_metadata(folder)
        && error.kind() == io::ErrorKind::NotFound
        && folder_of(folder) != folder
    {
        return check_folder(folder_of(folder));
    }
    if !fs::metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let all = AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK;
    Ok(access(folder, all)?)
}
