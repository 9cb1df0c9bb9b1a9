//! The log of a disk: everything that changed it, in order.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::digest::Digest;

/// Which file of a disk. A name that is deleted and made again is another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNumber(pub u64);

/// Whether the names of the folder were synced too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameSync {
    /// What was made and deleted is durable.
    Synced,
    /// A power cut can bring back what was deleted, and lose what was made.
    Pending,
}

/// One thing that was done to a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An empty file was made.
    Create {
        /// The file.
        file: FileNumber,
        /// Its name.
        name: String,
    },
    /// Bytes were written.
    Write {
        /// The file.
        file: FileNumber,
        /// How many bytes stand before them.
        at: usize,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// The file was cut off, or filled up with zeros.
    Truncate {
        /// The file.
        file: FileNumber,
        /// How many bytes it has now.
        length: usize,
    },
    /// All of the file was made durable.
    Sync {
        /// The file.
        file: FileNumber,
        /// Whether the names were made durable too.
        name_sync: NameSync,
    },
    /// A name was taken away; who has the file open keeps it.
    Delete {
        /// The name.
        name: String,
        /// Whether the names were made durable too.
        name_sync: NameSync,
    },
    /// A file got another name, and whatever had that name lost it.
    Rename {
        /// The name it had.
        from: String,
        /// The name it has.
        to: String,
    },
}

impl Operation {
    /// What a log comes to, byte for byte.
    pub fn digest_of(log: &[Self]) -> Digest {
        let mut sum = Sha256::new();
        for operation in log {
            let (kind, number, bytes) = operation.parts();
            sum.update([kind]);
            sum.update(number.to_le_bytes());
            sum.update(bytes.len().to_le_bytes());
            sum.update(bytes);
        }
        Digest(sum.finalize().into())
    }

    /// What kind it is, where it was done, and with which bytes.
    fn parts(&self) -> (u8, u64, Vec<u8>) {
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
            Self::Rename { from, to } => (7, from.len() as u64, format!("{from}{to}").into_bytes()),
        }
    }
}
