//! Makes a simulated disk the location of a database.

use std::ffi::CStr;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rusqlite::Connection;

use super::locks::HandleNumber;
use super::operation::{FileNumber, NameSync};
use super::registry::Shared;
use super::simulated::SimulatedDisk;
use super::{interleaving, registry, vfs};
use crate::durable::{self, FinishCalls};
use crate::store::{
    FileId, FileSystem, FileVersion, Location, LogLocks, OpenFile, Store, StoreError,
    UnfinishedFile,
};

/// Name of the only database of a disk.
const DATABASE: &str = "books.db";

impl From<&SimulatedDisk> for Location {
    fn from(disk: &SimulatedDisk) -> Self {
        Self::on(Arc::new(disk.clone()), DATABASE)
    }
}

impl SimulatedDisk {
    /// Returns a disk with an empty database. The first call creates it, later ones copy it:
    /// creating one was 14 % of a small scenario.
    pub(crate) fn with_new_database() -> Result<Self, StoreError> {
        static FIRST: OnceLock<SimulatedDisk> = OnceLock::new();
        if let Some(first) = FIRST.get() {
            return Ok(first.fork());
        }
        let disk = Self::new();
        drop(Store::create(&disk)?);
        // Two threads may both create one; all copies are of the first.
        Ok(FIRST.get_or_init(|| disk).fork())
    }
}

/// None of these counts as a call of the disk: only SQLite's calls can be made to fail.
impl FileSystem for SimulatedDisk {
    fn vfs(&self) -> Option<&'static CStr> {
        Some(vfs::registered_name())
    }

    fn full_name(&self, file: &Path) -> PathBuf {
        let number = self.0.number;
        let number = number.expect("every disk with a handle is registered");
        registry::name(number, &text(file)).into()
    }

    fn exists(&self, file: &Path) -> bool {
        self.find(file).is_ok()
    }

    fn file_id(&self, file: &Path) -> io::Result<FileId> {
        let found = self.find(file)?;
        Ok(FileId {
            // Two disks can have files of one number.
            device: Arc::as_ptr(&self.0.files).addr() as u64,
            number: found.0,
        })
    }

    /// The files have no permissions.
    fn is_read_only(&self, _: &Path) -> bool {
        false
    }

    /// The time is the number of changes.
    fn version(&self, file: &Path) -> io::Result<FileVersion> {
        let mut files = self.0.files();
        let found = files.find(&text(file)).ok_or(io::ErrorKind::NotFound)?;
        Ok(FileVersion {
            length: files.length(found) as u64,
            changed_at: files.file(found).changes,
        })
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(Reading::open(&self.0, &text(file))?))
    }

    fn begin(&self, target: &Path) -> io::Result<Box<dyn UnfinishedFile>> {
        let path = durable::unfinished_path(target);
        let mut files = self.0.files();
        for companion in durable::companions(&path) {
            files.delete(&text(&companion), NameSync::Pending);
        }
        // An earlier attempt that was interrupted may have left the file.
        match files.find(&text(&path)) {
            Some(found) => files.truncate(found, 0),
            None => {
                files.create(&text(&path));
            }
        }
        drop(files);
        Ok(Box::new(Unfinished {
            disk: self.clone(),
            path,
            target: target.to_owned(),
        }))
    }

    fn replace(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        let mut files = self.0.files();
        let name = text(file);
        let found = files.find(&name);
        let found = found.unwrap_or_else(|| files.create(&name));
        files.truncate(found, 0);
        files.write(found, 0, content);
        files.sync(found, NameSync::Synced);
        Ok(())
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        let deleted = self.0.files().delete(&text(file), NameSync::Pending);
        deleted.then_some(()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        let mut files = self.0.files();
        let found = files.find(&text(file)).ok_or(io::ErrorKind::NotFound)?;
        match files.find(&text(name)) {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => {
                files.link(found, &text(name));
                Ok(())
            }
        }
    }

    fn move_durably(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.0.files();
        let found = files.find(&text(from)).ok_or(io::ErrorKind::NotFound)?;
        files.sync(found, NameSync::Pending);
        files.rename(&text(from), &text(to));
        files.sync_folder();
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.0.files().sync_folder();
        Ok(())
    }

    /// The processes of a simulation have no numbers.
    fn log_locks(&self, _: &Path) -> Option<LogLocks> {
        None
    }

    fn network_type(&self, _: &Path) -> Option<String> {
        None
    }

    /// Lets other threads continue instead.
    fn wait(&self, time: Duration) {
        interleaving::sleep(time);
    }

    /// Counted, so that equal work gives equal bytes.
    fn new_identity(&self, _: &Connection) -> rusqlite::Result<[u8; 16]> {
        let mut files = self.0.files();
        files.identities += 1;
        Ok(u128::from(files.identities).to_be_bytes())
    }
}

impl SimulatedDisk {
    fn find(&self, file: &Path) -> io::Result<FileNumber> {
        let found = self.0.files().find(&text(file));
        found.ok_or(io::ErrorKind::NotFound.into())
    }
}

/// A database under its temporary name.
struct Unfinished {
    disk: SimulatedDisk,
    path: PathBuf,
    target: PathBuf,
}

impl UnfinishedFile for Unfinished {
    fn path(&self) -> &Path {
        &self.path
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        durable::finish(&*self)
    }
}

impl FinishCalls for Unfinished {
    type Error = io::Error;

    fn sync(&self) -> io::Result<u64> {
        let mut files = self.disk.0.files();
        let found = files.find(&text(&self.path));
        let found = found.ok_or(io::ErrorKind::NotFound)?;
        files.sync(found, NameSync::Pending);
        Ok(files.length(found) as u64)
    }

    fn rename(&self) -> io::Result<()> {
        let mut files = self.disk.0.files();
        for companion in durable::companions(&self.path) {
            files.delete(&text(&companion), NameSync::Pending);
        }
        files.rename(&text(&self.path), &text(&self.target));
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.disk.0.files().sync_folder();
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut files = self.disk.0.files();
        // After it was renamed there is nothing to delete.
        if files.delete(&text(&self.path), NameSync::Pending) {
            for companion in durable::companions(&self.path) {
                files.delete(&text(&companion), NameSync::Pending);
            }
        }
    }
}

/// A file that is read beside SQLite. It stays until it is closed.
#[derive(Debug)]
struct Reading {
    disk: Arc<Shared>,
    file: FileNumber,
    handle: HandleNumber,
    at: usize,
}

impl Reading {
    fn open(disk: &Arc<Shared>, name: &str) -> io::Result<Self> {
        // In turn: another user may be writing the file.
        let mut files = disk.files_in_turn();
        let file = files.find(name).ok_or(io::ErrorKind::NotFound)?;
        let handle = files.open(file);
        drop(files);
        Ok(Self {
            disk: Arc::clone(disk),
            file,
            handle,
            at: 0,
        })
    }
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut files = self.disk.files();
        let left = files.length(self.file).saturating_sub(self.at);
        let count = left.min(into.len());
        files.read(self.file, self.at, &mut into[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Seek for Reading {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.disk.files().length(self.file) as u64, by),
            SeekFrom::Current(by) => (self.at as u64, by),
        };
        let at = from.checked_add_signed(by);
        let at = at.ok_or(io::ErrorKind::InvalidInput)?;
        self.at = at as usize;
        Ok(at)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.disk.files().close(self.file, self.handle);
    }
}

fn text(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
