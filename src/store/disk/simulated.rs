//! A disk as the rest of the house holds it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::StoreFault;
use super::digest::Digest;
use super::faults::{Call, InjectedDiskFault};
use super::files::Files;
use super::interleaving::{Interleaving, Side};
use super::operation::{NameSync, Operation};
use super::registry;

/// A disk in memory that holds one database and what SQLite keeps beside it. A clone is another
/// handle of the same disk; [`SimulatedDisk::fork`] is another disk.
///
/// Its connections keep it, so that it goes when the last of them and of its handles goes.
#[derive(Debug, Clone)]
pub struct SimulatedDisk(pub(super) Arc<Shared>);

/// What all handles and connections of a disk share.
#[derive(Debug)]
pub(super) struct Shared {
    /// By which a disk is found; none for a file without a name, which nobody else opens.
    number: Option<u64>,
    files: Arc<Mutex<Files>>,
    /// Whose turn it is among those who use the disk at once.
    interleaving: Option<(Arc<Interleaving>, Side)>,
}

impl Shared {
    /// A disk that cannot be found, for one file without a name.
    pub(super) fn unregistered() -> Arc<Self> {
        Arc::new(Self {
            number: None,
            files: Arc::default(),
            interleaving: None,
        })
    }

    /// The files, once it is the caller's turn.
    pub(super) fn files_in_turn(&self) -> MutexGuard<'_, Files> {
        if let Some((turns, side)) = &self.interleaving {
            turns.wait_turn(*side);
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
    /// An empty disk.
    pub fn new() -> Self {
        Self::from_files(Files::default())
    }

    pub(super) fn from_files(files: Files) -> Self {
        Self::registered(Arc::new(Mutex::new(files)), None)
    }

    fn registered(files: Arc<Mutex<Files>>, turns: Option<(Arc<Interleaving>, Side)>) -> Self {
        let make = |number| Shared {
            number: Some(number),
            files,
            interleaving: turns,
        };
        Self(registry::add(make))
    }

    /// The same disk, as one of two sees it who take turns at their calls.
    #[must_use]
    pub fn interleaved(&self, turns: &Arc<Interleaving>, side: Side) -> Self {
        Self::registered(Arc::clone(&self.0.files), Some((Arc::clone(turns), side)))
    }

    /// Another disk with everything that can be seen now, which is what a killed process leaves
    /// behind: no connection, no lock, no shared memory; and what was not synced still is not.
    /// It may be asked for at any moment, also while a transaction is under way.
    #[must_use]
    pub fn fork(&self) -> Self {
        let left = self.0.files().after_kill();
        Self::from_files(left)
    }

    /// Another disk with what a power cut at this moment would leave: the bytes that were synced,
    /// under the names that were.
    #[must_use]
    pub fn after_power_cut(&self) -> Self {
        let left = self.0.files().after_power_cut();
        Self::from_files(left)
    }

    /// Another disk with everything that can be seen now, and as much of it durable as syncing
    /// every file could make so: what a failed sync dropped is not.
    #[must_use]
    pub fn synced(&self) -> Self {
        let mut left = self.0.files().after_kill();
        left.sync_all();
        Self::from_files(left)
    }

    /// Keeps a log of everything that changes this disk from here on. A disk without one, as it
    /// is made, does nothing for it.
    pub fn start_log(&self) {
        self.0.files().start_log();
    }

    /// Plants a fault in the store that writes on this disk and on every copy of it.
    pub fn inject(&self, slip: Option<StoreFault>) {
        self.0.files().store_fault = slip;
    }

    pub(in crate::store) fn store_fault(&self) -> Option<StoreFault> {
        self.0.files().store_fault
    }

    /// Counts what SQLite asks of this disk from here on, and lets a fault happen.
    pub fn arm(&self, strike: Option<InjectedDiskFault>) {
        self.0.files().fault_injector.arm(strike);
    }

    /// From here on nothing goes wrong any more. What was asked since [`SimulatedDisk::arm`], and
    /// the disk that a process leaves that is killed by the fault.
    pub fn disarm(&self) -> (Vec<Call>, Option<Self>) {
        let (calls, left) = self.0.files().fault_injector.disarm();
        (calls, left.map(Self::from_files))
    }

    /// How many operations the log holds by now.
    pub fn log_length(&self) -> usize {
        self.0.files().log_length()
    }

    /// What everything that can be seen on this disk comes to. Equal digests, equal disks; what
    /// was synced of it does not matter.
    pub fn digest(&self) -> Digest {
        self.0.files().digest()
    }

    /// Ends the log and hands it out; empty when none was started.
    pub fn end_log(&self) -> Vec<Operation> {
        self.0.files().end_log()
    }

    /// The name by which SQLite finds a file of this disk.
    pub(in crate::store) fn name_of(&self, file: &str) -> String {
        let number = self.0.number.expect("a disk that is held was registered");
        registry::name(number, file)
    }

    pub(in crate::store) fn has_file(&self, file: &str) -> bool {
        self.0.files().find(file).is_some()
    }

    /// Makes an empty file if the name is free; whether it was.
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

    /// Makes a file durable with its name; how many bytes it has, none when there is no such file.
    pub(in crate::store) fn sync(&self, file: &str) -> u64 {
        let mut files = self.0.files();
        files.find(file).map_or(0, |found| {
            files.sync(found, NameSync::Synced);
            files.length(found) as u64
        })
    }
}
