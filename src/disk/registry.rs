//! Maps SQLite's file names to disks: `17/books.db` is on disk 17.
//!
//! SQLite passes nothing but file names to a file system, so the list of disks has to be global.
//! It holds weak references, so that a disk is dropped with its last handle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use super::files::Files;
use super::interleaving::{Interleaving, Side};

/// The data that all handles and connections of a disk share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Number in the registry; none for the disk of a temporary file, which is opened only once.
    pub(super) number: Option<u64>,
    pub(super) files: Arc<Mutex<Files>>,
    /// Turns and side of this user, if two use the disk at once.
    pub(super) interleaving: Option<(Arc<Interleaving>, Side)>,
}

impl Shared {
    /// Returns a disk outside the registry, for one temporary file.
    pub(super) fn unregistered() -> Arc<Self> {
        Arc::new(Self {
            number: None,
            files: Arc::default(),
            interleaving: None,
        })
    }

    /// Waits for the turn of this user, then locks the files.
    pub(super) fn files_in_turn(&self) -> MutexGuard<'_, Files> {
        if let Some((interleaving, side)) = &self.interleaving {
            interleaving.wait_turn(*side);
        }
        self.files()
    }

    pub(super) fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            remove(number);
        }
    }
}

#[derive(Debug)]
struct Registry {
    disks: BTreeMap<u64, Weak<Shared>>,
    last_number: u64,
}

static REGISTRY: RwLock<Registry> = RwLock::new(Registry {
    disks: BTreeMap::new(),
    last_number: 0,
});

/// Registers the disk that `make` creates for the next number.
pub(super) fn add(make: impl FnOnce(u64) -> Shared) -> Arc<Shared> {
    let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
    registry.last_number += 1;
    let number = registry.last_number;
    let disk = Arc::new(make(number));
    registry.disks.insert(number, Arc::downgrade(&disk));
    disk
}

/// Removes a dropped disk.
fn remove(number: u64) {
    let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
    registry.disks.remove(&number);
}

/// Returns the name by which SQLite opens `file` on a disk.
pub(super) fn name(number: u64, file: &str) -> String {
    format!("{number}/{file}")
}

/// Returns the disk of a name and the name of the file on it; `None` if the name has no disk number
/// or the disk was dropped.
pub(super) fn find(name: &str) -> Option<(Arc<Shared>, &str)> {
    let (number, file) = name.split_once('/')?;
    let number: u64 = number.parse().ok()?;
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    let disk = registry.disks.get(&number)?.upgrade()?;
    Some((disk, file))
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::*;

    #[test]
    fn a_disk_is_found_until_its_last_handle_is_dropped() {
        let disk = SimulatedDisk::new();
        let name = name(disk.0.number.unwrap(), "books.db");
        let (found, file) = find(&name).unwrap();
        assert!(Arc::ptr_eq(&found, &disk.0) && file == "books.db");
        drop(found);
        let other = disk.clone();
        drop(disk);
        assert!(find(&name).is_some());
        drop(other);
        assert!(find(&name).is_none());
        assert!(find("books.db").is_none() && find("x/books.db").is_none());
    }
}
