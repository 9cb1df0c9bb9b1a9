//! The log of a disk: everything that changed it, in order.

use std::sync::Arc;

/// Which file of a disk. A name that is deleted and made again is another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNumber(pub u64);

/// Whether the names of the folder were synced too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
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
        names: Names,
    },
    /// A name was taken away; who has the file open keeps it.
    Delete {
        /// The name.
        name: String,
        /// Whether the names were made durable too.
        names: Names,
    },
    /// A file got another name, and whatever had that name lost it.
    Rename {
        /// The name it had.
        from: String,
        /// The name it has.
        to: String,
    },
}
