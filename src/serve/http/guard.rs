//! The middleware around every request: host check, body limit, security headers, access log.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::{FORM_LIMIT, Problem};
use crate::serve::app_state::AppState;

/// Forbids everything that is not served by this server: scripts, styles, frames, fonts, forms.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

/// Headers of every response; names in lower case, as `from_static` requires.
const SECURITY_HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];
/// One year, sent when the server is reached through TLS.
const HSTS: &str = "max-age=31536000";

/// Refuses requests for another host and bodies that are too large, and adds the headers.
pub(in crate::serve) async fn guard(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let started = state.context.app.environment.wall_clock.elapsed();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match refusal(&state, &request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    add_headers(&state, &mut response);
    let took = state
        .context
        .app
        .environment
        .wall_clock
        .elapsed()
        .saturating_sub(started);
    tracing::info!(
        "{method} {path} {} in {} ms",
        response.status().as_u16(),
        took.as_millis()
    );
    response
}

fn refusal(state: &AppState, request: &Request) -> Option<Problem> {
    let headers = request.headers();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    // Health probes may address the server by any name.
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    if !is_probe && !host.is_some_and(|host| state.context.settings.is_allowed_host(host)) {
        let status = StatusCode::MISDIRECTED_REQUEST;
        let detail = "the `Host` header names another server";
        return Some(
            Problem::new(status, "misdirected", detail)
                .with_hint("set `public-url` under [serve] to the address that the proxy serves"),
        );
    }
    let length = headers.get(header::CONTENT_LENGTH)?;
    let length = length
        .to_str()
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    if length.is_none_or(|length| length > FORM_LIMIT) {
        return Some(Problem::body_too_large());
    }
    None
}

fn add_headers(state: &AppState, response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let url = state.context.settings.public_url.as_ref();
    if url.is_some_and(|url| url.is_secure()) {
        let value = HeaderValue::from_static(HSTS);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}
