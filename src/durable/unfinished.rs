//! A file under a temporary name until it is complete.
//!
//! The temporary name follows from the final one, so the next attempt finds what an interrupted one
//! left, and uses the name again. A lock keeps two processes from writing the same file at once; the
//! system releases it when a process ends.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::calls::{FileCalls, Machine, folder_of};
use super::finish::{EXTENSION, FinishCalls, finish, unfinished_path};

/// Suffixes of the files that SQLite keeps beside a database.
const COMPANIONS: [&str; 4] = ["-journal", "-wal", "-shm", "-synced"];

/// A file that gets its name when it is complete. Dropping it unfinished removes it.
#[derive(Debug)]
pub struct Unfinished {
    file: File,
    is_finished: bool,
    path: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    /// Creates the empty file. Waits while another process writes the same one, and removes what an
    /// interrupted one left.
    ///
    /// # Errors
    ///
    /// The file cannot be created or locked.
    pub fn begin(target: &Path) -> io::Result<Self> {
        let path = unfinished_path(target);
        loop {
            let file = open(&path)?;
            match file.lock() {
                // A file system without locks has no protection from a second process.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                locked => locked?,
            }
            // While this process waited, the other one may have renamed or removed the file.
            if !is_named(&file, &path)? {
                continue;
            }
            let unfinished = Self {
                file,
                is_finished: false,
                path,
                target: target.to_owned(),
            };
            unfinished.clear()?;
            return Ok(unfinished);
        }
    }

    /// Returns the temporary path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file durable under its final name, and returns its size in bytes. Replaces a file
    /// that has the name.
    ///
    /// # Errors
    ///
    /// The file cannot be synced or renamed, or its folder cannot be synced.
    pub fn finish(self) -> io::Result<u64> {
        self.finish_through(&Machine)
    }

    pub(super) fn finish_through(mut self, calls: &dyn FileCalls) -> io::Result<u64> {
        let bytes = finish(&Finishing(&self, calls))?;
        self.is_finished = true;
        Ok(bytes)
    }

    pub(super) const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    fn clear(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        remove_companions(&self.path)
    }
}

impl io::Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(&mut self.file)
    }
}

/// An unfinished file, and the file system on which it gets its name.
struct Finishing<'u>(&'u Unfinished, &'u dyn FileCalls);

impl FinishCalls for Finishing<'_> {
    type Error = io::Error;

    fn sync(&self) -> io::Result<u64> {
        let Self(unfinished, calls) = self;
        calls.sync_file(&unfinished.file, &unfinished.path)?;
        Ok(unfinished.file.metadata()?.len())
    }

    fn rename(&self) -> io::Result<()> {
        let Self(unfinished, calls) = self;
        // Mostly there are none.
        let _ = remove_companions(&unfinished.path);
        calls.rename(&unfinished.path, &unfinished.target)
    }

    fn sync_folder(&self) -> io::Result<()> {
        let Self(unfinished, calls) = self;
        calls.sync_folder(folder_of(&unfinished.target))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = remove_companions(&self.path);
            // If it stays, the next attempt uses it again.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the unfinished files that interrupted processes left in a folder. One that a process still
/// writes is locked, and stays; so do all on a file system without locks.
///
/// # Errors
///
/// The folder cannot be listed, or a file cannot be removed.
pub fn remove_abandoned(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path
            .extension()
            .is_none_or(|extension| extension != EXTENSION)
            || !entry.file_type()?.is_file()
        {
            continue;
        }
        let file = match OpenOptions::new().write(true).open(&path) {
            // Its process finished it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        if file.try_lock().is_ok() && is_named(&file, &path)? {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Returns the paths of the files that SQLite keeps beside a database.
pub fn companions(database: &Path) -> [PathBuf; COMPANIONS.len()] {
    COMPANIONS.map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// Removes the files that SQLite keeps beside a database, if there are any.
fn remove_companions(database: &Path) -> io::Result<()> {
    for path in companions(database) {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(())
}

/// Opens the file, and creates it if it is absent. Never opens the target of a link.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        opened => return opened,
    }
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => {
            fs::remove_file(path)?;
            open(path)
        }
        _ => match options.open(path) {
            // Another process finished it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => open(path),
            opened => opened,
        },
    }
}

/// Returns whether `path` still names the open file.
#[cfg(unix)]
fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        named => {
            let named = named?;
            Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino()))
        }
    }
}

#[cfg(not(unix))]
fn is_named(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}
