//! Errors that stop an import.

use std::path::PathBuf;

use thiserror::Error;

use crate::import::ImportError;
use crate::store::StoreError;

/// Error that stops an import. An invalid row is not an error: it is a verdict.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The file is refused as a whole.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Reading or writing the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Listing the inbox, or creating a folder in it, failed.
    #[error("failed to list the inbox `{}`", path.display())]
    Inbox {
        /// The folder of the inbox.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
}
