//! Stores the access tokens of the server: the digest of each token, never the token itself.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::columns::Micros;
use super::error::StoreError;
use super::select::{select, select_first};
use super::transaction::subject;
use crate::domain::TokenScope;

/// The stored row of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Public part of the token; unique among all tokens.
    pub handle: String,
    /// Name given by the user; unique among tokens that are not revoked.
    pub name: String,
    /// Operations that the token allows.
    pub scope: TokenScope,
    /// SHA-256 of the whole token.
    pub digest: [u8; 32],
    /// Time at which the token was created.
    pub created: DateTime<Utc>,
    /// Time from which the token is refused; `None` if it does not expire.
    pub expires: Option<DateTime<Utc>>,
    /// Time of revocation; `None` if it is not revoked.
    pub revoked: Option<DateTime<Utc>>,
}

/// The columns of a token, in the order in which `row_to_token` reads them.
const COLUMNS: &str = "handle, name, scope, digest, created, expires, revoked";

fn row_to_token(row: &Row<'_>) -> Result<TokenRow, StoreError> {
    let scope: String = row.get(2)?;
    Ok(TokenRow {
        handle: row.get(0)?,
        name: row.get(1)?,
        scope: scope.parse().map_err(StoreError::damaged)?,
        digest: row.get(3)?,
        created: row.get::<_, Micros>(4)?.0,
        expires: row.get::<_, Option<Micros>>(5)?.map(|at| at.0),
        revoked: row.get::<_, Option<Micros>>(6)?.map(|at| at.0),
    })
}

subject!(tokens: ReadTokens, WriteTokens, "the access tokens of the server");

impl ReadTokens<'_> {
    /// Returns all tokens, revoked ones too, oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<TokenRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM token ORDER BY id");
        select(self.connection, &sql, [], row_to_token)
    }

    /// Returns the token with this handle, revoked or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn with_handle(&self, handle: &str) -> Result<Option<TokenRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM token WHERE handle = ?1");
        select_first(self.connection, &sql, [handle], row_to_token)
    }

    /// Returns the token that has this name and is not revoked; it may have expired.
    pub(crate) fn named(&self, name: &str) -> Result<Option<TokenRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM token WHERE name = ?1 AND revoked IS NULL");
        select_first(self.connection, &sql, [name], row_to_token)
    }
}

impl WriteTokens<'_> {
    /// Inserts a token. Its handle must be unique among all tokens, and its name among those that
    /// are not revoked.
    pub(crate) fn add(&self, token: &TokenRow) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO token (handle, name, scope, digest, created, expires, revoked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                token.handle,
                token.name,
                token.scope.name(),
                token.digest,
                Micros(token.created),
                token.expires.map(Micros),
                token.revoked.map(Micros)
            ],
        )?;
        Ok(())
    }

    /// Revokes a token. Returns false if there is no token with this handle, or if it was revoked
    /// before.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn revoke(&self, handle: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let revoked = self.connection.execute(
            "UPDATE token SET revoked = ?2 WHERE handle = ?1 AND revoked IS NULL",
            params![handle, Micros(at)],
        )?;
        Ok(revoked == 1)
    }
}
