//! Extracts the fields of a form from the body of a request.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};

use super::body::{FieldsType, read_body};
use super::parameters::Parameters;
use crate::serve::access::check_form_origin;
use crate::serve::app_state::AppState;
use crate::serve::http::Problem;

/// A form sent by a page of this server, to an address without a query string.
#[derive(Debug)]
pub(in crate::serve) struct Form(pub(in crate::serve) Parameters);

impl FromRequest<Arc<AppState>> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<AppState>) -> Result<Self, Problem> {
        let (headers, uri) = (request.headers().clone(), request.uri().clone());
        // Read before anything is refused: a connection whose body was not read is closed, and the
        // browser may just be sending its next request on it.
        let body = read_body(request.into_body()).await;
        check_form_origin(&headers)?;
        if uri.query().is_some() {
            let detail = "a form is read from the body, and this address has a query string";
            return Err(Problem::malformed(detail).with_hint("pass all fields in the body"));
        }
        if FieldsType::from_headers(&headers) != Some(FieldsType::Form) {
            return Err(Problem::malformed(
                "expected a form: `application/x-www-form-urlencoded`",
            ));
        }
        Ok(Self(Parameters::parse(&body?)))
    }
}
