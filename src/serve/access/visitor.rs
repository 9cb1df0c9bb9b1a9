//! People: a cookie that leads to a visit, and forms that only our own pages can send.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, HOST, LOCATION, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::token::is_good;
use super::visit::{LENGTH, Visit};
use crate::domain::TokenScope;
use crate::serve::Guests;
use crate::serve::desk::Desk;
use crate::serve::http::Problem;

/// Whoever looks at a page.
#[derive(Debug, Clone)]
pub(in crate::serve) enum Visitor {
    /// Somebody who did not sign in.
    Guest,
    /// Somebody who did.
    Known(Visit),
}

/// Somebody who may look at pages.
#[derive(Debug)]
pub(in crate::serve) struct Welcome(pub(in crate::serve) Visitor);

impl FromRequestParts<Arc<Desk>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let Some(cookie) = cookie_of(&parts.headers, desk) else {
            return Ok(Self::Guest);
        };
        let now = desk.served.environment.wall_clock.elapsed();
        let Some(visit) = desk.visits.find(&cookie, now) else {
            return Ok(Self::Guest);
        };
        let handle = visit.handle.clone();
        let token = desk.ask(move |desk| {
            let store = &desk.served.store;
            store.read(|reading| reading.token(&handle))
        });
        let now = desk.served.environment.wall_clock.now();
        match token.await? {
            Some(token) if is_good(&token, now) => Ok(Self::Known(visit)),
            _ => {
                desk.visits.close(&cookie);
                Ok(Self::Guest)
            }
        }
    }
}

impl FromRequestParts<Arc<Desk>> for Welcome {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, desk).await;
        let visitor = visitor.map_err(IntoResponse::into_response)?;
        match (&visitor, desk.served.settings.guests) {
            (Visitor::Guest, Guests::Refused) => Err(to_sign_in(parts)),
            _ => Ok(Self(visitor)),
        }
    }
}

/// Leads to where one signs in, and back to what was asked for.
fn to_sign_in(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let place = HeaderValue::from_str(&format!("/sign-in?next={next}"));
    let place = place.unwrap_or(HeaderValue::from_static("/sign-in"));
    (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
}

impl Visitor {
    /// The visit of somebody who may change something, with a form that is of this visit.
    pub(in crate::serve) fn admin_with(&self, form_secret: &str) -> Result<&Visit, Problem> {
        match self {
            Self::Known(visit) if visit.scope < TokenScope::Admin => Err(Problem::forbidden()),
            Self::Known(visit) if visit.knows(form_secret) => Ok(visit),
            Self::Known(_) => Err(Problem::foreign_form()),
            Self::Guest => Err(Problem::unauthenticated()),
        }
    }
}

/// Refuses a form that another site's page has sent. A browser says where a form comes from; what
/// says nothing is no browser, and has no cookie that it did not mean to send.
pub(in crate::serve) fn own_form(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Problem::foreign_form());
    }
    let host = text(HOST).unwrap_or_default();
    match headers.get(ORIGIN).map(HeaderValue::to_str) {
        None => Ok(()),
        Some(Ok(origin))
            if origin
                .split_once("://")
                .is_some_and(|(_, from)| from == host) =>
        {
            Ok(())
        }
        Some(_) => Err(Problem::foreign_form()),
    }
}

/// What the cookie is called; with TLS a browser holds it to the host that set it.
const fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-plimsoll"
    } else {
        "plimsoll"
    }
}

fn is_secure(desk: &Desk) -> bool {
    let url = desk.served.settings.public_url.as_ref();
    url.is_some_and(|url| url.is_secure())
}

/// The secret in a request's cookie.
pub(in crate::serve) fn cookie_of(headers: &HeaderMap, desk: &Desk) -> Option<String> {
    let name = cookie_name(is_secure(desk));
    let said = headers.get_all(COOKIE).iter();
    let pairs = said.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name).then(|| value.to_owned())
    })
}

/// The cookie that keeps a secret; nothing to keep is a cookie that ends.
pub(in crate::serve) fn cookie(desk: &Desk, secret: Option<&str>) -> Result<HeaderValue, Problem> {
    let secure = is_secure(desk);
    let (value, seconds) = match secret {
        Some(secret) => (secret, LENGTH.as_secs()),
        None => ("", 0),
    };
    let name = cookie_name(secure);
    let only_tls = if secure { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{only_tls}");
    HeaderValue::from_str(&text).map_err(|_| Problem::bug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        own_form(&pairs.collect()).is_ok()
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let host = ("host", "localhost:7407");
        assert!(sent(&[host, ("origin", "http://localhost:7407")]));
        assert!(sent(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(sent(&[host]));
        assert!(!sent(&[host, ("origin", "http://evil.example")]));
        assert!(!sent(&[host, ("origin", "null")]));
        assert!(!sent(&[host, ("origin", "http://localhost:9999")]));
        assert!(!sent(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!sent(&[host, ("sec-fetch-site", "same-site")]));
    }
}
