//! A simulated disk and a folder of the machine with the same files, whose calls are recorded.

use std::ffi::CStr;
use std::io;
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;

use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{FileSystem, Location};

use super::recorder::{end_watch, register, watch};

const ON_DISK: &CStr = c"recorded-disk";
const ON_MACHINE: &CStr = c"recorded-machine";
/// The database, its log, and the mark of the log.
pub(super) const FILES: [&str; 3] = ["books.db", "books.db-wal", "books.db-synced"];

/// Registers the recorders, once for the process. That of files becomes the default file system, so
/// that production's own code is recorded.
fn register_recorders() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        register(ON_DISK, Some(SimulatedDisk::new().vfs()));
        register(ON_MACHINE, None);
    });
}

/// The disk through its recorder.
#[derive(Debug)]
struct RecordedDisk(SimulatedDisk);

impl FileSystem for RecordedDisk {
    fn vfs(&self) -> &'static CStr {
        ON_DISK
    }

    fn full_name(&self, file: &Path) -> String {
        self.0.full_name(file)
    }

    fn exists(&self, file: &Path) -> bool {
        self.0.exists(file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.0.remove(file)
    }

    fn sync(&self, file: &Path) -> io::Result<u64> {
        self.0.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        self.0.link(file, name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.0.sync_names()
    }

    fn file_number(&self, file: &Path) -> Option<u64> {
        self.0.file_number(file)
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        self.0.read(file)
    }

    fn replace(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        self.0.replace(file, content)
    }

    fn wait(&self, time: Duration) {
        self.0.wait(time);
    }
}

/// The places that a command gets, in one folder.
pub(super) struct Places {
    pub(super) database: Location,
    /// The place of a new database.
    pub(super) copy: Location,
}

impl Places {
    fn new(place: impl Fn(&'static str) -> Location) -> Self {
        Self {
            database: place(FILES[0]),
            copy: place("copy.db"),
        }
    }
}

/// Records the calls of `command` on a copy of a disk.
pub(super) fn calls_on_disk(before: &SimulatedDisk, command: impl FnOnce(&Places)) -> Vec<String> {
    register_recorders();
    let disk = before.fork();
    let name = disk.full_name(FILES[0].as_ref());
    let (folder, _) = name.rsplit_once('/').expect("a disk has a folder");
    let places = Places::new(|name| Location::on(Arc::new(RecordedDisk(disk.clone())), name));
    watch(folder);
    command(&places);
    end_watch(folder)
}

/// Records the calls of `command` on files with the content of a disk.
pub(super) fn calls_on_files(
    before: &SimulatedDisk,
    command: impl FnOnce(&Places),
) -> io::Result<Vec<String>> {
    register_recorders();
    let scratch = tempfile::tempdir()?;
    // SQLite's own names have no links in them.
    let folder = scratch.path().canonicalize()?;
    for name in FILES
        .into_iter()
        .filter(|name| before.exists(name.as_ref()))
    {
        std::fs::write(folder.join(name), before.read(name.as_ref())?)?;
    }
    let name = folder.to_string_lossy();
    watch(&name);
    command(&Places::new(|file| Location::from(folder.join(file))));
    Ok(end_watch(&name))
}
