//! Creates, verifies and revokes tokens. Only their digests are stored.
//!
//! A token is `plm_HANDLE_SECRET`. The handle identifies the row and is public; the secret has 244
//! random bits, so it can't be guessed and a plain SHA-256 is enough. Digests are compared in
//! constant time.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::domain::TokenScope;
use crate::environment::{Environment, IdSource};
use crate::store::{Store, StoreError, TokenRow};

/// The prefix of every token, which distinguishes it from other secrets.
const PREFIX: &str = "plm";
/// The length of a handle in characters.
const HANDLE_LENGTH: usize = 8;

/// A new token with its text, which is not stored and can't be read again.
#[derive(Debug)]
pub struct NewToken {
    /// The row that is stored, with the digest.
    pub row: TokenRow,
    /// The token itself, to be shown to its owner once.
    pub text: String,
}

/// An error of creating or revoking a token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Another token that is not revoked has this name.
    #[error("token `{name}` exists already: its handle is {handle}")]
    NameInUse {
        /// The name that was given.
        name: String,
        /// The handle of the existing token.
        handle: String,
    },
    /// The name is empty, longer than 60 characters, or has other characters than allowed.
    #[error("invalid token name `{0}`: expected 1 to 60 letters, digits, spaces, `-`, `_` or `.`")]
    Name(String),
    /// No token that is not revoked has this name or handle.
    #[error("no token has the name or handle `{0}`")]
    Unknown(String),
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a token and stores its digest. It is valid from now on, until `expires` if given.
///
/// # Errors
///
/// The name is invalid or in use, or the store can't be written.
pub fn new_token(
    store: &Store,
    environment: &Environment,
    name: &str,
    scope: TokenScope,
    expires: Option<DateTime<Utc>>,
) -> Result<NewToken, TokenError> {
    check_name(name)?;
    let (handle, text) = mint(&environment.ids);
    let row = TokenRow {
        digest: digest(&text),
        handle,
        name: name.to_owned(),
        scope,
        created: environment.wall_clock.now(),
        expires,
        revoked: None,
    };
    store.writer()?.write(|writing| {
        if let Some(existing) = writing.tokens().named(name)? {
            return Err(TokenError::NameInUse {
                name: existing.name,
                handle: existing.handle,
            });
        }
        Ok(writing.tokens().add(&row)?)
    })?;
    Ok(NewToken { row, text })
}

/// Revokes the token of this name or handle and returns its row as revoked.
///
/// # Errors
///
/// No token that is not revoked has this name or handle, or the store can't be written.
pub fn revoke_token(
    store: &Store,
    environment: &Environment,
    name_or_handle: &str,
) -> Result<TokenRow, TokenError> {
    let now = environment.wall_clock.now();
    store.writer()?.write(|writing| {
        let named = match writing.tokens().named(name_or_handle)? {
            None => writing.tokens().with_handle(name_or_handle)?,
            named => named,
        };
        let row = named.ok_or_else(|| TokenError::Unknown(name_or_handle.to_owned()))?;
        if !writing.tokens().revoke(&row.handle, now)? {
            return Err(TokenError::Unknown(name_or_handle.to_owned()));
        }
        Ok(TokenRow {
            revoked: Some(now),
            ..row
        })
    })
}

