//! Makes a simulated disk the location of a database.

use std::ffi::CStr;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::operation::NameSync;
use super::simulated::SimulatedDisk;
use super::{interleaving, registry, vfs};
use crate::store::{FileSystem, Location, Store, StoreError};

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
    fn vfs(&self) -> &'static CStr {
        vfs::registered_name()
    }

    fn full_name(&self, file: &Path) -> String {
        let number = self.0.number;
        registry::name(
            number.expect("every disk with a handle is registered"),
            &text(file),
        )
    }

    fn exists(&self, file: &Path) -> bool {
        self.0.files().find(&text(file)).is_some()
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        let deleted = self.0.files().delete(&text(file), NameSync::Pending);
        deleted.then_some(()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync(&self, file: &Path) -> io::Result<u64> {
        let mut files = self.0.files();
        let found = files.find(&text(file)).ok_or(io::ErrorKind::NotFound)?;
        files.sync(found, NameSync::Synced);
        Ok(files.length(found) as u64)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.files().rename(&text(from), &text(to));
        Ok(())
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

    fn sync_names(&self) -> io::Result<()> {
        self.0.files().sync_folder();
        Ok(())
    }

    fn file_number(&self, file: &Path) -> Option<u64> {
        self.0.files().find(&text(file)).map(|found| found.0)
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let mut files = self.0.files();
        let found = files.find(&text(file)).ok_or(io::ErrorKind::NotFound)?;
        let mut content = vec![0; files.length(found)];
        files.read(found, 0, &mut content);
        Ok(content)
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

    /// Lets other threads continue instead.
    fn wait(&self, time: Duration) {
        interleaving::sleep(time);
    }
}

fn text(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
