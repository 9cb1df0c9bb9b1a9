//! Keeps the login sessions of users, each identified by a cookie.
//!
//! The cookie holds a random secret, never the token. The server keeps only the digest of that
//! secret, in memory. A login session ends when the server stops, after 12 hours, or when its token
//! expires or is revoked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::token::{digest, is_equal_digest, new_secret};
use crate::domain::TokenScope;
use crate::environment::IdSource;
use crate::store::TokenRow;

/// The lifetime of a login session.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// The maximum number of open login sessions. A further one replaces the one that expires first.
const MAX_SESSIONS: usize = 256;

/// The open login sessions, by the digest of their cookie.
#[derive(Debug, Default)]
pub(in crate::serve) struct LoginSessions {
    sessions: Mutex<BTreeMap<[u8; 32], LoginSession>>,
}

/// The session of a user who signed in with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct LoginSession {
    /// The handle of the token, by which its stored row is found.
    pub(in crate::serve) handle: String,
    /// The name of the token, shown on pages.
    pub(in crate::serve) name: String,
    /// The scope of the token.
    pub(in crate::serve) scope: TokenScope,
    /// The CSRF token that every form of this session must submit.
    pub(in crate::serve) csrf_token: String,
    /// The end of the session, in monotonic time.
    expires: Duration,
}

impl LoginSession {
    /// Returns whether `given` is the CSRF token of this session, in constant time.
    pub(in crate::serve) fn has_csrf_token(&self, given: &str) -> bool {
        is_equal_digest(&digest(given), &digest(&self.csrf_token))
    }
}

impl LoginSessions {
    /// Opens a session for a user with `token` and returns the secret for its cookie. `now` is a
    /// monotonic time.
    pub(in crate::serve) fn open(&self, token: &TokenRow, ids: &IdSource, now: Duration) -> String {
        let cookie = new_secret(ids);
        let login = LoginSession {
            handle: token.handle.clone(),
            name: token.name.clone(),
            scope: token.scope,
            csrf_token: new_secret(ids),
            expires: now + LIFETIME,
        };
        let mut open = self.lock();
        open.retain(|_, login| login.expires > now);
        if open.len() >= MAX_SESSIONS {
            let earliest = open.iter().min_by_key(|(_, login)| login.expires);
            let earliest = earliest.map(|(digest, _)| *digest);
            earliest.map(|digest| open.remove(&digest));
        }
        open.insert(digest(&cookie), login);
        cookie
    }

    /// Returns the session of a cookie, or `None` if there is none or it has expired.
    pub(in crate::serve) fn find(&self, cookie: &str, now: Duration) -> Option<LoginSession> {
        let found = self.lock().get(&digest(cookie)).cloned();
        found.filter(|login| login.expires > now)
    }

    /// Ends the session of a cookie, if there is one.
    pub(in crate::serve) fn close(&self, cookie: &str) {
        self.lock().remove(&digest(cookie));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], LoginSession>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn token() -> TokenRow {
        TokenRow {
            handle: "3f9a12cd".to_owned(),
            name: "me".to_owned(),
            scope: TokenScope::Admin,
            digest: [0; 32],
            created: DateTime::UNIX_EPOCH,
            expires: None,
            revoked: None,
        }
    }

    #[test]
    fn a_login_session_is_found_until_it_expires_or_is_closed() {
        let (logins, ids) = (LoginSessions::default(), IdSource::sequential(1));
        let (start, second) = (Duration::ZERO, Duration::from_secs(1));
        let cookie = logins.open(&token(), &ids, start);
        let other = logins.open(&token(), &ids, start);
        assert_ne!(cookie, other);
        let login = logins.find(&cookie, LIFETIME - second).unwrap();
        assert!(login.has_csrf_token(&login.csrf_token) && !login.has_csrf_token(&cookie));
        assert_eq!(logins.find(&cookie, LIFETIME), None);
        logins.close(&cookie);
        assert_eq!(logins.find(&cookie, start), None);
        assert!(logins.find(&other, start).is_some());
    }

    #[test]
    fn the_number_of_login_sessions_is_bounded() {
        let (logins, ids) = (LoginSessions::default(), IdSource::sequential(1));
        let first = logins.open(&token(), &ids, Duration::ZERO);
        for n in 1..=MAX_SESSIONS as u64 {
            logins.open(&token(), &ids, Duration::from_secs(n));
        }
        assert_eq!(logins.lock().len(), MAX_SESSIONS);
        assert_eq!(logins.find(&first, Duration::ZERO), None);
    }
}
