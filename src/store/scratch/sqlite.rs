//! Scratch databases that are SQLite files, each in a temporary folder of its own.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use tempfile::TempDir;

use super::database::{ScratchConnection, ScratchDatabase, ScratchLocation};
use super::file::ScratchFile;
use crate::store::error::StoreError;

/// The beginning of the names of folders.
const PREFIX: &str = "plimsoll-job-";
/// The name of a database in its folder.
const FILE_NAME: &str = "scratch.db";

/// The byte that SQLite locks in a file for a write, and in the index of a write-ahead log.
const RESERVED: i64 = 0x4000_0001;
const LOG_WRITER: i64 = 120;

/// A SQLite file, whose folder is removed with the value.
#[derive(Debug)]
pub(crate) struct SqliteScratch {
    path: PathBuf,
    /// Keeps the folder until the value is dropped.
    _folder: TempDir,
    /// The folder itself, locked by this process, which shows others that it is in use.
    _lock: File,
}

impl SqliteScratch {
    /// Makes the folder of a file. The file itself is made by a script or by another program.
    pub(crate) fn create() -> Result<Self, StoreError> {
        let failed = |source| StoreError::File {
            path: std::env::temp_dir(),
            source,
        };
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
        let folder = folder.map_err(failed)?;
        let lock = File::open(folder.path()).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self {
            path: folder.path().join(FILE_NAME),
            _folder: folder,
            _lock: lock,
        })
    }

    /// Removes the folders that processes left which were killed: a folder is locked before it has a
    /// file, until it is removed.
    pub(crate) fn remove_abandoned() {
        let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
            return;
        };
        for folder in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with(PREFIX) || !folder.join(FILE_NAME).is_file() {
                continue;
            }
            let is_free = |lock: File| lock.try_lock().is_ok().then_some(lock);
            if let Some(_lock) = File::open(&folder).ok().and_then(is_free) {
                // Another process may remove it at this moment.
                let _ = std::fs::remove_dir_all(&folder);
            }
        }
    }
}

impl ScratchDatabase for SqliteScratch {
    fn location(&self) -> ScratchLocation<'_> {
        ScratchLocation::File(&self.path)
    }

    fn run_script(&self, script: &str) -> Result<(), StoreError> {
        ScratchFile::create(&self.path, script).map(drop)
    }

    fn connect_unmarked(&self) -> Result<Box<dyn ScratchConnection>, StoreError> {
        // A link leads to a file that may be in use.
        let made = std::fs::symlink_metadata(&self.path);
        if made.is_ok_and(|made| !made.is_file() || made.nlink() > 1) {
            return Err(StoreError::LinkedScratch(self.path.clone()));
        }
        Ok(Box::new(ScratchFile::open_made(&self.path)?))
    }

    fn connect(&self) -> Result<Box<dyn ScratchConnection>, StoreError> {
        Ok(Box::new(ScratchFile::open(&self.path)?))
    }

    fn copy(&self) -> Result<Box<dyn ScratchDatabase>, StoreError> {
        let copy = Self::create()?;
        std::fs::copy(&self.path, &copy.path).map_err(|source| StoreError::File {
            path: copy.path.clone(),
            source,
        })?;
        Ok(Box::new(copy))
    }

    // A process that ended holds no file.
    fn end_sessions(&self, _grace: Duration) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_in_write(&self) -> Result<bool, StoreError> {
        let mut shared = self.path.clone().into_os_string();
        shared.push("-shm");
        Ok(is_locked(&self.path, RESERVED)? || is_locked(Path::new(&shared), LOG_WRITER)?)
    }

    fn sees_fault(&self) -> bool {
        false
    }

    fn redacted(&self, output: String) -> String {
        output
    }
}

/// Returns whether another process has a lock on a byte of a file. The calling process must have no
/// lock on the file, which it would lose.
fn is_locked(path: &Path, byte: i64) -> Result<bool, StoreError> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(source) => {
            let path = path.to_owned();
            return Err(StoreError::File { path, source });
        }
    };
    let mut lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte,
        l_len: 1,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_GETLK(&mut lock)).map_err(|error| StoreError::File {
        path: path.to_owned(),
        source: error.into(),
    })?;
    Ok(lock.l_type != libc::F_UNLCK as libc::c_short)
}
