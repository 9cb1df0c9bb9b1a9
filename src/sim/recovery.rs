//! A disk that was left, opened by the next process: what it finds once the store has recovered.

use crate::store::disk::Digest;
use crate::store::{SimulatedDisk, Store, StoreError};

/// A disk after recovery, with nobody on it.
#[derive(Debug, Clone)]
pub(super) struct Recovered {
    pub(super) digest: Digest,
    pub(super) disk: SimulatedDisk,
}

/// Opens a disk as the next run does, once, and closes it again.
pub(super) fn recover(left: SimulatedDisk) -> Result<Recovered, StoreError> {
    let store = Store::open(&left)?;
    store.read(|reading| reading.lease_holder())?;
    drop(store.writer()?);
    drop(store);
    Ok(Recovered {
        digest: left.digest(),
        disk: left,
    })
}
