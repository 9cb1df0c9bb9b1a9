//! People: a cookie that leads to a visit, and forms that only our own pages can send.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, HOST, LOCATION, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::login::{LIFETIME, LoginSession};
use super::token::is_valid;
use crate::domain::TokenScope;
use crate::serve::AnonymousAccess;
use crate::serve::app_state::AppState;
use crate::serve::http::Problem;

/// Whoever looks at a page.
#[derive(Debug, Clone)]
pub(in crate::serve) enum CurrentUser {
    /// Somebody who did not sign in.
    Anonymous,
    /// Somebody who did.
    SignedIn(LoginSession),
}

/// Somebody who may look at pages.
#[derive(Debug)]
pub(in crate::serve) struct PageViewer(pub(in crate::serve) CurrentUser);

impl FromRequestParts<Arc<AppState>> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<AppState>) -> Result<Self, Problem> {
        let Some(cookie) = cookie_value(&parts.headers, desk) else {
            return Ok(Self::Anonymous);
        };
        let now = desk.context.environment.wall_clock.elapsed();
        let Some(visit) = desk.login_sessions.find(&cookie, now) else {
            return Ok(Self::Anonymous);
        };
        let handle = visit.handle.clone();
        let token = desk.run_blocking(move |desk| {
            let store = &desk.context.store;
            store.read(|reading| reading.token(&handle))
        });
        let now = desk.context.environment.wall_clock.now();
        match token.await? {
            Some(token) if is_valid(&token, now) => Ok(Self::SignedIn(visit)),
            _ => {
                desk.login_sessions.close(&cookie);
                Ok(Self::Anonymous)
            }
        }
    }
}

impl FromRequestParts<Arc<AppState>> for PageViewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<AppState>) -> Result<Self, Response> {
        let visitor = CurrentUser::from_request_parts(parts, desk).await;
        let visitor = visitor.map_err(IntoResponse::into_response)?;
        match (&visitor, desk.context.settings.anonymous) {
            (CurrentUser::Anonymous, AnonymousAccess::None) => Err(redirect_to_sign_in(parts)),
            _ => Ok(Self(visitor)),
        }
    }
}

/// Leads to where one signs in, and back to what was asked for.
fn redirect_to_sign_in(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let place = HeaderValue::from_str(&format!("/sign-in?next={next}"));
    let place = place.unwrap_or(HeaderValue::from_static("/sign-in"));
    (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
}

impl CurrentUser {
    /// The visit of somebody who may change something, with a form that is of this visit.
    pub(in crate::serve) fn require_admin(
        &self,
        form_secret: &str,
    ) -> Result<&LoginSession, Problem> {
        match self {
            Self::SignedIn(visit) if visit.scope < TokenScope::Admin => Err(Problem::forbidden()),
            Self::SignedIn(visit) if visit.has_csrf_token(form_secret) => Ok(visit),
            Self::SignedIn(_) => Err(Problem::csrf_failed()),
            Self::Anonymous => Err(Problem::unauthenticated()),
        }
    }
}

/// Refuses a form that another site's page has sent. A browser says where a form comes from; what
/// says nothing is no browser, and has no cookie that it did not mean to send.
pub(in crate::serve) fn check_form_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Problem::csrf_failed());
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
        Some(_) => Err(Problem::csrf_failed()),
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

fn is_secure(desk: &AppState) -> bool {
    let url = desk.context.settings.public_url.as_ref();
    url.is_some_and(|url| url.is_secure())
}

/// The secret in a request's cookie.
pub(in crate::serve) fn cookie_value(headers: &HeaderMap, desk: &AppState) -> Option<String> {
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
pub(in crate::serve) fn login_cookie(
    desk: &AppState,
    secret: Option<&str>,
) -> Result<HeaderValue, Problem> {
    let secure = is_secure(desk);
    let (value, seconds) = match secret {
        Some(secret) => (secret, LIFETIME.as_secs()),
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

    fn is_accepted(pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        check_form_origin(&pairs.collect()).is_ok()
    }

    #[test]
    fn forms_from_another_origin_are_rejected() {
        let host = ("host", "localhost:7407");
        assert!(is_accepted(&[host, ("origin", "http://localhost:7407")]));
        assert!(is_accepted(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(is_accepted(&[host]));
        assert!(!is_accepted(&[host, ("origin", "http://evil.example")]));
        assert!(!is_accepted(&[host, ("origin", "null")]));
        assert!(!is_accepted(&[host, ("origin", "http://localhost:9999")]));
        assert!(!is_accepted(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!is_accepted(&[host, ("sec-fetch-site", "same-site")]));
    }
}
