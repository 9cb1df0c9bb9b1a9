//! Chooses the disk images that a crash at a point of the log can leave. An image is defined by the
//! pending operations, those that a power cut could undo, that reached the medium.
//!
//! An image can be made again from its name, the point and the seed alone.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::disk::{Operation, SurvivingOperations, Tear};

/// The part of the pending operations that reached the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrashImage {
    /// All of them: the process was killed.
    Killed,
    /// None of them: the power failed.
    PowerCut,
    /// Changes of names only; none of the bytes.
    Names,
    /// Changes of bytes only; none of the names.
    Bytes,
    /// All of them, with the last write torn.
    Torn(Tear),
    /// Those whose bits are set; the first operation is the lowest bit.
    Subset(u16),
    /// The random subset with this number, drawn from the seed.
    Sample(u16),
}

/// A text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "invalid image `{0}` (as in killed, power-cut, names, bytes, torn-last, subset-1f, sample-3)"
)]
pub struct CrashImageError(String);

const TEARS: [(Tear, &str); 4] = [
    (Tear::First, "torn-first"),
    (Tear::AllButLast, "torn-all-but-last"),
    (Tear::Last, "torn-last"),
    (Tear::EveryOther, "torn-every-other"),
];

impl fmt::Display for CrashImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed => f.write_str("killed"),
            Self::PowerCut => f.write_str("power-cut"),
            Self::Names => f.write_str("names"),
            Self::Bytes => f.write_str("bytes"),
            Self::Torn(tear) => {
                let name = TEARS.iter().find(|(known, _)| known == tear);
                f.write_str(name.map_or("torn", |(_, name)| name))
            }
            Self::Subset(bits) => write!(f, "subset-{bits:x}"),
            Self::Sample(number) => write!(f, "sample-{number}"),
        }
    }
}

impl FromStr for CrashImage {
    type Err = CrashImageError;

    fn from_str(text: &str) -> Result<Self, CrashImageError> {
        let named = match text {
            "killed" => Some(Self::Killed),
            "power-cut" => Some(Self::PowerCut),
            "names" => Some(Self::Names),
            "bytes" => Some(Self::Bytes),
            _ => None,
        };
        let torn = || {
            let tear = TEARS.iter().find(|(_, name)| *name == text);
            tear.map(|(tear, _)| Self::Torn(*tear))
        };
        let subset = || {
            let bits = text.strip_prefix("subset-")?;
            u16::from_str_radix(bits, 16).ok().map(Self::Subset)
        };
        let sample = || {
            let number = text.strip_prefix("sample-")?;
            number.parse().ok().map(Self::Sample)
        };
        named
            .or_else(torn)
            .or_else(subset)
            .or_else(sample)
            .ok_or_else(|| CrashImageError(text.to_owned()))
    }
}

/// The number of images made at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Up to this many pending operations, every subset is an image; at most 14.
    pub exhaustive: u16,
    /// The number of seeded subsets if more are pending.
    pub samples: u16,
}

/// Returns the images at a point. `pending` are the operations that a power cut could undo there.
/// With `settled`, the operation just before the point is not among them.
pub(super) fn crash_images(
    pending: &[Operation],
    extent: Sampling,
    settled: bool,
) -> Vec<CrashImage> {
    let mut images = vec![CrashImage::Killed, CrashImage::PowerCut];
    let names = pending
        .iter()
        .filter(|operation| operation.is_name_change())
        .count();
    // Otherwise each of these equals one of the two images above.
    if names > 0 && names < pending.len() {
        images.extend([CrashImage::Names, CrashImage::Bytes]);
    }
    // Earlier writes were the last ones at earlier points, and were torn there.
    if let (false, Some(Operation::Write { .. })) = (settled, pending.last()) {
        images.extend(Tear::ALL.map(CrashImage::Torn));
    }
    let count = pending.len();
    if count < 2 {
        return images;
    }
    if count <= usize::from(extent.exhaustive.min(MAX_SUBSET_BITS)) {
        // Subsets without the last operation are images of the point before it.
        let last = 1_u16 << (count - 1);
        // The empty and the full subset are `PowerCut` and `Killed`.
        let (from, to) = if settled {
            (1, last << 1)
        } else {
            (last, last << 1)
        };
        images.extend((from..to.wrapping_sub(1)).map(CrashImage::Subset));
    } else {
        images.extend((0..extent.samples).map(CrashImage::Sample));
    }
    images
}

/// Limit of `exhaustive`: 2^14 subsets of a point are the most that are made.
const MAX_SUBSET_BITS: u16 = 14;

