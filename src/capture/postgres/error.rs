//! Errors of reading a mapped table of a PostgreSQL database, with the line of the map.

use thiserror::Error;

use crate::store::{identifier, qualified_identifier};

/// Error of reading a mapped table of a PostgreSQL database.
#[derive(Debug, Error)]
pub enum PostgresTableError {
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
}

impl PostgresTableError {
    /// Returns the next step for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Permission { table, column, .. } => Some(format!(
                "the owner of the table can run: GRANT SELECT ({}) ON {} TO the user",
                identifier(column),
                qualified_identifier(table)
            )),
            Self::Table { .. } => None,
        }
    }
}
