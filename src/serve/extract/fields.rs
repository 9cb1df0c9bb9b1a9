//! The parameters of a request whose address and body are both read.

use axum::extract::{FromRequest, Request};

use super::body::{FieldsType, content_type, json_fields, read_body};
use super::parameters::{Parameters, original_path};
use crate::serve::http::Problem;

/// The parameters in the query string and in a body, a form or a JSON object, of a request.
///
/// A name in both places is refused, because one of its values would be ignored.
#[derive(Debug)]
pub(in crate::serve) struct Fields(pub(in crate::serve) Parameters);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = read_body(body).await?;
        let query = parts.uri.query().unwrap_or_default();
        let query = Parameters::parse(query.as_bytes());
        if body.is_empty() {
            return Ok(Self(query));
        }
        let fields = match FieldsType::from_headers(&parts.headers) {
            Some(FieldsType::Form) => Parameters::parse(&body),
            Some(FieldsType::Json) => Parameters::from_pairs(json_fields(&body)?),
            None => {
                let path = original_path(&parts);
                let kind = content_type(&parts.headers);
                return Err(Problem::unknown_body_type(&parts.method, path, kind));
            }
        };
        query.join(fields).map(Self)
    }
}
