//! Signing in with a token, and out again.

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

/// `GET /sign-in`.
pub(super) async fn show(
    visitor: CurrentUser,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let next = query.text("next")?;
    query.finish()?;
    render(&SignInPage {
        frame: Frame::new("Sign in", Section::Other, visitor),
        next: local_path(next),
        error: None,
    })
}

/// `POST /sign-in`.
pub(super) async fn sign_in(
    State(desk): State<Arc<AppState>>,
    peer: Option<Extension<Peer>>,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let next = local_path(form.text("next")?);
    let text = form.text("token")?.unwrap_or_default().trim().to_owned();
    form.finish()?;
    let known = desk.run_blocking(move |desk| {
        let now = desk.context.environment.wall_clock.now();
        verify_token(&desk.context.store, &text, now)
    });
    let Some(token) = known.await? else {
        return sign_in_rejected(&desk, peer.as_deref(), next);
    };
    let environment = &desk.context.environment;
    let now = environment.wall_clock.elapsed();
    let secret = desk.login_sessions.open(&token, &environment.ids, now);
    let mut response = redirect(&next)?;
    let cookie = login_cookie(&desk, Some(&secret))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// The page once more, with what is wrong.
fn sign_in_rejected(
    desk: &AppState,
    peer: Option<&Peer>,
    next: String,
) -> Result<Response, PageProblem> {
    let problem = reject_token(peer, desk);
    let mut response = render(&SignInPage {
        frame: Frame::new("Sign in", Section::Other, CurrentUser::Anonymous),
        next,
        error: Some(match problem.status().as_u16() {
            429 => "Too many tokens that are not good: wait a minute, and try again.".to_owned(),
            _ => "This token is not good: it is mistyped, has run out or was revoked.".to_owned(),
        }),
    })?;
    *response.status_mut() = problem.status();
    problem.add_headers(&mut response);
    Ok(response)
}

/// `POST /sign-out`.
pub(super) async fn sign_out(
    visitor: CurrentUser,
    State(desk): State<Arc<AppState>>,
    headers: HeaderMap,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let secret = form.text("form")?.unwrap_or_default();
    form.finish()?;
    if let CurrentUser::SignedIn(visit) = visitor {
        if !visit.has_csrf_token(&secret) {
            return Err(Problem::csrf_failed().into());
        }
        if let Some(open) = cookie_value(&headers, &desk) {
            desk.login_sessions.close(&open);
        }
    }
    let mut response = redirect("/")?;
    response
        .headers_mut()
        .insert(SET_COOKIE, login_cookie(&desk, None)?);
    Ok(response)
}

/// Where to go after signing in: an address of ours, never another's.
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
        let place = |next: &str| local_path(Some(next.to_owned()));
        assert_eq!(place("/plan?force_rerun=true"), "/plan?force_rerun=true");
        for other in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(place(other), "/", "{other}");
        }
    }
}
