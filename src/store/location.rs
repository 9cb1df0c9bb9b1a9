//! The location of a database: a path on the machine, or on a file system that the caller passes.
//!
//! All operations on the files go through [`Location`], so a database on another [`FileSystem`]
//! uses no file and no time of the machine.

use std::ffi::CStr;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use crate::durable::{Access, FinishCalls, Unfinished, finish, replace, unfinished_path};

/// Files outside the machine's file system, which SQLite reaches through a VFS.
pub trait FileSystem: Debug + Send + Sync {
    /// Returns the name under which SQLite knows the file system.
    fn vfs(&self) -> &'static CStr;

    /// Returns the name by which SQLite finds a file.
    fn full_name(&self, file: &Path) -> String;

    /// Returns whether a file exists.
    fn exists(&self, file: &Path) -> bool;

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// The file does not exist, or cannot be deleted.
    fn remove(&self, file: &Path) -> io::Result<()>;

    /// Makes a file and its name durable, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// The file does not exist, or cannot be synced.
    fn sync(&self, file: &Path) -> io::Result<u64>;

    /// Renames a file and replaces the one that has the name.
    ///
    /// # Errors
    ///
    /// The file cannot be renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    ///
    /// The file does not exist, or another one has the name.
    fn link(&self, file: &Path, name: &Path) -> io::Result<()>;

    /// Makes the names of all files durable.
    ///
    /// # Errors
    ///
    /// The names cannot be synced.
    fn sync_names(&self) -> io::Result<()>;

    /// Returns the number of a file, which a file that replaces it does not have.
    fn file_number(&self, file: &Path) -> Option<u64>;

    /// Returns the content of a file.
    ///
    /// # Errors
    ///
    /// The file does not exist.
    fn read(&self, file: &Path) -> io::Result<Vec<u8>>;

    /// Writes a small file durably, and replaces one that exists.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    fn replace(&self, file: &Path, content: &[u8]) -> io::Result<()>;

    /// Waits before a retry.
    fn wait(&self, time: Duration);
}

/// The number that a file system gives a file. A file that replaces another one has a new number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    number: u64,
}

/// The location of a database.
#[derive(Debug, Clone)]
pub struct Location {
    path: PathBuf,
    /// None for the machine's own.
    file_system: Option<Arc<dyn FileSystem>>,
}

impl<T: AsRef<Path> + ?Sized> From<&T> for Location {
    fn from(path: &T) -> Self {
        Self::from(path.as_ref().to_owned())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            file_system: None,
        }
    }
}

impl Location {
    /// Returns the location of a file on a file system that is not the machine's.
    pub fn on(file_system: Arc<dyn FileSystem>, file: impl Into<PathBuf>) -> Self {
        Self {
            path: file.into(),
            file_system: Some(file_system),
        }
    }

