//! The location of a database: a path on the machine, or on a file system that the caller passes.
//!
//! All operations on the files go through [`Location`], so a database on another [`FileSystem`]
//! uses no file and no time of the machine.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StoreError;
use super::file_system::{FileId, FileSystem, FileVersion, OpenFile};
use super::log_holders::LogLocks;
use super::machine::Machine;
use crate::durable;

/// The location of a database.
#[derive(Debug, Clone)]
pub struct Location {
    path: PathBuf,
    files: Arc<dyn FileSystem>,
}

impl<T: AsRef<Path> + ?Sized> From<&T> for Location {
    fn from(path: &T) -> Self {
        Self::from(path.as_ref().to_owned())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::on(Arc::new(Machine), path)
    }
}

impl Location {
    /// Returns the location of a file on a file system that is not the machine's.
    pub fn on(file_system: Arc<dyn FileSystem>, file: impl Into<PathBuf>) -> Self {
        Self {
            path: file.into(),
            files: file_system,
        }
    }

    /// Returns the path of the file; on a file system of its own, the name there.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the location of another file on the same file system.
    pub(super) fn sibling(&self, path: impl Into<PathBuf>) -> Self {
        Self::on(Arc::clone(&self.files), path)
    }

    /// Returns the location of the write-ahead log.
    pub(super) fn log(&self) -> Self {
        self.beside("-wal")
    }

    /// Returns the location of the file itself, if the path is a link.
    pub(super) fn resolved(&self) -> Self {
        self.sibling(self.files.resolved(&self.path))
    }

    /// Returns the location of a file whose name is that of the database with more behind it. SQLite
    /// keeps its files beside the file that a link names, not beside the link.
    pub(super) fn beside(&self, suffix: &str) -> Self {
        let mut name = self.files.resolved(&self.path).into_os_string();
        name.push(suffix);
        self.sibling(name)
    }

