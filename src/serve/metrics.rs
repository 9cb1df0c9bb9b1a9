//! `GET /metrics`, for a monitoring system that comes by.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::access::Onlooker;
use super::desk::Desk;
use super::http::Problem;
use crate::query;
use crate::report::{METRICS_CONTENT_TYPE, metrics_text};

pub(super) async fn show(_: Onlooker, State(desk): State<Arc<Desk>>) -> Result<Response, Problem> {
    let next_run = *desk.next_run.borrow();
    let metrics = desk.ask(|desk| {
        let served = &desk.served;
        query::metrics(&served.store, &served.engine, &served.environment)
    });
    let text = metrics_text(&metrics.await?, next_run);
    Ok(([(CONTENT_TYPE, METRICS_CONTENT_TYPE)], text).into_response())
}