impl CrashImage {
    /// Returns which of the pending operations an image keeps.
    pub(super) fn surviving_operations(
        self,
        pending: &[Operation],
        point: usize,
        seed: u64,
    ) -> SurvivingOperations {
        let everything = vec![true; pending.len()];
        let select = |keep: &dyn Fn(usize, &Operation) -> bool| {
            let operations = pending.iter().enumerate();
            operations
                .map(|(at, operation)| keep(at, operation))
                .collect()
        };
        let complete = match self {
            Self::Killed | Self::Torn(_) => everything,
            Self::PowerCut => Vec::new(),
            Self::Names => select(&|_, operation| operation.is_name_change()),
            Self::Bytes => select(&|_, operation| !operation.is_name_change()),
            // A shift by 16 or more would overflow; subsets have at most 14 bits.
            Self::Subset(bits) => select(&|at, _| bits >> at.min(15) & 1 == 1),
            Self::Sample(number) => {
                let bits = sample_bits(seed, point, number, pending.len());
                select(&|at, _| bits[at])
            }
        };
        SurvivingOperations {
            complete,
            torn: match self {
                Self::Torn(tear) => pending.len().checked_sub(1).map(|last| (last, tear)),
                _ => None,
            },
        }
    }
}

/// Returns a bit for each operation, drawn from the seed for one sample at a point.
fn sample_bits(seed: u64, point: usize, number: u16, count: usize) -> Vec<bool> {
    let block = |block: usize| {
        let mut sum = Sha256::new();
        // Hashed rather than drawn in sequence, so that an image can be made again without the
        // images before it.
        for part in [seed, point as u64, u64::from(number), block as u64] {
            sum.update(part.to_le_bytes());
        }
        <[u8; 32]>::from(sum.finalize())
    };
    // Samples keep about half, nine tenths or one tenth of the operations. At even odds, a sample
    // of nearly all or nearly none would be rare, and faults show there.
    let below = match number % 3 {
        0 => 128,
        1 => 230,
        _ => 26,
    };
    let bytes = (0..count.div_ceil(32)).flat_map(block);
    bytes
        .take(count)
        .map(|byte| u32::from(byte) < below)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::disk::FileNumber;

    fn writes(count: usize) -> Vec<Operation> {
        let write = |at| Operation::Write {
            file: FileNumber(1),
            at,
            bytes: Arc::from([1_u8].as_slice()),
        };
        (0..count).map(write).collect()
    }

    #[test]
    fn image_names_round_trip() {
        let mut images = vec![
            CrashImage::Killed,
            CrashImage::PowerCut,
            CrashImage::Names,
            CrashImage::Bytes,
        ];
        images.extend(Tear::ALL.map(CrashImage::Torn));
        images.extend([CrashImage::Subset(0x1f), CrashImage::Sample(3)]);
        for image in images {
            assert_eq!(image.to_string().parse(), Ok(image));
        }
        for text in ["", "torn", "subset-", "subset-xyz", "sample--1"] {
            assert_eq!(
                text.parse::<CrashImage>(),
                Err(CrashImageError(text.to_owned()))
            );
        }
    }

    #[test]
    fn consecutive_points_produce_each_subset_once() {
        let extent = Sampling {
            exhaustive: 6,
            samples: 0,
        };
        let mut seen = BTreeSet::new();
        let mut made = 0;
        for count in 1..=6 {
            let pending = writes(count);
            for image in crash_images(&pending, extent, false) {
                let kept = image.surviving_operations(&pending, count, 1);
                if kept.torn.is_none() {
                    let bits = (0..count).filter(|at| kept.complete.get(*at) == Some(&true));
                    seen.insert(bits.collect::<Vec<_>>());
                    made += 1;
                }
            }
        }
        assert_eq!(seen.len(), 1 << 6);
        assert_eq!(
            made,
            (1 << 6) + 5,
            "no image twice, but the power cut at each point"
        );
    }

    #[test]
    fn long_pending_lists_are_sampled_by_seed() {
        let pending = writes(40);
        let extent = Sampling {
            exhaustive: 14,
            samples: 9,
        };
        let made = crash_images(&pending, extent, false);
        assert_eq!(made.len(), 2 + 4 + 9);
        let bits = |number, seed| {
            CrashImage::Sample(number)
                .surviving_operations(&pending, 7, seed)
                .complete
        };
        assert_eq!(bits(3, 1), bits(3, 1));
        assert_ne!(bits(3, 1), bits(3, 2));
        assert_ne!(bits(3, 1), bits(6, 1));
        let kept = |number| bits(number, 1).iter().filter(|kept| **kept).count();
        assert!(kept(1) > 28 && kept(2) < 12, "{} {}", kept(1), kept(2));
    }
}
