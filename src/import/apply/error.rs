//! Why a file could not be brought into the store.

use std::path::PathBuf;

use thiserror::Error;

use crate::import::ImportError;
use crate::store::StoreError;

/// What stops an intake. A row that can't be taken is no error: it is a verdict.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The file as a whole is none of ours.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The inbox can't be listed, or a folder can't be made in it.
    #[error("the inbox `{}` cannot be listed", path.display())]
    Inbox {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
