//! Records the calls to a simulated disk, and to files of the machine with the same content.

use std::io::{self, Read as _};
use std::sync::{Arc, Once};

use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{FileSystem as _, Location, Store};

use super::recorder::{record_default, record_named};
use super::watched_folders::{end_watch, watch};

/// The database, its log, and the mark of the log.
const FILES: [&str; 3] = ["books.db", "books.db-wal", "books.db-synced"];

/// Registers the recorders, once for the process. They take the place of both file systems, so that
/// production's own code is recorded.
fn register_recorders() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // The disk is registered with its first use.
        drop(Store::create(&SimulatedDisk::new()));
        record_named(c"plimsoll-disk");
        record_default();
    });
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
    let folder = name
        .parent()
        .expect("a disk has a folder")
        .to_string_lossy();
    let places = Places::new(|name| Location::on(Arc::new(disk.clone()), name));
    watch(&folder);
    command(&places);
    end_watch(&folder)
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
    for name in FILES {
        let Ok(mut file) = before.open(name.as_ref()) else {
            continue;
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        std::fs::write(folder.join(name), content)?;
    }
    let name = folder.to_string_lossy();
    watch(&name);
    command(&Places::new(|file| Location::from(folder.join(file))));
    Ok(end_watch(&name))
}
