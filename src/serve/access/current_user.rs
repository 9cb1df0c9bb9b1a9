//! Authentication of people: a cookie that identifies a login session, and forms that only pages
//! of this server can send.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, HOST, LOCATION, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::login::{LIFETIME, LoginSession};
use super::token::is_valid;
use crate::domain::TokenScope;
use crate::serve::app_state::AppState;
use crate::serve::http::Problem;
use crate::serve::settings::AnonymousAccess;

/// The user of a page.
#[derive(Debug, Clone)]
pub(in crate::serve) enum CurrentUser {
    /// No login session, or one that has expired or whose token is no longer valid.
    Anonymous,
    /// A login session whose token is still valid.
    SignedIn(LoginSession),
}

/// A user who may read pages; others are redirected to the sign-in page.
#[derive(Debug)]
pub(in crate::serve) struct PageViewer(pub(in crate::serve) CurrentUser);

impl FromRequestParts<Arc<AppState>> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let Some(cookie) = cookie_value(&parts.headers, state) else {
            return Ok(Self::Anonymous);
        };
        let now = state.context.app.environment.wall_clock.elapsed();
        let Some(login) = state.login_sessions.find(&cookie, now) else {
            return Ok(Self::Anonymous);
        };
        let handle = login.handle.clone();
        let token = state.run_blocking(move |state| {
            let store = &state.context.app.store;
            store.read(|reading| reading.tokens().with_handle(&handle))
        });
        let now = state.context.app.environment.wall_clock.now();
        match token.await? {
            Some(token) if is_valid(&token, now) => Ok(Self::SignedIn(login)),
            _ => {
                state.login_sessions.close(&cookie);
                Ok(Self::Anonymous)
            }
        }
    }
}

impl FromRequestParts<Arc<AppState>> for PageViewer {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Response> {
        let user = CurrentUser::from_request_parts(parts, state).await;
        let user = user.map_err(IntoResponse::into_response)?;
        match (&user, state.context.settings.anonymous) {
            (CurrentUser::Anonymous, AnonymousAccess::None) => Err(redirect_to_sign_in(parts)),
            _ => Ok(Self(user)),
        }
    }
}

/// Redirects to the sign-in page, which leads back to the requested address.
fn redirect_to_sign_in(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let location = HeaderValue::from_str(&format!("/sign-in?next={next}"));
    let location = location.unwrap_or(HeaderValue::from_static("/sign-in"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

impl CurrentUser {
    /// Returns the login session if it has scope admin and `csrf_token` is its own.
    pub(in crate::serve) fn require_admin(
        &self,
        csrf_token: &str,
    ) -> Result<&LoginSession, Problem> {
        match self {
            Self::SignedIn(login) if login.scope < TokenScope::Admin => Err(Problem::forbidden()),
            Self::SignedIn(login) if login.has_csrf_token(csrf_token) => Ok(login),
            Self::SignedIn(_) => Err(Problem::csrf_failed()),
            Self::Anonymous => Err(Problem::unauthenticated()),
        }
    }
}

/// Refuses a form that a page of another site has sent.
///
/// Browsers send `Origin` or `Sec-Fetch-Site` with a form. A request with neither does not come
/// from a browser, so it can't be a page of another site that uses the cookie of a signed-in user.
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

/// The name of the cookie. With TLS it has the prefix `__Host-`, which keeps browsers from
/// accepting it from any other host.
const fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-plimsoll"
    } else {
        "plimsoll"
    }
}

fn is_secure(state: &AppState) -> bool {
    let url = state.context.settings.public_url.as_ref();
    url.is_some_and(|url| url.is_secure())
}

/// The secret in the login cookie of a request.
pub(in crate::serve) fn cookie_value(headers: &HeaderMap, state: &AppState) -> Option<String> {
    let name = cookie_name(is_secure(state));
    let values = headers.get_all(COOKIE).iter();
    let pairs = values.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name).then(|| value.to_owned())
    })
}

/// The `Set-Cookie` header for a secret; `None` deletes the cookie.
pub(in crate::serve) fn login_cookie(
    state: &AppState,
    secret: Option<&str>,
) -> Result<HeaderValue, Problem> {
    let secure = is_secure(state);
    let (value, seconds) = match secret {
        Some(secret) => (secret, LIFETIME.as_secs()),
        None => ("", 0),
    };
    let name = cookie_name(secure);
    let secure_attribute = if secure { "; Secure" } else { "" };
    let text = format!(
        "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure_attribute}"
    );
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
