//! The sign-in page: signing in with a token, and signing out.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::run::redirect;
use crate::serve::access::{CurrentUser, cookie_value, login_cookie, reject_token, verify_token};
use crate::serve::app_state::AppState;
use crate::serve::extract::{Form, Query};
use crate::serve::http::{Peer, Problem};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    error: Option<String>,
}

/// `GET /sign-in`: the sign-in page.
pub(super) async fn show(
    user: CurrentUser,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let next = query.text("next")?;
    query.finish()?;
    render(&SignInPage {
        frame: Frame::new("Sign in", Section::Other, user),
        next: local_path(next),
        error: None,
    })
}

/// `POST /sign-in`: opens a login session for a valid token.
pub(super) async fn sign_in(
    State(state): State<Arc<AppState>>,
    peer: Option<Extension<Peer>>,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let next = local_path(form.text("next")?);
    let text = form.text("token")?.unwrap_or_default().trim().to_owned();
    form.finish()?;
    let verified = state.run_blocking(move |state| {
        let now = state.context.app.environment.wall_clock.now();
        verify_token(&state.context.app.store, &text, now)
    });
    let Some(token) = verified.await? else {
        return sign_in_rejected(&state, peer.as_deref(), next);
    };
    let environment = &state.context.app.environment;
    let now = environment.wall_clock.elapsed();
    let secret = state.login_sessions.open(&token, &environment.ids, now);
    let mut response = redirect(&next)?;
    let cookie = login_cookie(&state, Some(&secret))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// The sign-in page again, with the error.
fn sign_in_rejected(
    state: &AppState,
    peer: Option<&Peer>,
    next: String,
) -> Result<Response, PageProblem> {
    let problem = reject_token(peer, state);
    let mut response = render(&SignInPage {
        frame: Frame::new("Sign in", Section::Other, CurrentUser::Anonymous),
        next,
        error: Some(match problem.status().as_u16() {
            429 => "Too many invalid tokens: wait a minute and try again.".to_owned(),
            _ => "Invalid token: it is mistyped, expired or revoked.".to_owned(),
        }),
    })?;
    *response.status_mut() = problem.status();
    problem.add_headers(&mut response);
    Ok(response)
}

/// `POST /sign-out`: ends the login session.
pub(super) async fn sign_out(
    user: CurrentUser,
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let csrf_token = form.text("csrf_token")?.unwrap_or_default();
    form.finish()?;
    if let CurrentUser::SignedIn(login) = user {
        if !login.has_csrf_token(&csrf_token) {
            return Err(Problem::csrf_failed().into());
        }
        if let Some(cookie) = cookie_value(&headers, &state) {
            state.login_sessions.close(&cookie);
        }
    }
    let mut response = redirect("/")?;
    response
        .headers_mut()
        .insert(SET_COOKIE, login_cookie(&state, None)?);
    Ok(response)
}

/// The address to go to after signing in: a path on this server, else the overview. Anything else
/// would be an open redirect.
fn local_path(next: Option<String>) -> String {
    let next = next.unwrap_or_default();
    let plain = next
        .bytes()
        .all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    let own = next.starts_with('/') && !next.starts_with("//") && plain;
    if own { next } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_redirects_only_to_local_paths() {
        let path = |next: &str| local_path(Some(next.to_owned()));
        assert_eq!(path("/plan?force_rerun=true"), "/plan?force_rerun=true");
        for other in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(path(other), "/", "{other}");
        }
    }
}
