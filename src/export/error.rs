//! The errors of exports.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::query::QueryError;
use crate::store::StoreError;

/// An export that was refused or has failed.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The folder has files, which might be mixed up with those of the export.
    #[error("`{}` is not empty", folder.display())]
    NotEmpty {
        /// The folder of the export.
        folder: PathBuf,
    },
    /// A file or folder could not be created or written.
    #[error("failed to write `{}`", path.display())]
    File {
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// A calendar or the risk model cannot be written as TOML.
    #[error("failed to write the settings")]
    Settings(#[from] toml::ser::Error),
    /// The database could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl ExportError {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Query(error.into())
    }
}
