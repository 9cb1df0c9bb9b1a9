//! The clock and settings of an import, and the errors that stop it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::Calendar;
use crate::import::error::ImportError;
use crate::import::profile::Profiles;
use crate::store::StoreError;

/// Settings and clock of an import.
#[derive(Debug, Clone, Copy)]
pub struct ImportContext<'t> {
    /// The configured calendar. What a change affects is looked up in the calendar in force in the
    /// database, and in this one only before the first run.
    pub calendar: &'t Calendar,
    /// The current time, which is recorded with the changes.
    pub now: DateTime<Utc>,
    /// The profiles that read files of other programs.
    pub profiles: &'t Profiles,
}

/// Error that stops an import. An invalid row is not an error: it is a verdict.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The file is refused as a whole.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Reading or writing the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A folder of the inbox cannot be listed or created, or files cannot be moved through it.
    #[error("failed to use the inbox folder `{}`", path.display())]
    Inbox {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// A file of the inbox could not be moved, so that it would be imported again each time.
    #[error("failed to move the file `{name}` of the inbox; move it by hand")]
    Unmoved {
        /// The file's folder and name.
        name: String,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
}
