//! Problem documents (RFC 9457): a code for programs and a hint for people. The API sends them as
//! JSON; most errors of pages are shown as HTML.

use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::timed_stream::BodyTimeout;
use crate::domain::{CalendarError, DayError, RunId};
use crate::engine::EngineError;
use crate::plan::PlanError;
use crate::query::QueryError;
use crate::store::StoreError;

/// The code of requests that may succeed later: another run is running, or the sources keep
/// changing.
const BUSY: &str = "busy";

/// The size limit of a request body, in bytes.
pub(in crate::serve) const FORM_LIMIT: usize = 16 * 1_024;

/// A problem document, answered instead of the requested resource.
#[derive(Debug, Clone, Serialize)]
pub(in crate::serve) struct Problem {
    /// The code as a URI, as RFC 9457 requires.
    #[serde(rename = "type")]
    kind: String,
    /// The reason phrase of the status.
    pub(in crate::serve) title: String,
    /// The HTTP status code.
    status: u16,
    /// The stable identifier for programs.
    code: &'static str,
    /// The error for people, with the offending values.
    pub(in crate::serve) detail: String,
    /// The causes of the error, the immediate one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    /// The next step for people, if one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) hint: Option<String>,
    /// The run that blocks the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// Creates a problem with this status and code.
    pub(in crate::serve) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:plimsoll:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            causes: Vec::new(),
            hint: None,
            run: None,
            retry_after: None,
        }
    }

    /// Adds a hint with the next step.
    pub(in crate::serve) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// 400: a parameter is invalid.
    pub(in crate::serve) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 422: each parameter is valid, but they do not fit together.
    pub(in crate::serve) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "senseless", detail)
    }

    /// Adds the nearest known name as a hint, if there is one.
    fn with_nearest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.with_hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// 422: a parameter names a portfolio that does not exist.
    pub(in crate::serve) fn unknown_portfolio(error: &QueryError) -> Self {
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown-portfolio",
            error.to_string(),
        );
        match error {
            QueryError::UnknownPortfolio { nearest, .. } => {
                problem.with_nearest(nearest.as_deref())
            }
            _ => problem,
        }
    }

    /// 415: a body, where parameters are read from the query string only.
    pub(in crate::serve) fn body_not_read(method: &Method, path: &str, kind: Option<&str>) -> Self {
        let kind = kind.map_or("without a content type".to_owned(), |kind| {
            format!("of type `{kind}`")
        });
        let detail = format!("`{method} {path}` reads no body, and this request has one {kind}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "body-not-read", detail).with_hint(
            "send an empty body and pass parameters in the query string, as in \
             `?portfolio_id=A`; /api/v1/openapi.json lists them",
        )
    }

    /// 415: a body of a content type that is not read.
    pub(in crate::serve) fn unknown_body_type(
        method: &Method,
        path: &str,
        kind: Option<&str>,
    ) -> Self {
        let kind = kind.map_or("without a content type".to_owned(), |kind| {
            format!("of type `{kind}`")
        });
        let detail = format!("the body of this `{method} {path}` is {kind}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "body-not-read", detail).with_hint(
            "send `application/json` (an object) or `application/x-www-form-urlencoded`, or pass \
             parameters in the query string",
        )
    }

    /// 408: the body did not arrive in time.
    pub(in crate::serve) fn body_timed_out() -> Self {
        let detail = BodyTimeout.to_string();
        Self::new(StatusCode::REQUEST_TIMEOUT, "timed-out", detail)
    }

    /// 413: the body is over the limit.
    pub(in crate::serve) fn body_too_large() -> Self {
        let detail = format!("the body is larger than {FORM_LIMIT} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    /// 404: the resource does not exist.
    pub(in crate::serve) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 401: no token, or an invalid one.
    pub(in crate::serve) fn unauthenticated() -> Self {
        let detail = "a valid token is required: `Authorization: Bearer TOKEN`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .with_hint("create one with `plimsoll token new NAME`")
    }

    /// 403: the token has scope read.
    pub(in crate::serve) fn forbidden() -> Self {
        let detail = "a token of scope read cannot change anything";
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            .with_hint("create one that can with `plimsoll token new NAME --scope admin`")
    }

    /// 403: a form that was not sent by a page of this login session.
    pub(in crate::serve) fn csrf_failed() -> Self {
        let detail = "this form was not sent from a page of this login session";
        Self::new(StatusCode::FORBIDDEN, "foreign-form", detail)
            .with_hint("go back, reload the page and send the form again")
    }

    /// 429: too many failed logins from one address.
    pub(in crate::serve) fn too_many_failures(wait: Duration) -> Self {
        let detail = "too many invalid tokens from this address";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-failures", detail);
        problem.retry_after = Some(wait.as_secs() + 1);
        problem
    }

    /// 503: too many requests or event streams, no thread for a run, or a server that shuts down.
    pub(in crate::serve) fn overloaded(detail: &str) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "crowded", detail);
        problem.retry_after = Some(5);
        problem
    }

    /// 409: another run is running, starting or closing, or the sources keep changing.
    pub(in crate::serve) fn busy(detail: impl Into<String>, run: Option<RunId>) -> Self {
        let mut problem = Self::new(StatusCode::CONFLICT, BUSY, detail);
        problem.run = run;
        problem
    }

    /// 500: a bug in Plimsoll.
    pub(in crate::serve) fn bug() -> Self {
        let detail = "internal error: this is a bug; see the log of the server";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", detail)
    }

    /// Returns true for [`Self::busy`]: the same request may succeed later.
    pub(in crate::serve) fn is_busy(&self) -> bool {
        self.code == BUSY
    }

    /// The HTTP status of the response.
    pub(in crate::serve) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Converts an error with its causes; a cause that repeats the text before it is left out.
    fn from_error(status: StatusCode, code: &'static str, error: &dyn Error) -> Self {
        let mut problem = Self::new(status, code, error.to_string());
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if text != problem.detail && problem.causes.last() != Some(&text) {
                problem.causes.push(text);
            }
            cause = error.source();
        }
        problem
    }

    /// Adds the headers that belong to the status, such as `Retry-After`.
    pub(in crate::serve) fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        self.add_headers(&mut response);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::LeaseHeld { run, .. } => Self::busy(error.to_string(), Some(*run)),
            StoreError::LeaseLost | StoreError::SourcesChanged => {
                Self::busy(error.to_string(), None)
            }
            StoreError::UnknownPortfolio(_) => Self::not_found(error.to_string()),
            _ => {
                tracing::error!("store error: {error}");
                Self::from_error(StatusCode::SERVICE_UNAVAILABLE, "store", &error)
            }
        }
    }
}

