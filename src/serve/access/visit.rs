//! Visits: people who signed in with a token, known again by a cookie.
//!
//! The cookie holds a secret of its own, never the token; only the digest of it is remembered. A
//! visit ends with the server, after half a day, or when its token is not good any more.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::token::{digest, is_same, secret};
use crate::domain::TokenScope;
use crate::environment::IdSource;
use crate::store::TokenRow;

/// How long a visit lasts.
pub(super) const LENGTH: Duration = Duration::from_secs(12 * 60 * 60);
/// How many visits there are at once; the one that ends first makes room.
const MOST: usize = 256;

/// The visits that are open, by the digest of their cookie.
#[derive(Debug, Default)]
pub(in crate::serve) struct Visits {
    open: Mutex<BTreeMap<[u8; 32], Visit>>,
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct Visit {
    /// The handle of the token.
    pub(in crate::serve) handle: String,
    /// What the token is called.
    pub(in crate::serve) name: String,
    /// What may be done.
    pub(in crate::serve) scope: TokenScope,
    /// What every form of this visit holds, so that no foreign page can send one.
    pub(in crate::serve) form_secret: String,
    ends: Duration,
}

impl Visit {
    /// Whether a form holds this visit's secret, compared in constant time.
    pub(in crate::serve) fn knows(&self, given: &str) -> bool {
        is_same(&digest(given), &digest(&self.form_secret))
    }
}

impl Visits {
    /// Opens a visit for the bearer of a token, at a time that runs; the secret of its cookie.
    pub(in crate::serve) fn open(&self, token: &TokenRow, ids: &IdSource, now: Duration) -> String {
        let cookie = secret(ids);
        let visit = Visit {
            handle: token.handle.clone(),
            name: token.name.clone(),
            scope: token.scope,
            form_secret: secret(ids),
            ends: now + LENGTH,
        };
        let mut open = self.lock();
        open.retain(|_, visit| visit.ends > now);
        if open.len() >= MOST {
            let first = open.iter().min_by_key(|(_, visit)| visit.ends);
            let first = first.map(|(digest, _)| *digest);
            first.map(|digest| open.remove(&digest));
        }
        open.insert(digest(&cookie), visit);
        cookie
    }

    /// The visit of a cookie, where it is still open.
    pub(in crate::serve) fn find(&self, cookie: &str, now: Duration) -> Option<Visit> {
        let found = self.lock().get(&digest(cookie)).cloned();
        found.filter(|visit| visit.ends > now)
    }

    /// Ends the visit of a cookie.
    pub(in crate::serve) fn close(&self, cookie: &str) {
        self.lock().remove(&digest(cookie));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Visit>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_visit_is_found_until_it_ends_or_is_closed() {
        let (visits, ids) = (Visits::default(), IdSource::sequential(1));
        let (start, second) = (Duration::ZERO, Duration::from_secs(1));
        let cookie = visits.open(&token(), &ids, start);
        let other = visits.open(&token(), &ids, start);
        assert_ne!(cookie, other);
        let visit = visits.find(&cookie, LENGTH - second).unwrap();
        assert!(visit.knows(&visit.form_secret) && !visit.knows(&cookie));
        assert_eq!(visits.find(&cookie, LENGTH), None);
        visits.close(&cookie);
        assert_eq!(visits.find(&cookie, start), None);
        assert!(visits.find(&other, start).is_some());
    }

    #[test]
    fn memory_has_an_end() {
        let (visits, ids) = (Visits::default(), IdSource::sequential(1));
        let first = visits.open(&token(), &ids, Duration::ZERO);
        for n in 1..=MOST as u64 {
            visits.open(&token(), &ids, Duration::from_secs(n));
        }
        assert_eq!(visits.lock().len(), MOST);
        assert_eq!(visits.find(&first, Duration::ZERO), None);
    }
}
