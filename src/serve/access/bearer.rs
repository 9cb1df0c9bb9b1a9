//! Programs: a token in the `Authorization` header of each request.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::failed_logins::RetryAfter;
use super::token::verify_token;
use crate::domain::TokenScope;
use crate::serve::AnonymousAccess;
use crate::serve::app_state::AppState;
use crate::serve::http::{Peer, Problem};

/// Somebody who may look.
#[derive(Debug)]
pub(in crate::serve) struct Reader;

/// Somebody who may look and change.
#[derive(Debug)]
pub(in crate::serve) struct Admin;

/// Somebody who looks where whoever comes may, or who may look.
#[derive(Debug)]
pub(in crate::serve) struct AnonymousOrReader;

impl FromRequestParts<Arc<AppState>> for AnonymousOrReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<AppState>) -> Result<Self, Problem> {
        match desk.context.settings.anonymous {
            AnonymousAccess::Read => Ok(Self),
            AnonymousAccess::None => authenticate(parts, desk).await.map(|_| Self),
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<AppState>) -> Result<Self, Problem> {
        authenticate(parts, desk).await.map(|_| Self)
    }
}

impl FromRequestParts<Arc<AppState>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<AppState>) -> Result<Self, Problem> {
        match authenticate(parts, desk).await? {
            TokenScope::Admin => Ok(Self),
            TokenScope::Read => Err(Problem::forbidden()),
        }
    }
}

/// What the bearer of the request's token may do.
async fn authenticate(parts: &Parts, desk: &Arc<AppState>) -> Result<TokenScope, Problem> {
    let said = parts.headers.get(AUTHORIZATION);
    let said = said.ok_or_else(Problem::unauthenticated)?;
    let text = said.to_str().ok().and_then(parse_bearer);
    if let Some(text) = text.map(str::to_owned) {
        let known = desk.run_blocking(move |desk| {
            let now = desk.context.environment.wall_clock.now();
            verify_token(&desk.context.store, &text, now)
        });
        if let Some(token) = known.await? {
            return Ok(token.scope);
        }
    }
    Err(reject_token(parts.extensions.get::<Peer>(), desk))
}

/// Counts the failure, and refuses it.
pub(in crate::serve) fn reject_token(peer: Option<&Peer>, desk: &AppState) -> Problem {
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    tracing::warn!("a token from {address} was refused");
    let now = desk.context.environment.wall_clock.elapsed();
    match desk.failed_logins.record(address, now) {
        Ok(()) => Problem::unauthenticated(),
        Err(RetryAfter(time)) => Problem::too_many_failures(time),
    }
}

/// What stands after `Bearer`, in any case.
fn parse_bearer(said: &str) -> Option<&str> {
    let (scheme, token) = said.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
