//! Extracts the named segments of a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::serve::http::Problem;

/// The named segments of a path, with a [`Problem`] as the rejection.
#[derive(Debug)]
pub(in crate::serve) struct PathParams<T>(pub(in crate::serve) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(params)) => Ok(Self(params)),
            Err(refusal) => Err(Problem::malformed(refusal.body_text())),
        }
    }
}
