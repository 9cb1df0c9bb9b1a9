//! Opens a disk that a crash left, as the next process does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::crash_image::CrashImage;
use super::finding::SecondCrash;
use crate::disk::{Digest, SimulatedDisk};
use crate::store::{Store, StoreError};

/// A disk after recovery, without any open connection.
#[derive(Debug, Clone)]
pub(super) struct RecoveredDisk {
    pub(super) digest: Digest,
    pub(super) disk: SimulatedDisk,
}

/// An image with the result of its recovery.
#[derive(Debug)]
pub(super) struct RecoveredImage {
    pub(super) point: usize,
    pub(super) image: CrashImage,
    /// The crash during recovery, if there was one.
    pub(super) second_crash: Option<SecondCrash>,
    /// The digest of the recovered disk, or the error that recovery ended with.
    pub(super) recovered: Result<Digest, String>,
}

/// Opens a disk for reading and writing as the next run does, and closes it again.
pub(super) fn recover(left: SimulatedDisk) -> Result<RecoveredDisk, StoreError> {
    let store = Store::open(&left)?;
    store.read(|reading| reading.lease().holder())?;
    // Opening for writing empties the log, which is a part of recovery.
    drop(store.writer()?);
    drop(store);
    Ok(RecoveredDisk {
        digest: left.digest(),
        disk: left,
    })
}

/// The recovered disks by the digest of the image, so that no image is recovered twice.
#[derive(Debug, Default)]
pub(super) struct RecoveryCache {
    by_image: Mutex<BTreeMap<Digest, Result<Digest, String>>>,
    /// The images whose recovery was crashed too.
    crashed: Mutex<BTreeSet<Digest>>,
    disks: Mutex<BTreeMap<Digest, RecoveredDisk>>,
}

impl RecoveryCache {
    pub(super) fn recover_once(&self, left: SimulatedDisk) -> Result<Digest, String> {
        let digest = left.digest();
        // The lock is taken anew each time: recovering is slow, and other threads must not wait for
        // it.
        let known = || self.by_image.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&digest) {
            return known.clone();
        }
        let result = match recover(left) {
            Ok(recovered) => {
                let digest = recovered.digest;
                let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
                // One copy a digest is enough: equal bytes behave alike.
                disks.entry(digest).or_insert(recovered);
                Ok(digest)
            }
            Err(error) => Err(error.to_string()),
        };
        known().insert(digest, result.clone());
        result
    }

    /// Returns true if the recovery of this image was not crashed before.
    pub(super) fn insert_crashed(&self, left: &SimulatedDisk) -> bool {
        let mut crashed = self.crashed.lock().unwrap_or_else(PoisonError::into_inner);
        crashed.insert(left.digest())
    }

    /// Returns the number of different images, and the disks that they recovered to.
    pub(super) fn into_parts(self) -> (usize, BTreeMap<Digest, RecoveredDisk>) {
        let known = self.by_image.into_inner();
        let disks = self.disks.into_inner();
        (
            known.unwrap_or_else(PoisonError::into_inner).len(),
            disks.unwrap_or_else(PoisonError::into_inner),
        )
    }
}
