//! The body of a form, as parameters.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;

use super::Parameters;
use crate::serve::access::own_form;
use crate::serve::desk::Desk;
use crate::serve::http::Problem;

/// A form that a page of ours has sent, to an address without a query string.
#[derive(Debug)]
pub(in crate::serve) struct Form(pub(in crate::serve) Parameters);

impl FromRequest<Arc<Desk>> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Problem> {
        own_form(request.headers())?;
        if request.uri().query().is_some() {
            let detail = "a form is read from the body, and this address has a query string";
            return Err(Problem::malformed(detail).hinting("pass all fields in the body"));
        }
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::malformed("a form is expected"));
        }
        match Bytes::from_request(request, desk).await {
            Ok(body) => Ok(Self(Parameters::read(&body))),
            Err(refusal) => Err(Problem::malformed(refusal.body_text())),
        }
    }
}
