//! Where a database lies: in a file of the machine, or on a disk that is simulated. What is asked
//! of either is asked here, so that a simulated one touches no file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{SimulatedDisk, StoreError};

/// The one database of a simulated disk.
const ON_DISK: &str = "books.db";
/// The name of a copy that is not whole yet.
const UNFINISHED: &str = "unfinished";

/// Where a database lies.
#[derive(Debug, Clone)]
pub enum Location {
    /// In a file.
    File(PathBuf),
    /// On a simulated disk, which holds one.
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
    /// The file's path; on a simulated disk, its name there.
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

    /// Whether anything is there.
    pub(super) fn exists(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Disk(disk) => disk.has_file(ON_DISK),
        }
    }

    /// Makes an empty file; refuses when anything is there.
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

    /// Whether the file says that nobody may write it.
    pub(super) fn is_read_only(&self) -> bool {
        match self {
            Self::File(path) => {
                std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly())
            }
            Self::Disk(_) => false,
        }
    }

    /// Why a file that is there can't be opened, as the machine says it: most often it is a
    /// folder, or permission is missing.
    pub(super) fn unopenable(&self, error: rusqlite::Error) -> StoreError {
        match self {
            Self::File(path) => match std::fs::File::open(path) {
                Err(source) => self.file_error(source),
                Ok(_) => error.into(),
            },
            Self::Disk(_) => error.into(),
        }
    }

    /// Waits, or lets others go on where time is simulated.
    pub(super) fn wait(&self, time: Duration) {
        match self {
            Self::File(_) => std::thread::sleep(time),
            Self::Disk(_) => super::disk::sleep(time),
        }
    }

    /// Lets `fill` make a database under another name, syncs it, and gives it its name only then.
    /// How many bytes it has.
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
                match std::fs::remove_file(&unfinished) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(file_error(error));
                    }
                    _ => {}
                }
                fill(Connection::open_with_flags(&unfinished, flags)?)?;
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