impl From<CalendarError> for Problem {
    fn from(error: CalendarError) -> Self {
        Self::from_error(StatusCode::UNPROCESSABLE_ENTITY, "calendar", &error)
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        Self::from_error(StatusCode::UNPROCESSABLE_ENTITY, "senseless", &error)
    }
}

impl From<DayError> for Problem {
    fn from(error: DayError) -> Self {
        Self::unprocessable(error.to_string())
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Plan(error) => error.into(),
            EngineError::Calendar(error) => error.into(),
            EngineError::PlanChanged { .. } => {
                Self::from_error(StatusCode::CONFLICT, "plan-changed", &error)
            }
            EngineError::TooManyCells { .. } => {
                Self::from_error(unprocessable, "too-many-cells", &error)
            }
            EngineError::NothingToAccept(_)
            | EngineError::NoSuchAcceptance(_)
            | EngineError::OwnCalendar(_) => Self::unprocessable(error.to_string()),
            EngineError::Market(_) => Self::from_error(unprocessable, "market", &error),
            EngineError::SourcesKeepChanging(_) => Self::busy(error.to_string(), None),
            EngineError::Threads(_) => {
                Self::from_error(StatusCode::SERVICE_UNAVAILABLE, "threads", &error)
            }
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match &error {
            QueryError::NoRuns | QueryError::UnknownRun(_) | QueryError::UnknownTransaction(_) => {
                Self::not_found(error.to_string())
            }
            QueryError::UnknownPortfolio { nearest, .. }
            | QueryError::UnknownInTables { nearest, .. }
            | QueryError::UnknownSymbol { nearest, .. } => {
                Self::not_found(error.to_string()).with_nearest(nearest.as_deref())
            }
            QueryError::Scope(_) => Self::unknown_portfolio(&error),
            QueryError::NoActivePortfolio { deleted: 0 } => {
                let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
                Self::new(unprocessable, "no-active-portfolio", error.to_string())
                    .with_hint("import portfolios, or put a file of them into the inbox")
            }
            QueryError::DeletedPortfolios(_) | QueryError::NoActivePortfolio { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "deleted-portfolio",
                error.to_string(),
            )
            .with_hint("`plimsoll portfolio restore NAME` restores it"),
            QueryError::AmbiguousPortfolio { .. } | QueryError::AmbiguousRun { .. } => {
                Self::new(StatusCode::CONFLICT, "ambiguous", error.to_string())
            }
            QueryError::Record { .. } => {
                Self::from_error(StatusCode::INTERNAL_SERVER_ERROR, "damaged", &error)
            }
            QueryError::Unbookable { .. } | QueryError::RealizedOutOfRange { .. } => {
                Self::from_error(StatusCode::UNPROCESSABLE_ENTITY, "unbookable", &error)
            }
            QueryError::Engine(_) => match error {
                QueryError::Engine(error) => error.into(),
                _ => Self::bug(),
            },
        }
    }
}
