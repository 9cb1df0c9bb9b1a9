//! [`SimulatedDisk`], the interface of the simulated disk for other modules.

use std::sync::{Arc, Mutex};

use super::digest::Digest;
use super::faults::{Call, InjectedDiskFault};
use super::files::Files;
use super::interleaving::{Interleaving, Side};
use super::operation::Operation;
use super::registry::{self, Shared};

/// A disk in memory that holds one database with its log and journal. A clone is another handle of
/// the same disk; [`SimulatedDisk::fork`] returns another disk.
///
/// Connections keep the disk alive: it is dropped with the last of its handles and connections.
#[derive(Debug, Clone)]
pub struct SimulatedDisk(pub(super) Arc<Shared>);

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

    /// Starts to count the calls of this disk, with a fault injected if one is given.
    pub fn arm(&self, fault: Option<InjectedDiskFault>) {
        let mut files = self.0.files();
        files.fault_injector.arm(fault);
        files.after_first_fault = None;
        files.is_doubtful_log_used = false;
    }

    /// Returns whether a log was written to after a sync or a commit of it had failed, since
    /// [`SimulatedDisk::arm`], without being emptied before.
    pub fn is_doubtful_log_used(&self) -> bool {
        self.0.files().is_doubtful_log_used
    }

    /// Stops the injection. Returns the calls since [`SimulatedDisk::arm`] and, if a fault occurred
    /// in a write or a sync, the disk as a process killed by it would leave it.
    pub fn disarm(&self) -> (Vec<Call>, Option<Self>) {
        let mut files = self.0.files();
        let left = files.after_first_fault.take();
        let calls = files.fault_injector.disarm();
        drop(files);
        (calls, left.map(|left| Self::from_files(*left)))
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
}
