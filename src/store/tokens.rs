//! Tokens: who may use the server. Only the digest of a token is stored, never the token.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::columns::Micros;
use super::{ReadTransaction, StoreError, WriteTransaction};
use crate::domain::TokenScope;

/// A token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The part of it that may be seen, unique.
    pub handle: String,
    /// What people call it; unique among those that are not revoked.
    pub name: String,
    /// What its bearer may do.
    pub scope: TokenScope,
    /// The SHA-256 of the whole token.
    pub digest: [u8; 32],
    /// When it was made.
    pub created: DateTime<Utc>,
    /// From when on it is not good any more, if ever.
    pub expires: Option<DateTime<Utc>>,
    /// When it was revoked, if it was.
    pub revoked: Option<DateTime<Utc>>,
}

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

impl ReadTransaction<'_> {
    /// All tokens, revoked ones too, in the order in which they were made.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM token ORDER BY id"))?;
        let mut rows = statement.query([])?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next()? {
            tokens.push(row_to_token(row)?);
        }
        Ok(tokens)
    }

    /// The token with this handle, revoked or not.
    pub fn token(&self, handle: &str) -> Result<Option<TokenRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM token WHERE handle = ?1"))?;
        let mut rows = statement.query([handle])?;
        rows.next()?.map(row_to_token).transpose()
    }

    /// The token of this name that is not revoked.
    pub fn token_named(&self, name: &str) -> Result<Option<TokenRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM token WHERE name = ?1 AND revoked IS NULL"
        ))?;
        let mut rows = statement.query([name])?;
        rows.next()?.map(row_to_token).transpose()
    }
}

impl WriteTransaction<'_> {
    /// Writes a new token; its handle and, among those not revoked, its name must be new.
    pub fn add_token(&self, token: &TokenRow) -> Result<(), StoreError> {
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

    /// Revokes a token; whether there was one with this handle that was not revoked.
    pub fn revoke_token(&self, handle: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let revoked = self.connection.execute(
            "UPDATE token SET revoked = ?2 WHERE handle = ?1 AND revoked IS NULL",
            params![handle, Micros(at)],
        )?;
        Ok(revoked == 1)
    }
}
