//! A disk that was left, opened by the next process: what it finds once the store has recovered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::store::disk::Digest;
use crate::store::{SimulatedDisk, Store, StoreError};

/// A disk after recovery, with nobody on it.
#[derive(Debug, Clone)]
pub(super) struct RecoveredDisk {
    pub(super) digest: Digest,
    pub(super) disk: SimulatedDisk,
}

/// Opens a disk as the next run does, once, and closes it again.
pub(super) fn recover(left: SimulatedDisk) -> Result<RecoveredDisk, StoreError> {
    let store = Store::open(&left)?;
    store.read(|reading| reading.lease_holder())?;
    drop(store.writer()?);
    drop(store);
    Ok(RecoveredDisk {
        digest: left.digest(),
        disk: left,
    })
}

/// What every image recovered to, by the image's own digest, so that none is recovered twice.
#[derive(Debug, Default)]
pub(super) struct RecoveryCache {
    by_image: Mutex<BTreeMap<Digest, Result<Digest, String>>>,
    /// The images whose recovery was let crash.
    crashed: Mutex<BTreeSet<Digest>>,
    disks: Mutex<BTreeMap<Digest, RecoveredDisk>>,
}

impl RecoveryCache {
    pub(super) fn recover_once(&self, left: SimulatedDisk) -> Result<Digest, String> {
        let digest = left.digest();
        let known = || self.by_image.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&digest) {
            return known.clone();
        }
        let result = match recover(left) {
            Ok(recovered) => {
                let digest = recovered.digest;
                let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
                disks.entry(digest).or_insert(recovered);
                Ok(digest)
            }
            Err(error) => Err(error.to_string()),
        };
        known().insert(digest, result.clone());
        result
    }

    /// Whether nobody has asked this of an image before.
    pub(super) fn insert_crashed(&self, left: &SimulatedDisk) -> bool {
        let mut crashed = self.crashed.lock().unwrap_or_else(PoisonError::into_inner);
        crashed.insert(left.digest())
    }

    /// How many different images there were, and the disks that they recovered to.
    pub(super) fn into_parts(self) -> (usize, BTreeMap<Digest, RecoveredDisk>) {
        let known = self.by_image.into_inner();
        let disks = self.disks.into_inner();
        (
            known.unwrap_or_else(PoisonError::into_inner).len(),
            disks.unwrap_or_else(PoisonError::into_inner),
        )
    }
}
