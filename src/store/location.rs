//! The location of a database: a file, or a simulated disk.
//!
//! All operations on either go through [`Location`], so a simulated database uses no file and no
//! time of the machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{SimulatedDisk, StoreError};

/// Name of the only database of a simulated disk.
const ON_DISK: &str = "books.db";
/// Extension of a copy that is not complete yet.
const UNFINISHED: &str = "unfinished";

/// The location of a database.
#[derive(Debug, Clone)]
pub enum Location {
    /// A file at this path.
    File(PathBuf),
    /// A simulated disk, which holds one database.
    Disk(SimulatedDisk),
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&SimulatedDisk> for Location {
    fn from(disk: &SimulatedDisk) -> Self {
        Self::Disk(disk.clone())
    }
}

impl From<&Self> for Location {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl Location {
    /// Returns the path of the file; on a simulated disk, the name there.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Disk(_) => Path::new(ON_DISK),
        }
    }

    /// Opens a connection, which makes no file unless `flags` say so.
    pub(super) fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        match self {
            Self::File(path) => Connection::open_with_flags(path, flags),
            Self::Disk(disk) => disk.connect(ON_DISK, flags),
        }
    }

    /// Returns whether a file exists at the location.
    pub(super) fn exists(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Disk(disk) => disk.has_file(ON_DISK),
        }
    }

    /// Creates an empty file; fails if one exists.
    ///
    /// Creating it here, and not by SQLite, makes sure that of two processes only one succeeds.
    pub(super) fn reserve(&self) -> Result<(), StoreError> {
        let reserved = match self {
            Self::File(path) => std::fs::File::create_new(path).map(drop),
            Self::Disk(disk) if disk.reserve(ON_DISK) => Ok(()),
            Self::Disk(_) => Err(std::io::ErrorKind::AlreadyExists.into()),
        };
        reserved.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => self.already_exists(),
            _ => self.file_error(error),
        })
    }

    /// Returns whether the permissions of the file forbid writing.
    pub(super) fn is_read_only(&self) -> bool {
        match self {
            Self::File(path) => {
                std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly())
            }
            Self::Disk(_) => false,
        }
    }

    /// Replaces SQLite's error for a file that exists and cannot be opened by the system's, which
    /// names the reason: mostly it is a folder, or permission is missing.
    pub(super) fn unopenable(&self, error: rusqlite::Error) -> StoreError {
        match self {
            Self::File(path) => match std::fs::File::open(path) {
                Err(source) => self.file_error(source),
                Ok(_) => error.into(),
            },
            Self::Disk(_) => error.into(),
        }
    }

    /// Waits; on a simulated disk, lets other threads continue instead.
    pub(super) fn wait(&self, time: Duration) {
        match self {
            Self::File(_) => std::thread::sleep(time),
            Self::Disk(_) => super::disk::sleep(time),
        }
    }

    /// Creates a file under a temporary name with `fill`, syncs it, then renames it. Returns its
    /// size in bytes.
    pub(super) fn create_atomically(
        &self,
        fill: impl FnOnce(Connection) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        if self.exists() {
            return Err(self.already_exists());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match self {
            Self::File(path) => {
                let unfinished = path.with_added_extension(UNFINISHED);
                let file_error = |source| Self::from(&unfinished).file_error(source);
                // An earlier copy that was interrupted may have left its file.
                match std::fs::remove_file(&unfinished) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(file_error(error));
                    }
                    _ => {}
                }
                fill(Connection::open_with_flags(&unfinished, flags)?)?;
                // Synced before the rename: a power cut must not leave the name without the bytes.
                let copy = std::fs::File::open(&unfinished).map_err(file_error)?;
                copy.sync_all().map_err(file_error)?;
                let bytes = copy.metadata().map_err(file_error)?.len();
                std::fs::rename(&unfinished, path).map_err(file_error)?;
                Ok(bytes)
            }
            Self::Disk(disk) => {
                let unfinished = format!("{ON_DISK}.{UNFINISHED}");
                disk.delete(&unfinished);
                fill(disk.connect(&unfinished, flags)?)?;
                let bytes = disk.sync(&unfinished);
                disk.rename(&unfinished, ON_DISK);
                Ok(bytes)
            }
        }
    }

    fn already_exists(&self) -> StoreError {
        StoreError::Present(self.path().to_owned())
    }

    fn file_error(&self, source: std::io::Error) -> StoreError {
        StoreError::File {
            path: self.path().to_owned(),
            source,
        }
    }
}
