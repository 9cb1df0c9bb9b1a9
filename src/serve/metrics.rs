//! `GET /metrics`: metrics in the Prometheus text format.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::access::AnonymousOrReader;
use super::app_state::AppState;
use super::extract::Query;
use super::http::Problem;
use crate::query;
use crate::report::{METRICS_CONTENT_TYPE, metrics_text};

pub(super) async fn show(
    _: AnonymousOrReader,
    State(state): State<Arc<AppState>>,
    Query(parameters): Query,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let next_run = *state.next_run.borrow();
    let metrics = state.run_blocking(|state| {
        let context = &state.context;
        query::metrics(
            &context.app.store,
            &context.app.settings,
            &context.app.environment,
            &context.app.concern_inputs(),
        )
    });
    let text = metrics_text(&metrics.await?, next_run);
    Ok(([(CONTENT_TYPE, METRICS_CONTENT_TYPE)], text).into_response())
}
