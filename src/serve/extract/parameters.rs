//! Reads query and form parameters by name, and refuses unknown ones at the end; extracts the named
//! segments of a path.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Path, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::body::content_type;
use crate::serve::http::Problem;

/// The query parameters (after the `?` of the address) of a request without a body.
///
/// A request with a body is refused, because parameters in the body would be ignored. If that were
/// `portfolio_id`, the run would process all portfolios instead of one.
#[derive(Debug)]
pub(in crate::serve) struct Query(pub(in crate::serve) Parameters);

/// A request without parameters and body; one that has some is refused.
#[derive(Debug)]
pub(in crate::serve) struct NoParameters;

/// The parameters of a request. Reading a parameter removes it.
#[derive(Debug, Default)]
pub(in crate::serve) struct Parameters {
    /// Names and values that are not read yet.
    pairs: Vec<(String, String)>,
    /// All names that the endpoint has asked for, including those that were not given.
    known: Vec<&'static str>,
}

impl<S: Send + Sync> FromRequest<S> for Query {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if has_content(body).await {
            let kind = content_type(&parts.headers);
            let path = original_path(&parts);
            return Err(Problem::body_not_read(&parts.method, path, kind));
        }
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(Parameters::parse(query.as_bytes())))
    }
}

impl<S: Send + Sync> FromRequest<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Query(parameters) = Query::from_request(request, state).await?;
        parameters.finish().map(|()| Self)
    }
}

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

/// The path as the client sent it. A nested router removes its prefix from `uri`.
pub(super) fn original_path(parts: &Parts) -> &str {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or(&parts.uri, |uri| &uri.0).path()
}

/// Returns whether a body has any bytes, without reading more than one of them.
async fn has_content(body: Body) -> bool {
    match to_bytes(body, 1).await {
        Ok(bytes) => !bytes.is_empty(),
        // The body is longer than the limit, or the client announced it and broke off.
        Err(_) => true,
    }
}

impl Parameters {
    /// Parses a query string or the body of a form.
    pub(in crate::serve) fn parse(encoded: &[u8]) -> Self {
        Self::from_pairs(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Parameters with these names and values.
    pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self {
            pairs,
            known: Vec::new(),
        }
    }

    /// Adds the fields of the body; refuses a name that both have.
    pub(super) fn join(mut self, body: Self) -> Result<Self, Problem> {
        let is_given = |name: &str| self.pairs.iter().any(|(given, _)| given == name);
        if let Some((name, _)) = body.pairs.iter().find(|(name, _)| is_given(name)) {
            let short: String = name.chars().take(60).collect();
            let detail = format!("`{short}` is given in the address and in the body");
            return Err(Problem::malformed(detail).with_hint("pass it in one of them"));
        }
        self.pairs.extend(body.pairs);
        Ok(self)
    }

    /// Takes all values of a parameter that may be repeated.
    pub(in crate::serve) fn values(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let matching = self.pairs.extract_if(.., |(given, _)| given == name);
        matching.map(|(_, value)| value).collect()
    }

    /// Takes the value of a parameter; refuses a repeated one.
    pub(in crate::serve) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.values(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            count => Err(Problem::malformed(format!(
                "`{name}` is given {count} times"
            ))),
        }
    }

    /// Takes and parses the value of a parameter; refuses a repeated one.
    pub(in crate::serve) fn value<T>(&mut self, name: &'static str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: Display,
    {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(Problem::malformed(format!("`{name}`: {error}"))),
        }
    }

    /// Takes a parameter that is `true` or `false` (the default); refuses a repeated one.
    pub(in crate::serve) fn is_set(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.text(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Problem::malformed(format!(
                "`{name}`: `{other}` must be `true` or `false`"
            ))),
        }
    }

    /// Refuses the request if it has parameters that were not read.
    pub(in crate::serve) fn finish(self) -> Result<(), Problem> {
        let Some((name, _)) = self.pairs.first() else {
            return Ok(());
        };
        let known = match self.known[..] {
            [] => "none".to_owned(),
            _ => self.known.join(", "),
        };
        let short: String = name.chars().take(60).collect();
        Err(Problem::malformed(format!(
            "unknown parameter `{short}` (known: {known})"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Day;

    #[test]
    fn values_are_read_once_and_strictly() {
        let mut query = Parameters::parse(b"day=2026-01-08&id=A+B&id=%C3%A9&force=true&n=7");
        assert_eq!(
            query.value::<Day>("day").unwrap(),
            "2026-01-08".parse().ok()
        );
        assert_eq!(query.values("id"), ["A B", "é"]);
        assert!(query.is_set("force").unwrap() && !query.is_set("other").unwrap());
        assert_eq!(query.value::<u32>("n").unwrap(), Some(7));
        query.finish().unwrap();
    }

    #[test]
    fn unknown_repeated_and_unparsable_parameters_are_rejected() {
        let refused = |query: &str| {
            let mut query = Parameters::parse(query.as_bytes());
            let read = query.value::<Day>("day").and(query.is_set("force"));
            read.and_then(|_| query.finish()).unwrap_err().detail
        };
        let unknown = "unknown parameter `portolio_id` (known: day, force)";
        assert_eq!(refused("portolio_id=A"), unknown);
        assert_eq!(
            refused("day=2026-01-05&day=2026-01-06"),
            "`day` is given 2 times"
        );
        assert!(refused("day=8.1.2026").contains("`8.1.2026` is not a date"));
        assert!(refused("day=").contains("`` is not a date"));
        assert!(refused("force=yes").contains("must be `true` or `false`"));
    }
}
