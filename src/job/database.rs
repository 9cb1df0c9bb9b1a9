//! Defines the database of a job: SQLite files, or databases of a server.

#[cfg(feature = "postgres")]
use crate::store::{LibpqVariables, PostgresUrl};

/// The scheme of a server's URL, unless the file names another one.
pub(super) const DEFAULT_SCHEME: &str = "postgresql";

/// The database of a job.
#[derive(Debug)]
pub(super) enum JobDatabase {
    /// A SQLite file for each world.
    Sqlite,
    /// A database of a server for each world.
    #[cfg(feature = "postgres")]
    Postgres(Box<JobServer>),
}

/// The server of a job's scratch databases.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub(super) struct JobServer {
    pub(super) url: PostgresUrl,
    pub(super) variables: LibpqVariables,
    /// The environment variable that has the URL.
    pub(super) variable: String,
    /// The line of the job file that names it, from 1.
    pub(super) line: usize,
    /// The scheme of the URL that the job gets.
    pub(super) scheme: String,
}

impl JobDatabase {
    /// Returns the placeholders that name the database.
    pub(super) const fn placeholders(&self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["path", "url"],
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => &["url", "database"],
        }
    }

    /// Returns the scheme of the URL that the job gets.
    pub(super) fn url_scheme(&self) -> &str {
        match self {
            Self::Sqlite => DEFAULT_SCHEME,
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => &server.scheme,
        }
    }
}
