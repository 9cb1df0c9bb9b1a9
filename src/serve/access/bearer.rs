//! Authentication of programs: a token in the `Authorization` header of each request.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::failed_logins::RetryAfter;
use super::token::verify_token;
use crate::domain::TokenScope;
use crate::serve::app_state::AppState;
use crate::serve::http::{Peer, Problem};
use crate::serve::settings::AnonymousAccess;

/// A request whose token may read.
#[derive(Debug)]
pub(in crate::serve) struct Reader;

/// A request whose token may read and change.
#[derive(Debug)]
pub(in crate::serve) struct Admin;

/// A request that may read: anonymous where the settings allow it, with a token otherwise.
#[derive(Debug)]
pub(in crate::serve) struct AnonymousOrReader;

impl FromRequestParts<Arc<AppState>> for AnonymousOrReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        match state.context.settings.anonymous {
            AnonymousAccess::Read => Ok(Self),
            AnonymousAccess::None => authenticate(parts, state).await.map(|_| Self),
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        authenticate(parts, state).await.map(|_| Self)
    }
}

impl FromRequestParts<Arc<AppState>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        match authenticate(parts, state).await? {
            TokenScope::Admin => Ok(Self),
            TokenScope::Read => Err(Problem::forbidden()),
        }
    }
}

/// Verifies the token of a request and returns its scope.
async fn authenticate(parts: &Parts, state: &Arc<AppState>) -> Result<TokenScope, Problem> {
    let header = parts.headers.get(AUTHORIZATION);
    let header = header.ok_or_else(Problem::unauthenticated)?;
    let text = header.to_str().ok().and_then(parse_bearer);
    if let Some(text) = text.map(str::to_owned) {
        let verified = state.run_blocking(move |state| {
            let now = state.context.app.environment.wall_clock.now();
            verify_token(&state.context.app.store, &text, now)
        });
        if let Some(token) = verified.await? {
            return Ok(token.scope);
        }
    }
    Err(reject_token(parts.extensions.get::<Peer>(), state))
}

/// Counts a failed login and returns the problem to answer with.
pub(in crate::serve) fn reject_token(peer: Option<&Peer>, state: &AppState) -> Problem {
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let now = state.context.app.environment.wall_clock.elapsed();
    match state.failed_logins.record(address, now) {
        // Logged only within the limit: a client must not be able to fill the log.
        Ok(()) => {
            tracing::warn!("invalid token from {address}");
            Problem::unauthenticated()
        }
        Err(RetryAfter(time)) => Problem::too_many_failures(time),
    }
}

/// Returns the token of a `Bearer TOKEN` header; the scheme is not case-sensitive.
fn parse_bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
