//! The clock and settings of an import, and the errors that stop it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::Calendar;
use crate::import::error::ImportError;
use crate::store::StoreError;

/// Settings and clock of an import.
#[derive(Debug, Clone, Copy)]
pub struct ImportContext<'t> {
    /// The configured calendar. What a change affects is looked up in the calendar in force in the
    /// database, and in this one only before the first run.
    pub calendar: &'t Calendar,
    /// The current time, which is recorded with the changes.
    pub now: DateTime<Utc>,
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
