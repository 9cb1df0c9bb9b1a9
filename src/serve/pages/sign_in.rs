//! Signing in with a token, and out again.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Part, page};
use super::run::lead_to;
use crate::serve::access::{Visitor, cookie, cookie_of, recognise, refuse};
use crate::serve::asked::{Form, Query};
use crate::serve::desk::Desk;
use crate::serve::http::{Peer, Problem};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    next: String,
    refused: Option<String>,
}

/// `GET /sign-in`.
pub(super) async fn show(
    visitor: Visitor,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let next = query.text("next")?;
    query.end()?;
    page(&SignIn {
        frame: Frame::new("Sign in", Part::Elsewhere, visitor),
        next: own_place(next),
        refused: None,
    })
}

/// `POST /sign-in`.
pub(super) async fn enter(
    State(desk): State<Arc<Desk>>,
    peer: Option<Extension<Peer>>,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let next = own_place(form.text("next")?);
    let text = form.text("token")?.unwrap_or_default().trim().to_owned();
    form.end()?;
    let known = desk.ask(move |desk| {
        let now = desk.served.environment.wall_clock.now();
        recognise(&desk.served.store, &text, now)
    });
    let Some(token) = known.await? else {
        return refused(&desk, peer.as_deref(), next);
    };
    let environment = &desk.served.environment;
    let now = environment.wall_clock.elapsed();
    let secret = desk.visits.open(&token, &environment.ids, now);
    let mut response = lead_to(&next)?;
    let cookie = cookie(&desk, Some(&secret))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// The page once more, with what is wrong.
fn refused(desk: &Desk, peer: Option<&Peer>, next: String) -> Result<Response, PageProblem> {
    let problem = refuse(peer, desk);
    let mut response = page(&SignIn {
        frame: Frame::new("Sign in", Part::Elsewhere, Visitor::Guest),
        next,
        refused: Some(match problem.status().as_u16() {
            429 => "Too many tokens that are not good: wait a minute, and try again.".to_owned(),
            _ => "This token is not good: it is mistyped, has run out or was revoked.".to_owned(),
        }),
    })?;
    *response.status_mut() = problem.status();
    problem.mark(&mut response);
    Ok(response)
}

/// `POST /sign-out`.
pub(super) async fn leave(
    visitor: Visitor,
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let secret = form.text("form")?.unwrap_or_default();
    form.end()?;
    if let Visitor::Known(visit) = visitor {
        if !visit.knows(&secret) {
            return Err(Problem::foreign_form().into());
        }
        if let Some(open) = cookie_of(&headers, &desk) {
            desk.visits.close(&open);
        }
    }
    let mut response = lead_to("/")?;
    response
        .headers_mut()
        .insert(SET_COOKIE, cookie(&desk, None)?);
    Ok(response)
}

/// Where to go after signing in: an address of ours, never another's.
fn own_place(next: Option<String>) -> String {
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
    fn signing_in_leads_to_our_own_pages_alone() {
        let place = |next: &str| own_place(Some(next.to_owned()));
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
