//! The file system on which a database is: the machine's, or one that the caller passes.

use std::ffi::CStr;
use std::fmt::Debug;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::log_holders::LogLocks;

/// Files of databases, which SQLite reaches through a VFS. The store asks it for all that differs
/// between disks.
pub trait FileSystem: Debug + Send + Sync {
    /// Returns the name under which SQLite knows the file system; none for its default one.
    fn vfs(&self) -> Option<&'static CStr>;

    /// Returns the name by which SQLite finds a file.
    fn full_name(&self, file: &Path) -> PathBuf;

    /// Returns the path of the file itself, which differs from `file` if that is a link.
    fn resolved(&self, file: &Path) -> PathBuf {
        file.to_owned()
    }

    /// Returns whether a file exists.
    fn exists(&self, file: &Path) -> bool;

    /// Returns the number of a file, which a file that replaces it does not have.
    ///
    /// # Errors
    ///
    /// The file does not exist, or its folder cannot be read.
    fn file_id(&self, file: &Path) -> io::Result<FileId>;

    /// Returns whether the permissions of a file forbid writing.
    fn is_read_only(&self, file: &Path) -> bool;

    /// Returns the length of a file and the time of its last change.
    ///
    /// # Errors
    ///
    /// The file does not exist, or its folder cannot be read.
    fn version(&self, file: &Path) -> io::Result<FileVersion>;

    /// Opens a file for reading, beside the connections of SQLite.
    ///
    /// # Errors
    ///
    /// The file does not exist, or cannot be read.
    fn open(&self, file: &Path) -> io::Result<Box<dyn OpenFile>>;

    /// Begins a file under a temporary name.
    ///
    /// # Errors
    ///
    /// The file cannot be created.
    fn begin(&self, target: &Path) -> io::Result<Box<dyn UnfinishedFile>>;

    /// Writes a small file durably, and replaces one that exists.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    fn replace(&self, file: &Path, content: &[u8]) -> io::Result<()>;

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// The file does not exist, or cannot be deleted.
    fn remove(&self, file: &Path) -> io::Result<()>;

    /// Gives a file a second name in its folder.
    ///
    /// # Errors
    ///
    /// The file does not exist, or another one has the name.
    fn link(&self, file: &Path, name: &Path) -> io::Result<()>;

    /// Syncs a file, gives it another name and makes the name durable. Replaces a file that has it.
    ///
    /// # Errors
    ///
    /// The file does not exist, or cannot be synced or renamed.
    fn move_durably(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names in the folder of a file durable.
    ///
    /// # Errors
    ///
    /// The names cannot be synced.
    fn sync_folder(&self, file: &Path) -> io::Result<()>;

    /// Returns the locks on the log of a database now; `None` where they are not listed.
    fn log_locks(&self, database: &Path) -> Option<LogLocks>;

    /// Returns the type of the network file system that holds a file, if it is on one.
    fn network_type(&self, file: &Path) -> Option<String>;

    /// Waits before a retry.
    fn wait(&self, time: Duration);

    /// Returns an identity that no other database has. SQLite draws it unless the file system has
    /// a rule of its own.
    ///
    /// # Errors
    ///
    /// SQLite cannot draw a number.
    fn new_identity(&self, connection: &Connection) -> rusqlite::Result<[u8; 16]> {
        connection.query_row("SELECT randomblob(16)", [], |row| row.get(0))
    }
}

/// A file that is open for reading.
pub trait OpenFile: Debug + Read + Seek {}

impl<T: Debug + Read + Seek> OpenFile for T {}

/// An empty file under a temporary name, which gets its name when it is complete. Dropping it
/// unfinished removes it.
pub trait UnfinishedFile {
    /// Returns the temporary path.
    fn path(&self) -> &Path;

    /// Makes the file durable under its final name, and returns its size in bytes.
    ///
    /// # Errors
    ///
    /// The file cannot be synced or renamed, or its folder cannot be synced.
    fn finish(self: Box<Self>) -> io::Result<u64>;
}

/// The state of a file, which differs after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileVersion {
    /// The length of the file in bytes.
    pub length: u64,
    /// The time of the last change, in a unit of the file system; 0 if it is not known.
    pub changed_at: u64,
}

/// The number that a file system gives a file. A file that replaces another one has a new number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    /// The number of the disk.
    pub device: u64,
    /// The number of the file on the disk.
    pub number: u64,
}
