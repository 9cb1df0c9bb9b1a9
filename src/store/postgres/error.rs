//! Errors of connections to a PostgreSQL server, without passwords.

use std::path::PathBuf;

use thiserror::Error;

/// Error of a connection to PostgreSQL. Messages of the server are shown without passwords.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// The URL is invalid. It is not shown, since any part of an invalid URL may be the password.
    #[error("invalid PostgreSQL URL{0}")]
    Url(String),
    /// `sslrootcert=system` stands beside a mode that would accept the certificate of any name.
    #[error("`sslrootcert=system` needs `sslmode=verify-full`")]
    WeakMode,
    /// A mode that checks certificates has nothing to check them against.
    #[error("`sslmode` checks the certificate of the server, but there is no `{}`", path.display())]
    NoRootCertificate {
        /// The default path of the authorities' certificates.
        path: PathBuf,
    },
    /// A file of certificates or of a key cannot be used.
    #[error("failed to read certificates or a key in `{}`: {reason}", path.display())]
    Certificate {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system or of the parser.
        reason: String,
    },
    /// The handshake of TLS failed, such as for a certificate that is not trusted.
    #[error("failed to set up TLS with the PostgreSQL server at `{server}`: {reason}")]
    Tls {
        /// Host and port of each server of the URL.
        server: String,
        /// The error of the handshake.
        reason: String,
    },
    /// No server answers at the address.
    #[error("failed to reach the PostgreSQL server at `{server}`: {reason}")]
    Unreachable {
        /// Host and port of each server of the URL.
        server: String,
        /// The error of the operating system.
        reason: String,
    },
    /// The server refused the connection or the login.
    #[error("the PostgreSQL server at `{server}` refused the connection: {reason}")]
    Login {
        /// Host and port of each server of the URL.
        server: String,
        /// The message of the server, without passwords.
        reason: String,
    },
    /// The server is older than the oldest one with all commands that are used.
    #[error("the PostgreSQL server has version {0}, but scratch databases need 13 or newer")]
    OldServer(String),
    /// The user may not create databases.
    #[error("the user `{0}` may not create databases")]
    NoCreate(String),
    /// The database of the URL holds tables of a job, so it is one in use.
    #[error(
        "the URL names the database `{database}`, which has a table `{table}`: it may be in use"
    )]
    InUse {
        /// The name of the database.
        database: String,
        /// The name of the table.
        table: String,
    },
    /// Another program stays connected to a scratch database.
    #[error("a program stays connected to the scratch database `{0}` and cannot be disconnected")]
    Connected(String),
    /// The server refused a statement.
    #[error("the PostgreSQL database returned an error: {0}")]
    Database(String),
}

impl PostgresError {
    /// Returns the next step for the user, if there is one.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Url(_) => {
                "write it as postgres://USER:PASSWORD@HOST:5432/DATABASE, with `%40` for an `@` in the password"
            }
            Self::WeakMode => "leave out `sslmode`, or write `sslmode=verify-full`",
            Self::NoRootCertificate { .. } => {
                "name the file of your authority with `sslrootcert=FILE`, or trust those of the \
                 system with `sslrootcert=system`"
            }
            Self::Certificate { .. } => {
                "`sslrootcert`, `sslcert` and `sslkey` are PEM files without a password"
            }
            Self::Tls { .. } => {
                "`sslrootcert` is the certificate of the authority that signed the server's, and \
                 `sslmode=verify-full` needs the host name that the server's certificate names"
            }
            Self::Unreachable { .. } => {
                "check host and port in the URL, and that the server is running"
            }
            Self::Login { .. } => {
                "check user, password and database in the URL, the password in PGPASSWORD or \
                 ~/.pgpass, and whether the server has TLS if `sslmode` requires it"
            }
            Self::NoCreate(_) => {
                "an administrator can run: ALTER ROLE the_user CREATEDB; or start a server for tests, \
                 where the user may do all"
            }
            Self::InUse { .. } => {
                "name a database without tables, such as `/postgres`: scratch databases are made \
                 beside it, on the same server"
            }
            Self::Connected(_) => {
                "the job logs in as a user that the harness may not disconnect: let it use `{url}`"
            }
            Self::OldServer(_) | Self::Database(_) => return None,
        })
    }
}
