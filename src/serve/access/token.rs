//! Tokens: made once, shown once, and known again by their digest.
//!
//! A token is `plm_HANDLE_SECRET`. The handle finds its row and may be seen; the secret is 244
//! random bits, so a plain SHA-256 is enough to keep: there is nothing to guess. The digests are
//! compared in constant time.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::domain::TokenScope;
use crate::environment::{Environment, IdSource};
use crate::store::{Store, StoreError, TokenRow};

/// What every token starts with, so that it can be told from other secrets.
const PREFIX: &str = "plm";
/// How many characters a handle has.
const HANDLE_LENGTH: usize = 8;

/// A new token. Its text is nowhere else.
#[derive(Debug)]
pub struct NewToken {
    /// What is stored of it.
    pub row: TokenRow,
    /// The token itself, to be shown once.
    pub text: String,
}

/// Why a token can't be made or revoked.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Another token has this name.
    #[error("a token called `{name}` is there already: its handle is {handle}")]
    NameInUse {
        /// The name.
        name: String,
        /// The handle of the other.
        handle: String,
    },
    /// A name that is empty, or longer than a line.
    #[error("`{0}` is no name for a token: 1 to 60 letters, digits, spaces, `-`, `_` or `.`")]
    Name(String),
    /// No token that is not revoked has this name or handle.
    #[error("no token is called `{0}`")]
    Unknown(String),
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token and stores its digest. It is good from now on, until `expires` where that is
/// given.
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
        if let Some(other) = writing.token_named(name)? {
            return Err(TokenError::NameInUse {
                name: other.name,
                handle: other.handle,
            });
        }
        Ok(writing.add_token(&row)?)
    })?;
    Ok(NewToken { row, text })
}

/// Revokes the token of a name or handle, and gives it as it is then.
pub fn revoke_token(
    store: &Store,
    environment: &Environment,
    which: &str,
) -> Result<TokenRow, TokenError> {
    let now = environment.wall_clock.now();
    store.writer()?.write(|writing| {
        let named = match writing.token_named(which)? {
            None => writing.token(which)?,
            named => named,
        };
        let row = named.ok_or_else(|| TokenError::Unknown(which.to_owned()))?;
        if !writing.revoke_token(&row.handle, now)? {
            return Err(TokenError::Unknown(which.to_owned()));
        }
        Ok(TokenRow {
            revoked: Some(now),
            ..row
        })
    })
}

/// The stored token that `text` is, where it is one and good at `now`.
pub(in crate::serve) fn verify_token(
    store: &Store,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Option<TokenRow>, StoreError> {
    let Some(handle) = parse_handle(text) else {
        return Ok(None);
    };
    let row = store.read(|reading| reading.token(handle))?;
    Ok(row.filter(|row| is_equal_digest(&row.digest, &digest(text)) && is_valid(row, now)))
}

/// Whether a token can be used at `now`.
pub(in crate::serve) fn is_valid(row: &TokenRow, now: DateTime<Utc>) -> bool {
    row.revoked.is_none() && row.expires.is_none_or(|end| now < end)
}

/// The SHA-256 of a secret.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares in a time that does not depend on where two digests differ.
pub(super) fn is_equal_digest(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
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
    let shaped = handle.len() == HANDLE_LENGTH && secret.len() == 64;
    shaped.then_some(handle)
}

fn check_name(name: &str) -> Result<(), TokenError> {
    let known = |c: char| c.is_alphanumeric() || " -_.".contains(c);
    let shaped = !name.trim().is_empty() && name.chars().count() <= 60 && name.chars().all(known);
    match shaped {
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
        let mut other = made.text.clone();
        let last = other.pop().unwrap();
        other.push(if last == '0' { '1' } else { '0' });
        for text in [
            other.as_str(),
            "",
            "plm_",
            "plm__",
            &made.row.handle,
            &made.text[1..],
        ] {
            assert!(!is_known(text, now), "{text}");
        }
        revoke_token(&store, &environment, "one").unwrap();
        assert!(!is_known(&made.text, now));
        let again = revoke_token(&store, &environment, &made.row.handle);
        assert!(matches!(again, Err(TokenError::Unknown(_))));
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
