//! Programs: a token in the `Authorization` header of each request.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::failures::Wait;
use super::token::recognise;
use crate::domain::TokenScope;
use crate::serve::Guests;
use crate::serve::desk::Desk;
use crate::serve::http::{Peer, Problem};

/// Somebody who may look.
#[derive(Debug)]
pub(in crate::serve) struct Reader;

/// Somebody who may look and change.
#[derive(Debug)]
pub(in crate::serve) struct Admin;

/// Somebody who looks where whoever comes may, or who may look.
#[derive(Debug)]
pub(in crate::serve) struct Onlooker;

impl FromRequestParts<Arc<Desk>> for Onlooker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        match desk.served.settings.guests {
            Guests::Welcome => Ok(Self),
            Guests::Refused => admit(parts, desk).await.map(|_| Self),
        }
    }
}

impl FromRequestParts<Arc<Desk>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        admit(parts, desk).await.map(|_| Self)
    }
}

impl FromRequestParts<Arc<Desk>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        match admit(parts, desk).await? {
            TokenScope::Admin => Ok(Self),
            TokenScope::Read => Err(Problem::forbidden()),
        }
    }
}

/// What the bearer of the request's token may do.
async fn admit(parts: &Parts, desk: &Arc<Desk>) -> Result<TokenScope, Problem> {
    let said = parts.headers.get(AUTHORIZATION);
    let said = said.ok_or_else(Problem::unauthenticated)?;
    let text = said.to_str().ok().and_then(bearer);
    if let Some(text) = text.map(str::to_owned) {
        let known = desk.ask(move |desk| {
            let now = desk.served.environment.wall_clock.now();
            recognise(&desk.served.store, &text, now)
        });
        if let Some(token) = known.await? {
            return Ok(token.scope);
        }
    }
    Err(refuse(parts.extensions.get::<Peer>(), desk))
}

/// Counts the failure, and refuses it.
pub(in crate::serve) fn refuse(peer: Option<&Peer>, desk: &Desk) -> Problem {
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    tracing::warn!("a token from {address} was refused");
    let now = desk.served.environment.wall_clock.elapsed();
    match desk.failed_logins.count(address, now) {
        Ok(()) => Problem::unauthenticated(),
        Err(Wait(time)) => Problem::too_many_failures(time),
    }
}

/// What stands after `Bearer`, in any case.
fn bearer(said: &str) -> Option<&str> {
    let (scheme, token) = said.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
