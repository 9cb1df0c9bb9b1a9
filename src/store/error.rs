//! The errors of opening, reading and writing a database.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::{PortfolioKey, RunId};

/// An error of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No file exists where a database was expected.
    #[error("there is no database at `{}`", .0.display())]
    Absent(PathBuf),
    /// A file exists where a new one was to be created.
    #[error("there is a file at `{}` already", .0.display())]
    Present(PathBuf),
    /// The file is not a SQLite database, or belongs to another program.
    #[error("`{}` is not a Plimsoll database", path.display())]
    Foreign {
        /// Path of the file.
        path: PathBuf,
        /// SQLite's error, if it could not read the file at all.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// The file is not a scratch database, so that nothing may be written to it.
    #[error("`{}` is not a scratch database that Plimsoll made", .0.display())]
    NotScratch(PathBuf),
    /// A command made a link in place of a scratch database.
    #[error("`{}` is a link to another file, so it is not a database of its own", .0.display())]
    LinkedScratch(PathBuf),
    /// A script attaches another database than the scratch database that it makes.
    #[error("the script attaches {0}, and may write no database but its own")]
    ForeignAttach(String),
    /// The file of another program is not a SQLite database.
    #[error("`{}` is not a SQLite database", .0.display())]
    NotSqlite(PathBuf),
    /// A write-ahead log lies beside the file that does not belong to it.
    #[error(
        "the log `{}` belongs to another state of the database than the file `{}`, so it must not be replayed",
        log.display(), path.display()
    )]
    ForeignLog {
        /// Path of the database file.
        path: PathBuf,
        /// Path of the log.
        log: PathBuf,
    },
    /// Another process has the database open, which is to be replaced.
    #[error("another process has `{}` open", .0.display())]
    InUse(PathBuf),
    /// A database is to be restored from itself.
    #[error("`{}` is the database itself, and not a copy of it", .0.display())]
    RestoredFromItself(PathBuf),
    /// Rows of sources differ from their digests, or cannot be read.
    #[error("{0} cannot be computed again")]
    ChangedSources(String),
    /// A copy that was to be restored is damaged.
    #[error("`{}` is damaged and was not restored", .0.display())]
    DamagedCopy(PathBuf),
    /// A newer version of Plimsoll has written the file.
    #[error("`{}` has schema {found}; this version knows schemas up to {known}", path.display())]
    Newer {
        /// Path of the database file.
        path: PathBuf,
        /// Schema version of the file.
        found: i64,
        /// Newest schema version that this program knows.
        known: i64,
    },
    /// The file has the schema of an older version and must be migrated first.
    #[error("`{}` has schema {found}, older than this version's {known}", path.display())]
    Older {
        /// Path of the database file.
        path: PathBuf,
        /// Schema version of the file.
        found: i64,
        /// Newest schema version that this program knows.
        known: i64,
    },
    /// The file can be read but not written.
    #[error("`{}` cannot be written", path.display())]
    ReadOnly {
        /// Path of the database file.
        path: PathBuf,
        /// SQLite's error; none if the permissions of the file show it.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// The content contradicts itself.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The linked SQLite has a bug that loses data.
    #[error("SQLite {found} is older than {needed}, the first without known data loss in WAL mode")]
    OldSqlite {
        /// Version that was linked.
        found: &'static str,
        /// Oldest version that is accepted.
        needed: &'static str,
    },
    /// A pragma did not take effect.
    #[error("`PRAGMA {pragma}` answered `{answer}`, not `{wanted}`")]
    Pragma {
        /// Name of the pragma.
        pragma: &'static str,
        /// Value that was set.
        wanted: String,
        /// Value that was read back.
        answer: String,
    },
    /// The write-ahead log could not be emptied into the database before new work.
    #[error("the write-ahead log cannot be emptied: {holders} is reading or writing")]
    CheckpointBusy {
        /// The processes that keep it in use, as far as the system tells.
        holders: String,
    },
    /// Another run holds a live lease.
    #[error("run {run} holds the lease until {expires} ({owner})")]
    LeaseHeld {
        /// Id of the run that holds it.
        run: RunId,
        /// Time at which the lease ends unless it is renewed.
        expires: DateTime<Utc>,
        /// Process and host of the run, for people.
        owner: String,
    },
    /// Another run took the lease over: this run may not write any more.
    #[error("this run lost its lease")]
    LeaseLost,
    /// The sources changed since they were read.
    #[error("the sources changed during the run")]
    SourcesChanged,
    /// No portfolio has this key.
    #[error("no portfolio has the id `{0}`")]
    UnknownPortfolio(PortfolioKey),
    /// An operation on a file failed, such as to open, sync, rename or remove it.
    #[error("failed to access `{}`", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: std::io::Error,
    },
    /// The file that was open has lost its name, or another file or database has it.
    #[error("`{}` was deleted, moved or replaced while it was open", .0.display())]
    Moved(PathBuf),
    /// All reading connections were in use for too long.
    #[error("failed to get a connection for reading: all are in use")]
    ReadersBusy,
    /// The schema could not be migrated.
    #[error("failed to migrate the schema to this version")]
    Migration(#[from] rusqlite_migration::Error),
    /// A PostgreSQL server cannot be used, or returned an error.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] super::postgres::PostgresError),
    /// SQLite returned an error.
    #[error("SQLite returned an error")]
    Sqlite(#[from] rusqlite::Error),
}

impl StoreError {
    /// Returns whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.sqlite_code() == Some(rusqlite::ErrorCode::DiskFull)
    }

    /// Returns whether another connection held a lock for longer than the timeout.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.sqlite_code(),
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
        )
    }

    /// Returns whether the stored data is damaged: it contradicts itself, a value has a wrong type
    /// or range, or SQLite found the file corrupt.
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

    pub(super) fn damaged(detail: impl std::fmt::Display) -> Self {
        Self::Damaged(detail.to_string())
    }
}
