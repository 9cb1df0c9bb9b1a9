//! Writes small files durably: a reader, and a power cut, see the old content or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::calls::{FileCalls, Machine};
use super::unfinished::Unfinished;

/// The users that may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Those of the file that is replaced; of a new one, those that the process gives all files.
    Unchanged,
    /// All users, such as a collector of metrics that runs as another one.
    All,
}

/// Writes a file, and replaces the one that has the name. Devices and pipes are written directly.
///
/// # Errors
///
/// The file cannot be written, renamed or synced.
pub fn replace(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    replace_through(&Machine, path, content, access)
}

/// Writes a new file; fails if one exists.
///
/// # Errors
///
/// A file exists, or it cannot be written, renamed or synced.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    create_through(&Machine, path, content)
}

pub(super) fn replace_through(
    calls: &dyn FileCalls,
    path: &Path,
    content: &[u8],
    access: Access,
) -> io::Result<()> {
    let present = fs::metadata(path).ok();
    if present.as_ref().is_some_and(|found| !found.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(content);
    }
    // A link stays, and its target is replaced.
    let target = match &present {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_owned(),
    };
    write_and_finish(calls, &target, content, |file| match (access, &present) {
        (Access::All, _) => make_world_readable(file),
        (Access::Unchanged, Some(found)) => file.set_permissions(found.permissions()),
        (Access::Unchanged, None) => Ok(()),
    })
}

pub(super) fn create_through(calls: &dyn FileCalls, path: &Path, content: &[u8]) -> io::Result<()> {
    ensure_absent(path)?;
    // Again under the lock: another process may have created it meanwhile.
    write_and_finish(calls, path, content, |_| ensure_absent(path))
}

/// Fails if a file has the name. A dangling link is one, too.
fn ensure_absent(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

fn write_and_finish(
    calls: &dyn FileCalls,
    target: &Path,
    content: &[u8],
    prepare: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let mut unfinished = Unfinished::begin(target)?;
    prepare(unfinished.file())?;
    unfinished.file().write_all(content)?;
    unfinished.finish_through(calls).map(drop)
}

#[cfg(unix)]
fn make_world_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_world_readable(_: &File) -> io::Result<()> {
    Ok(())
}
