//! The log of a disk: the operations that changed it, in order.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::digest::Digest;

/// Number of a file of a disk. A name that is deleted and created again is another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNumber(pub u64);

/// Tells whether an operation makes the names of the folder durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameSync {
    /// All names created and deleted before are durable.
    Synced,
    /// A power cut can restore deleted names and lose created ones.
    Pending,
}

/// One change of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An empty file was created.
    Create {
        /// Number of the file.
        file: FileNumber,
        /// Name in the folder.
        name: String,
    },
    /// Bytes of a file were written.
    Write {
        /// Number of the file.
        file: FileNumber,
        /// Offset of the first byte in the file.
        at: usize,
        /// The bytes that were written.
        bytes: Arc<[u8]>,
    },
    /// The file was cut off, or extended with zeros.
    Truncate {
        /// Number of the file.
        file: FileNumber,
        /// New length in bytes.
        length: usize,
    },
    /// All bytes of the file were made durable.
    Sync {
        /// Number of the file.
        file: FileNumber,
        /// `Synced` if the names were made durable too.
        name_sync: NameSync,
    },
    /// A name was deleted; the file stays while it is open.
    Delete {
        /// Name that was deleted.
        name: String,
        /// `Synced` if the names were made durable too.
        name_sync: NameSync,
    },
    /// A file got a second name.
    Link {
        /// Number of the file.
        file: FileNumber,
        /// Name that it has beside the others.
        name: String,
    },
    /// All names were made durable.
    SyncNames,
    /// A file was renamed and replaced the one that had the name.
    Rename {
        /// Name before the operation.
        from: String,
        /// Name after the operation.
        to: String,
    },
}

impl Operation {
    /// Returns the digest of a log.
    pub fn digest_of(log: &[Self]) -> Digest {
        let mut sum = Sha256::new();
        for operation in log {
            let (kind, number, bytes) = operation.parts();
            sum.update([kind]);
            sum.update(number.to_le_bytes());
            // The length keeps the bytes of two operations apart.
            sum.update(bytes.len().to_le_bytes());
            sum.update(bytes);
        }
        Digest(sum.finalize().into())
    }

    /// Returns the kind, the place and the bytes of an operation, for the digest.
    fn parts(&self) -> (u8, u64, Vec<u8>) {
        // Files in memory are far shorter than 2^48 bytes.
        let at = |file: &FileNumber, at: usize| (file.0 << 48) | at as u64;
        match self {
            Self::Create { file, name } => (0, file.0, name.clone().into_bytes()),
            Self::Write {
                file,
                at: from,
                bytes,
            } => (1, at(file, *from), bytes.to_vec()),
            Self::Truncate { file, length } => (2, at(file, *length), Vec::new()),
            Self::Sync {
                file,
                name_sync: names,
            } => (3 + u8::from(*names == NameSync::Synced), file.0, Vec::new()),
            Self::Delete {
                name,
                name_sync: names,
            } => {
                let kind = 5 + u8::from(*names == NameSync::Synced);
                (kind, 0, name.clone().into_bytes())
            }
            Self::Link { file, name } => (8, file.0, name.clone().into_bytes()),
            Self::SyncNames => (9, 0, Vec::new()),
            Self::Rename { from, to } => (7, from.len() as u64, format!("{from}{to}").into_bytes()),
        }
    }
}