/// Returns the row of the token `text`, or `None` if it is not a token or not valid at `now`.
pub(in crate::serve) fn verify_token(
    store: &Store,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Option<TokenRow>, StoreError> {
    let Some(handle) = parse_handle(text) else {
        return Ok(None);
    };
    let row = store.read(|reading| reading.tokens().with_handle(handle))?;
    Ok(row.filter(|row| is_equal_digest(&row.digest, &digest(text)) && is_valid(row, now)))
}

/// Returns whether a token is neither revoked nor expired at `now`.
pub(in crate::serve) fn is_valid(row: &TokenRow, now: DateTime<Utc>) -> bool {
    row.revoked.is_none() && row.expires.is_none_or(|end| now < end)
}

/// The SHA-256 digest of a secret.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares two digests in constant time.
pub(super) fn is_equal_digest(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.ct_eq(right).into()
}

/// A secret of 244 random bits, in hexadecimal.
pub(super) fn new_secret(ids: &IdSource) -> String {
    format!("{}{}", ids.next().simple(), ids.next().simple())
}

fn mint(ids: &IdSource) -> (String, String) {
    let handle = ids.next().simple().to_string()[..HANDLE_LENGTH].to_owned();
    let text = format!("{PREFIX}_{handle}_{}", new_secret(ids));
    (handle, text)
}

fn parse_handle(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(PREFIX)?.strip_prefix('_')?;
    let (handle, secret) = rest.split_once('_')?;
    let well_formed = handle.len() == HANDLE_LENGTH && secret.len() == 64;
    well_formed.then_some(handle)
}

fn check_name(name: &str) -> Result<(), TokenError> {
    let known = |c: char| c.is_alphanumeric() || " -_.".contains(c);
    let well_formed =
        !name.trim().is_empty() && name.chars().count() <= 60 && name.chars().all(known);
    match well_formed {
        true => Ok(()),
        false => Err(TokenError::Name(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn new_store() -> (tempfile::TempDir, Store, Environment) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        (folder, store, Environment::fixed(DateTime::UNIX_EPOCH, 1))
    }

    #[test]
    fn a_token_verifies_and_its_secret_is_not_stored() {
        let (folder, store, environment) = new_store();
        let made = new_token(&store, &environment, "night", TokenScope::Admin, None).unwrap();
        let now = environment.wall_clock.now();
        let known = verify_token(&store, &made.text, now).unwrap().unwrap();
        assert_eq!(known, made.row);
        let secret = made.text.rsplit('_').next().unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let hit = bytes
                .windows(16)
                .any(|part| part == &secret.as_bytes()[..16]);
            assert!(!hit, "the secret is on file");
        }
    }

    #[test]
    fn altered_revoked_and_expired_tokens_are_rejected() {
        let (_folder, store, environment) = new_store();
        let now = environment.wall_clock.now();
        let end = now + TimeDelta::days(1);
        let made = new_token(&store, &environment, "one", TokenScope::Read, Some(end)).unwrap();
        let is_known = |text: &str, at| verify_token(&store, text, at).unwrap().is_some();
        assert!(is_known(&made.text, now) && !is_known(&made.text, end));
        let mut altered = made.text.clone();
        let last = altered.pop().unwrap();
        altered.push(if last == '0' { '1' } else { '0' });
        for text in [
            altered.as_str(),
            "",
            "plm_",
            "plm__",
            &made.row.handle,
            &made.text[1..],
            &made.text[..made.text.len() - 1],
            &format!("{}0", made.text),
        ] {
            assert!(!is_known(text, now), "{text}");
        }
        revoke_token(&store, &environment, "one").unwrap();
        assert!(!is_known(&made.text, now));
        let again = revoke_token(&store, &environment, &made.row.handle);
        assert!(matches!(again, Err(TokenError::Unknown(_))));
    }

    #[test]
    fn a_token_whose_digest_begins_alike_is_rejected() {
        let (_folder, store, environment) = new_store();
        let now = environment.wall_clock.now();
        let made = new_token(&store, &environment, "one", TokenScope::Read, None).unwrap();
        let other = (0_u32..)
            .map(|secret| format!("plm_{}_{secret:064x}", made.row.handle))
            .find(|text| digest(text)[..2] == made.row.digest[..2]);
        let other = other.unwrap();
        assert!(verify_token(&store, &other, now).unwrap().is_none());
    }

    #[test]
    fn a_name_is_unique_until_its_token_is_revoked() {
        let (_folder, store, environment) = new_store();
        let new = |name| new_token(&store, &environment, name, TokenScope::Read, None);
        new("night").unwrap();
        assert!(matches!(new("night"), Err(TokenError::NameInUse { .. })));
        revoke_token(&store, &environment, "night").unwrap();
        new("night").unwrap();
        for name in ["", "  ", "a\nb", "<b>", &"n".repeat(61)] {
            assert!(matches!(new(name), Err(TokenError::Name(_))), "{name}");
        }
    }
}
