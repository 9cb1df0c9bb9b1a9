//! Errors of captures from a PostgreSQL database, and the quoting of the names that statements and
//! hints contain.

use std::path::PathBuf;

use thiserror::Error;

/// Error of reading a PostgreSQL database. Messages of the server are shown without passwords.
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
    /// The user may not read a mapped column.
    #[error(
        "line {line} of the map: the user of the URL may not read column `{column}` of table \
         `{table}`"
    )]
    Permission {
        /// The name of the table.
        table: String,
        /// The name of the column.
        column: String,
        /// The line of the map that names it, from 1.
        line: usize,
    },
    /// Reading a table failed, at its start or later.
    #[error("line {line} of the map: failed to read table `{table}`: {reason}")]
    Table {
        /// The name of the table.
        table: String,
        /// The line of the map that names it, from 1.
        line: usize,
        /// The message of the server, without passwords.
        reason: String,
    },
    /// A query that does not concern a single table failed.
    #[error("failed to read the PostgreSQL database: {0}")]
    Database(String),
}

impl PostgresError {
    /// Returns the next step for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
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
                "check user, password and database in the URL or in PLIMSOLL_POSTGRES, the \
                 password in PGPASSWORD or ~/.pgpass, and whether the server has TLS if `sslmode` \
                 requires it"
            }
            Self::Permission { table, column, .. } => {
                return Some(format!(
                    "the owner of the table can run: GRANT SELECT ({}) ON {} TO the user",
                    quote_identifier(column),
                    quote_qualified(table)
                ));
            }
            Self::Table { .. } | Self::Database(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Quotes a name as PostgreSQL expects it in a statement.
pub(super) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a name, whose first full stop separates the schema from the table.
pub(super) fn quote_qualified(name: &str) -> String {
    let parts: Vec<_> = name.splitn(2, '.').map(quote_identifier).collect();
    parts.join(".")
}
