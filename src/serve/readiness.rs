//! `GET /readyz`: a probe that fails while an operator must act.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::app_state::AppState;
use super::extract::Query;
use super::http::Problem;
use crate::domain::Scope;
use crate::query;

/// Answers 503 if a concern is an error, as `plimsoll check` fails, and else 200. Needs no token, so
/// it shows the kinds of the concerns, and neither portfolios nor numbers.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Query(parameters): Query,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let found = state.run_blocking(|state| {
        let app = &state.context.app;
        let inputs = app.concern_inputs();
        let scope = Scope::AllActive;
        query::concerns(&app.store, &app.settings, &app.environment, &scope, &inputs)
    });
    let found = found.await?.concerns;
    let (status, state) = match found.iter().any(query::Concern::is_error) {
        false => (StatusCode::OK, "ready"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "not-ready"),
    };
    let concerns = found
        .iter()
        .map(|concern| json!({ "kind": concern.kind(), "severity": concern.severity() }));
    let concerns: Vec<_> = concerns.collect();
    let body = json!({ "status": state, "concerns": concerns });
    Ok((status, Json(body)).into_response())
}