    /// Returns the path of the file; on a file system of its own, the name there.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file_system(&self) -> Option<&dyn FileSystem> {
        self.file_system.as_deref()
    }

    /// Returns the location of another file on the same file system.
    pub(super) fn sibling(&self, path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            file_system: self.file_system.clone(),
        }
    }

    /// Opens a connection, which makes no file unless `flags` say so.
    pub(super) fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let Some(files) = self.file_system() else {
            return Connection::open_with_flags(&self.path, flags);
        };
        let name = files.full_name(&self.path);
        // SQLite's message has the full name, which can differ from run to run.
        Connection::open_with_flags_and_vfs(name, flags, files.vfs()).map_err(|error| match error {
            rusqlite::Error::SqliteFailure(code, Some(_)) => {
                let message = format!("failed to open `{}`", self.path.display());
                rusqlite::Error::SqliteFailure(code, Some(message))
            }
            other => other,
        })
    }

    /// Returns whether a file exists at the location.
    pub(super) fn exists(&self) -> bool {
        match self.file_system() {
            None => self.path.exists(),
            Some(files) => files.exists(&self.path),
        }
    }

    /// Returns the number of the file that has the name now.
    ///
    /// # Errors
    ///
    /// No file has the name, or its folder cannot be read.
    pub(super) fn file_id(&self) -> Result<FileId, StoreError> {
        let found = match self.file_system() {
            None => file_id(&self.path),
            Some(files) => {
                let number = files.file_number(&self.path);
                let id = number.map(|number| FileId { device: 0, number });
                id.ok_or(io::ErrorKind::NotFound.into())
            }
        };
        found.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Moved(self.path.clone()),
            _ => self.file_error(error),
        })
    }

    /// Returns whether both names are of one file, one of them a link perhaps.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        // Only Unix numbers files; elsewhere the whole names decide.
        let has_numbers = cfg!(unix) || self.file_system.is_some();
        let whole = |place: &Self| std::fs::canonicalize(&place.path).ok();
        match (self.file_id(), other.file_id()) {
            (Ok(one), Ok(two)) if one == two => has_numbers || whole(self) == whole(other),
            _ => false,
        }
    }

    /// Fails if another file has the name now, or none.
    pub(super) fn ensure_is(&self, file: FileId) -> Result<(), StoreError> {
        match self.file_id()? == file {
            true => Ok(()),
            false => Err(StoreError::Moved(self.path.clone())),
        }
    }

    /// Returns whether the permissions of the file forbid writing.
    pub(super) fn is_read_only(&self) -> bool {
        let metadata = || std::fs::metadata(&self.path);
        self.file_system.is_none() && metadata().is_ok_and(|file| file.permissions().readonly())
    }

    /// Replaces SQLite's error for a file that exists and cannot be opened by the system's, which
    /// names the reason: mostly it is a folder, or permission is missing.
    pub(super) fn unopenable(&self, error: rusqlite::Error) -> StoreError {
        match (&self.file_system, std::fs::File::open(&self.path)) {
            (None, Err(source)) => self.file_error(source),
            _ => error.into(),
        }
    }

    /// Returns the content of a file beside the database.
    pub(super) fn read_beside(&self, file: &Path) -> io::Result<Vec<u8>> {
        match self.file_system() {
            None => std::fs::read(file),
            Some(files) => files.read(file),
        }
    }

    /// Writes a file beside the database durably, and replaces one that exists.
    pub(super) fn replace_beside(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        match self.file_system() {
            None => replace(file, content, Access::Unchanged),
            Some(files) => files.replace(file, content),
        }
    }

    /// Removes a file beside the database.
    pub(super) fn remove_beside(&self, file: &Path) -> io::Result<()> {
        match self.file_system() {
            None => std::fs::remove_file(file),
            Some(files) => files.remove(file),
        }
    }

    /// Waits before a retry.
    pub(super) fn wait(&self, time: Duration) {
        match self.file_system() {
            None => std::thread::sleep(time),
            Some(files) => files.wait(time),
        }
    }

    /// Creates a database under a temporary name with `fill`, syncs it, then renames it. Returns its
    /// size in bytes. Fails if a file exists at the location.
    pub(super) fn create_atomically(
        &self,
        fill: impl FnOnce(Connection) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        if let Some(files) = self.file_system.clone() {
            return self.create_on(files, fill);
        }
        let file_error = |error| self.file_error(error);
        let unfinished = Unfinished::begin(&self.path).map_err(file_error)?;
        // Checked under the lock that the file has: of two processes only one succeeds.
        if self.exists() {
            return Err(self.already_exists());
        }
        // A log without its database: SQLite would replay it over the new one.
        self.remove_companions()?;
        fill(Self::from(unfinished.path()).connect(create_flags())?)?;
        unfinished.finish().map_err(file_error)
    }

    fn create_on(
        &self,
        files: Arc<dyn FileSystem>,
        fill: impl FnOnce(Connection) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        if self.exists() {
            return Err(self.already_exists());
        }
        let unfinished = Self::on(Arc::clone(&files), unfinished_path(&self.path));
        // An earlier attempt that was interrupted may have left its files, and a log without its
        // database would be replayed.
        unfinished.remove_if_present()?;
        unfinished.remove_companions()?;
        self.remove_companions()?;
        fill(unfinished.connect(create_flags())?)?;
        let finishing = Finishing {
            files: &*files,
            from: &unfinished.path,
            to: &self.path,
        };
        finish(&finishing).map_err(|error| unfinished.file_error(error))
    }

    fn already_exists(&self) -> StoreError {
        StoreError::Present(self.path.clone())
    }

    fn file_error(&self, source: io::Error) -> StoreError {
        StoreError::File {
            path: self.path.clone(),
            source,
        }
    }
}

/// A database under its temporary name on a file system of its own.
struct Finishing<'f> {
    files: &'f dyn FileSystem,
    from: &'f Path,
    to: &'f Path,
}

impl FinishCalls for Finishing<'_> {
    type Error = io::Error;

    fn sync(&self) -> io::Result<u64> {
        self.files.sync(self.from)
    }

    fn rename(&self) -> io::Result<()> {
        self.files.rename(self.from, self.to)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.files.sync_names()
    }
}

#[cfg(unix)]
fn file_id(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path)?;
    Ok(FileId {
        device: found.dev(),
        number: found.ino(),
    })
}

/// Other systems do not let an open file be replaced.
#[cfg(not(unix))]
fn file_id(path: &Path) -> io::Result<FileId> {
    let (device, number) = (0, 0);
    std::fs::metadata(path).map(|_| FileId { device, number })
}

fn create_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
}
