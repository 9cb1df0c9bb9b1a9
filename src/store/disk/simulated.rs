//! [`SimulatedDisk`], the interface of the simulated disk for other modules.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::StoreFault;
use super::digest::Digest;
use super::faults::{Call, InjectedDiskFault};
use super::files::Files;
use super::interleaving::{Interleaving, Side};
use super::operation::{NameSync, Operation};
use super::registry;

/// A disk in memory that holds one database with its log and journal. A clone is another handle of
/// the same disk; [`SimulatedDisk::fork`] returns another disk.
///
/// Connections keep the disk alive: it is dropped with the last of its handles and connections.
#[derive(Debug, Clone)]
pub struct SimulatedDisk(pub(super) Arc<Shared>);

/// The data that all handles and connections of a disk share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Number in the registry; none for the disk of a temporary file, which is opened only once.
    number: Option<u64>,
    files: Arc<Mutex<Files>>,
    /// Turns and side of this user, if two use the disk at once.
    interleaving: Option<(Arc<Interleaving>, Side)>,
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
            registry::remove(number);
        }
    }
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedDisk {
    /// Creates an empty disk.
    pub fn new() -> Self {
        Self::from_files(Files::default())
    }

    pub(super) fn from_files(files: Files) -> Self {
        Self::registered(Arc::new(Mutex::new(files)), None)
    }

    fn registered(
        files: Arc<Mutex<Files>>,
        interleaving: Option<(Arc<Interleaving>, Side)>,
    ) -> Self {
        let make = |number| Shared {
            number: Some(number),
            files,
            interleaving,
        };
        Self(registry::add(make))
    }

    /// Returns a handle of the same disk for one of two users that take turns at their calls.
    #[must_use]
    pub fn interleaved(&self, interleaving: &Arc<Interleaving>, side: Side) -> Self {
        Self::registered(
            Arc::clone(&self.0.files),
            Some((Arc::clone(interleaving), side)),
        )
    }

    /// Returns another disk with the visible state, which is what a killed process leaves: without
    /// connections, locks and shared memory. Unsynced bytes stay unsynced. May be called at any
    /// moment, also during a transaction.
    #[must_use]
    pub fn fork(&self) -> Self {
        let left = self.0.files().after_kill();
        Self::from_files(left)
    }

    /// Returns another disk with the state that a power cut would leave now: the synced bytes under
    /// the synced names.
    #[must_use]
    pub fn after_power_cut(&self) -> Self {
        let left = self.0.files().after_power_cut();
        Self::from_files(left)
    }

    /// Returns another disk with the visible state, on which all files were synced. Bytes that a
    /// failed sync dropped are still not durable.
    #[must_use]
    pub fn synced(&self) -> Self {
        let mut left = self.0.files().after_kill();
        left.sync_all();
        Self::from_files(left)
    }

    /// Starts a log of all changes of this disk. A disk without one, as a new disk is, has no cost
    /// for it.
    pub fn start_log(&self) {
        self.0.files().start_log();
    }

    /// Injects a fault into the store that uses this disk or a later copy of it.
    pub fn inject(&self, fault: Option<StoreFault>) {
        self.0.files().store_fault = fault;
    }

    pub(in crate::store) fn store_fault(&self) -> Option<StoreFault> {
        self.0.files().store_fault
    }

    /// Starts to count the calls of this disk, with a fault injected if one is given.
    pub fn arm(&self, fault: Option<InjectedDiskFault>) {
        self.0.files().fault_injector.arm(fault);
    }

    /// Stops the injection. Returns the calls since [`SimulatedDisk::arm`] and, if a fault occurred
    /// in a write or a sync, the disk as a process killed by it would leave it.
    pub fn disarm(&self) -> (Vec<Call>, Option<Self>) {
        let (calls, left) = self.0.files().fault_injector.disarm();
        (calls, left.map(Self::from_files))
    }

    /// Returns the number of operations in the log so far.
    pub fn log_length(&self) -> usize {
        self.0.files().log_length()
    }

    /// Returns the digest of all visible names and bytes, synced or not.
    pub fn digest(&self) -> Digest {
        self.0.files().digest()
    }

    /// Ends the log and returns it; empty if none was started.
    pub fn end_log(&self) -> Vec<Operation> {
        self.0.files().end_log()
    }

    /// Returns the name by which SQLite finds a file of this disk.
    pub(in crate::store) fn name_of(&self, file: &str) -> String {
        let number = self
            .0
            .number
            .expect("every disk with a handle is registered");
        registry::name(number, file)
    }

    pub(in crate::store) fn has_file(&self, file: &str) -> bool {
        self.0.files().find(file).is_some()
    }

    /// Creates an empty file if the name is free; returns whether it was.
    pub(in crate::store) fn reserve(&self, file: &str) -> bool {
        let mut files = self.0.files();
        let free = files.find(file).is_none();
        if free {
            files.create(file);
        }
        free
    }

    pub(in crate::store) fn delete(&self, file: &str) {
        self.0.files().delete(file, NameSync::Pending);
    }

    pub(in crate::store) fn rename(&self, from: &str, to: &str) {
        self.0.files().rename(from, to);
    }

    /// Makes a file and its name durable. Returns its length in bytes, 0 if it does not exist.
    pub(in crate::store) fn sync(&self, file: &str) -> u64 {
        let mut files = self.0.files();
        files.find(file).map_or(0, |found| {
            files.sync(found, NameSync::Synced);
            files.length(found) as u64
        })
    }
}
