//! `GET /metrics`, for a monitoring system that comes by.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::access::AnonymousOrReader;
use super::app_state::AppState;
use super::http::Problem;
use crate::query;
use crate::report::{METRICS_CONTENT_TYPE, metrics_text};

pub(super) async fn show(
    _: AnonymousOrReader,
    State(desk): State<Arc<AppState>>,
) -> Result<Response, Problem> {
    let next_run = *desk.next_run.borrow();
    let metrics = desk.run_blocking(|desk| {
        let served = &desk.context;
        query::metrics(&served.store, &served.engine, &served.environment)
    });
    let text = metrics_text(&metrics.await?, next_run);
    Ok(([(CONTENT_TYPE, METRICS_CONTENT_TYPE)], text).into_response())
}
