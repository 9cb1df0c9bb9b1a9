//! The file system of the machine.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::file_system::{FileId, FileSystem, FileVersion, OpenFile, UnfinishedFile};
use super::log_holders::LogLocks;
use super::mounts;
use crate::durable::{self, Access, Unfinished};

/// The file system of the machine, which SQLite uses by default.
#[derive(Debug)]
pub(super) struct Machine;

impl FileSystem for Machine {
    fn vfs(&self) -> Option<&'static CStr> {
        None
    }

    fn full_name(&self, file: &Path) -> PathBuf {
        file.to_owned()
    }

    fn resolved(&self, file: &Path) -> PathBuf {
        let is_link = fs::symlink_metadata(file).is_ok_and(|found| found.is_symlink());
        // The path stays as it was given where it can: messages name it.
        let target = is_link.then(|| fs::canonicalize(file).ok()).flatten();
        target.unwrap_or_else(|| file.to_owned())
    }

    fn exists(&self, file: &Path) -> bool {
        file.exists()
    }

    #[cfg(unix)]
    fn file_id(&self, file: &Path) -> io::Result<FileId> {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(file)?;
        Ok(FileId {
            device: found.dev(),
            number: found.ino(),
        })
    }

    /// Other systems do not let an open file be replaced, so its whole name tells it from others.
    #[cfg(not(unix))]
    fn file_id(&self, file: &Path) -> io::Result<FileId> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        fs::canonicalize(file)?.hash(&mut hasher);
        Ok(FileId {
            device: 0,
            number: hasher.finish(),
        })
    }

    fn is_read_only(&self, file: &Path) -> bool {
        fs::metadata(file).is_ok_and(|file| file.permissions().readonly())
    }

    fn version(&self, file: &Path) -> io::Result<FileVersion> {
        let found = fs::metadata(file)?;
        let changed = found.modified().ok();
        let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Ok(FileVersion {
            length: found.len(),
            changed_at: changed.map_or(0, |since| since.as_nanos() as u64),
        })
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(File::open(file)?))
    }

    fn begin(&self, target: &Path) -> io::Result<Box<dyn UnfinishedFile>> {
        Ok(Box::new(Unfinished::begin(target)?))
    }

    fn replace(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        durable::replace(file, content, Access::Unchanged)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        fs::hard_link(file, name)
    }

    fn move_durably(&self, from: &Path, to: &Path) -> io::Result<()> {
        durable::move_file(from, to)
    }

    fn sync_folder(&self, file: &Path) -> io::Result<()> {
        durable::sync_folder_of(file)
    }

    fn log_locks(&self, database: &Path) -> Option<LogLocks> {
        LogLocks::of(database)
    }

    fn network_type(&self, file: &Path) -> Option<String> {
        mounts::network_file_system(file)
    }

    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl UnfinishedFile for Unfinished {
    fn path(&self) -> &Path {
        Self::path(self)
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        Self::finish(*self)
    }
}
