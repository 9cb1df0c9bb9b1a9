//! Why the store could not be opened, read or written.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::{PortfolioKey, RunId};

/// What went wrong in the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no file where one was expected.
    #[error("there is no database at `{}`", .0.display())]
    Absent(PathBuf),
    /// There is a file where none was expected.
    #[error("there is a file at `{}` already", .0.display())]
    Present(PathBuf),
    /// The file is no SQLite database, or another program's.
    #[error("`{}` is not a Plimsoll database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How that showed.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// The file is of no SQLite database.
    #[error("`{}` is not a SQLite database", .0.display())]
    NotSqlite(PathBuf),
    /// The file was written by a newer version.
    #[error("`{}` has schema {found}; this version knows schemas up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// The file must be brought to this version's schema first, and this command only reads.
    #[error("`{}` has schema {found}, older than this version's {known}", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// The file can be read and not written.
    #[error("`{}` cannot be written", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// The content contradicts itself.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// SQLite is too old to be trusted.
    #[error("SQLite {found} is older than {needed}, the first without known data loss in WAL mode")]
    OldSqlite {
        /// The version that was linked.
        found: &'static str,
        /// The version that is needed.
        needed: &'static str,
    },
    /// A pragma did not take.
    #[error("`PRAGMA {pragma}` answered `{answer}`, not `{wanted}`")]
    Pragma {
        /// Which.
        pragma: &'static str,
        /// What it should have answered.
        wanted: String,
        /// What it answered.
        answer: String,
    },
    /// The write-ahead log could not be emptied into the database before new work.
    #[error(
        "the write-ahead log cannot be emptied: another connection has been reading or writing for too long"
    )]
    CheckpointBusy,
    /// Another run is at work.
    #[error("run {run} holds the lease until {expires} ({owner})")]
    LeaseHeld {
        /// The run that holds it.
        run: RunId,
        /// Until when.
        expires: DateTime<Utc>,
        /// Which process.
        owner: String,
    },
    /// Our lease was taken over: this run may not write any more.
    #[error("this run lost its lease")]
    LeaseLost,
    /// The sources changed since they were read.
    #[error("the sources changed while the run was at work")]
    SourcesChanged,
    /// No such portfolio.
    #[error("no portfolio has the id `{0}`")]
    UnknownPortfolio(PortfolioKey),
    /// A file could not be touched.
    #[error("`{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No connection to read with could be had.
    #[error("no connection for reading")]
    Pool(#[from] r2d2::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[from] rusqlite_migration::Error),
    /// SQLite said no.
    #[error("SQLite refused")]
    Sqlite(#[from] rusqlite::Error),
}

impl StoreError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.sqlite_code() == Some(rusqlite::ErrorCode::DiskFull)
    }

    /// Whether another connection held a lock for longer than we wait.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.sqlite_code(),
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
        )
    }

    /// Whether what is stored can't be what was once written: it contradicts itself, or SQLite
    /// can't make sense of it.
    pub fn is_damaged(&self) -> bool {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite(
                FromSqlConversionFailure(..)
                | IntegralValueOutOfRange(..)
                | InvalidColumnType(..)
                | Utf8Error(..),
            ) => true,
            _ => self.sqlite_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt),
        }
    }

    fn sqlite_code(&self) -> Option<rusqlite::ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::ReadOnly {
                source: Some(error),
                ..
            } => error.sqlite_error_code(),
            _ => None,
        }
    }

    pub(super) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}
