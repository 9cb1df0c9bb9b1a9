//! Visits: people who signed in with a token, known again by a cookie.
//!
//! The cookie holds a secret of its own, never the token; only the digest of it is remembered. A
//! visit ends with the server, after half a day, or when its token is not good any more.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::token::{digest, is_equal_digest, new_secret};
use crate::domain::TokenScope;
use crate::environment::IdSource;
use crate::store::TokenRow;

/// How long a visit lasts.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// How many visits there are at once; the one that ends first makes room.
const MAX_SESSIONS: usize = 256;

/// The visits that are open, by the digest of their cookie.
#[derive(Debug, Default)]
pub(in crate::serve) struct LoginSessions {
    sessions: Mutex<BTreeMap<[u8; 32], LoginSession>>,
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct LoginSession {
    /// The handle of the token.
    pub(in crate::serve) handle: String,
    /// What the token is called.
    pub(in crate::serve) name: String,
    /// What may be done.
    pub(in crate::serve) scope: TokenScope,
    /// What every form of this visit holds, so that no foreign page can send one.
    pub(in crate::serve) csrf_token: String,
    expires: Duration,
}

impl LoginSession {
    /// Whether a form holds this visit's secret, compared in constant time.
    pub(in crate::serve) fn has_csrf_token(&self, given: &str) -> bool {
        is_equal_digest(&digest(given), &digest(&self.csrf_token))
    }
}

impl LoginSessions {
    /// Opens a visit for the bearer of a token, at a time that runs; the secret of its cookie.
    pub(in crate::serve) fn open(&self, token: &TokenRow, ids: &IdSource, now: Duration) -> String {
        let cookie = new_secret(ids);
        let visit = LoginSession {
            handle: token.handle.clone(),
            name: token.name.clone(),
            scope: token.scope,
            csrf_token: new_secret(ids),
            expires: now + LIFETIME,
        };
        let mut open = self.lock();
        open.retain(|_, visit| visit.expires > now);
        if open.len() >= MAX_SESSIONS {
            let first = open.iter().min_by_key(|(_, visit)| visit.expires);
            let first = first.map(|(digest, _)| *digest);
            first.map(|digest| open.remove(&digest));
        }
        open.insert(digest(&cookie), visit);
        cookie
    }

    /// The visit of a cookie, where it is still open.
    pub(in crate::serve) fn find(&self, cookie: &str, now: Duration) -> Option<LoginSession> {
        let found = self.lock().get(&digest(cookie)).cloned();
        found.filter(|visit| visit.expires > now)
    }

    /// Ends the visit of a cookie.
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
        let (visits, ids) = (LoginSessions::default(), IdSource::sequential(1));
        let (start, second) = (Duration::ZERO, Duration::from_secs(1));
        let cookie = visits.open(&token(), &ids, start);
        let other = visits.open(&token(), &ids, start);
        assert_ne!(cookie, other);
        let visit = visits.find(&cookie, LIFETIME - second).unwrap();
        assert!(visit.has_csrf_token(&visit.csrf_token) && !visit.has_csrf_token(&cookie));
        assert_eq!(visits.find(&cookie, LIFETIME), None);
        visits.close(&cookie);
        assert_eq!(visits.find(&cookie, start), None);
        assert!(visits.find(&other, start).is_some());
    }

    #[test]
    fn the_number_of_login_sessions_is_bounded() {
        let (visits, ids) = (LoginSessions::default(), IdSource::sequential(1));
        let first = visits.open(&token(), &ids, Duration::ZERO);
        for n in 1..=MAX_SESSIONS as u64 {
            visits.open(&token(), &ids, Duration::from_secs(n));
        }
        assert_eq!(visits.lock().len(), MAX_SESSIONS);
        assert_eq!(visits.find(&first, Duration::ZERO), None);
    }
}