    /// Opens a connection, which makes no file unless `flags` say so.
    pub(super) fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let opened = self.open_named(&self.files.full_name(&self.path), flags);
        opened.map_err(|error| self.with_path(error))
    }

    /// Opens a connection that reads the file alone, without its log and without locks.
    pub(super) fn connect_to_file_alone(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        self.open_named(Path::new(&(self.uri() + "?immutable=1")), flags)
    }

    /// Returns what opens the connections of a pool, which make no file unless `flags` say so.
    pub(super) fn connections(&self, flags: OpenFlags) -> SqliteConnectionManager {
        let mut uri = self.uri();
        if let Some(vfs) = self.files.vfs() {
            uri = uri + "?vfs=" + &vfs.to_string_lossy();
        }
        SqliteConnectionManager::file(uri).with_flags(flags | OpenFlags::SQLITE_OPEN_URI)
    }

    /// Names the path in SQLite's error for a file that it cannot open: the full name in its message
    /// can differ from run to run. Other errors, such as that of a damaged schema, keep their reason.
    pub(super) fn with_path(&self, error: rusqlite::Error) -> rusqlite::Error {
        match error {
            // Without memory, the message is made of the name too.
            rusqlite::Error::SqliteFailure(code, Some(_))
                if matches!(code.code, ErrorCode::CannotOpen | ErrorCode::OutOfMemory) =>
            {
                let message = format!("failed to open `{}`", self.path.display());
                rusqlite::Error::SqliteFailure(code, Some(message))
            }
            other => other,
        }
    }

    fn uri(&self) -> String {
        let name = self.files.full_name(&self.path);
        let mut uri = "file:".to_owned();
        for byte in name.as_os_str().as_encoded_bytes() {
            match byte {
                b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
                _ if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
                _ => uri += &format!("%{byte:02x}"),
            }
        }
        uri
    }

    fn open_named(&self, name: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
        match self.files.vfs() {
            None => Connection::open_with_flags(name, flags),
            Some(vfs) => Connection::open_with_flags_and_vfs(name, flags, vfs),
        }
    }

    /// Returns whether a file exists at the location.
    pub(super) fn exists(&self) -> bool {
        self.files.exists(&self.path)
    }

    /// Returns the number of the file that has the name now.
    ///
    /// # Errors
    ///
    /// No file has the name, or its folder cannot be read.
    pub(super) fn file_id(&self) -> Result<FileId, StoreError> {
        let found = self.files.file_id(&self.path);
        found.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Moved(self.path.clone()),
            _ => self.file_error(error),
        })
    }

    /// Returns whether both names are of one file, one of them a link perhaps.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        let ids = self.file_id().and_then(|id| Ok((id, other.file_id()?)));
        ids.is_ok_and(|(one, two)| one == two)
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
        self.files.is_read_only(&self.path)
    }

    /// Replaces SQLite's error for a file that exists and cannot be opened by the system's, which
    /// names the reason: mostly it is a folder, or permission is missing.
    pub(super) fn unopenable(&self, error: rusqlite::Error) -> StoreError {
        match self.files.open(&self.path) {
            Err(source) => self.file_error(source),
            Ok(_) => error.into(),
        }
    }

    /// Returns the version of the file; `None` if there is none.
    pub(super) fn version(&self) -> Option<FileVersion> {
        self.files.version(&self.path).ok()
    }

    /// Returns the length of the file in bytes; 0 if there is none.
    pub(super) fn length(&self) -> u64 {
        self.version().map_or(0, |version| version.length)
    }

    /// Opens the file for reading, without SQLite.
    pub(super) fn open(&self) -> io::Result<Box<dyn OpenFile>> {
        self.files.open(&self.path)
    }

    /// Writes the file durably, and replaces one that exists.
    pub(super) fn replace(&self, content: &[u8]) -> Result<(), StoreError> {
        let replaced = self.files.replace(&self.path, content);
        replaced.map_err(|source| self.file_error(source))
    }

    /// Removes the file if it exists.
    pub(super) fn remove_if_present(&self) -> Result<(), StoreError> {
        match self.files.remove(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|source| self.file_error(source)),
        }
    }

    /// Removes the files that SQLite keeps beside the database, if there are any.
    pub(super) fn remove_companions(&self) -> Result<(), StoreError> {
        durable::companions(&self.files.resolved(&self.path))
            .into_iter()
            .try_for_each(|path| self.sibling(path).remove_if_present())
    }

    /// Removes a database that no connection has open, with the files beside it.
    ///
    /// # Errors
    ///
    /// A file is there and cannot be removed.
    pub fn remove_database(&self) -> Result<(), StoreError> {
        self.remove_companions()?;
        self.remove_if_present()
    }

    /// Gives the file a second name, in the same folder.
    pub(super) fn link(&self, other: &Path) -> Result<(), StoreError> {
        let linked = self.files.link(&self.path, other);
        linked.map_err(|source| self.file_error(source))
    }

    /// Makes the names in the folder of the file durable.
    pub(super) fn sync_folder(&self) -> Result<(), StoreError> {
        let synced = self.files.sync_folder(&self.path);
        synced.map_err(|source| self.file_error(source))
    }

    /// Syncs the file, gives it another name in the same folder, and makes the name durable.
    pub(super) fn move_durably(&self, to: &Path) -> Result<(), StoreError> {
        let moved = self.files.move_durably(&self.path, to);
        moved.map_err(|source| self.file_error(source))
    }

    /// Returns the locks on the log of the database now; `None` where they are not listed.
    pub(super) fn log_locks(&self) -> Option<LogLocks> {
        self.files.log_locks(&self.files.resolved(&self.path))
    }

    /// Returns the type of the network file system that holds the file, if it is on one.
    pub(super) fn network_type(&self) -> Option<String> {
        self.files.network_type(&self.path)
    }

    /// Returns an identity that no other database has.
    pub(super) fn new_identity(&self, connection: &Connection) -> rusqlite::Result<[u8; 16]> {
        self.files.new_identity(connection)
    }

    /// Waits before a retry.
    pub(super) fn wait(&self, time: Duration) {
        self.files.wait(time);
    }

    /// Creates a database under a temporary name with `fill`, syncs it, then renames it. Returns its
    /// size in bytes. Fails if a file exists at the location.
    pub(super) fn create_atomically(
        &self,
        fill: impl FnOnce(Connection) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let file_error = |error| self.file_error(error);
        let unfinished = self.files.begin(&self.path).map_err(file_error)?;
        // Checked under the lock that the file has: of two processes only one succeeds.
        if self.exists() {
            return Err(StoreError::Present(self.path.clone()));
        }
        // A log without its database: SQLite would replay it over the new one.
        self.remove_companions()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        fill(self.sibling(unfinished.path()).connect(flags)?)?;
        unfinished.finish().map_err(file_error)
    }

    pub(super) fn file_error(&self, source: io::Error) -> StoreError {
        StoreError::File {
            path: self.path.clone(),
            source,
        }
    }
}
