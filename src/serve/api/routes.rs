//! The routes of the admin API.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::{books, cells, events, history, portfolios, runs};
use crate::serve::app_state::AppState;
use crate::serve::extract::NoParameters;

/// The OpenAPI document, as it is served.
const DESCRIPTION: &str = include_str!("openapi.json");

/// The router of the API. Each route must be described in `openapi.json`; a test counts them.
pub(in crate::serve) fn routes() -> Router<Arc<AppState>> {
    let batch = Router::new()
        .route("/run", post(runs::start))
        .route("/run/current", get(runs::current))
        .route("/run/current/events", get(events::follow))
        .route("/run/{id}/cancel", post(runs::cancel))
        .route("/history", get(history::list))
        .route("/history/{id}", get(history::show));
    let portfolios = Router::new()
        .route("/", get(portfolios::list))
        .route("/{id}", get(portfolios::show))
        .route("/{id}/snapshots", get(books::snapshots))
        .route("/{id}/positions", get(books::positions))
        .route("/{id}/realized", get(books::realized))
        .route("/{id}/exposures", get(books::exposures))
        .route("/{id}/risk", get(books::risk))
        .route("/{id}/explain/{day}", get(cells::explain));
    let api = Router::new()
        .route("/openapi.json", get(describe))
        .route("/status", get(portfolios::status))
        .route("/coverage", get(cells::coverage))
        .route("/plan", get(runs::plan))
        .nest("/portfolios", portfolios)
        .nest("/admin/batch", batch);
    Router::new().nest("/api/v1", api)
}

/// `GET /api/v1/openapi.json`: the description of the API. Needs no token: it holds no data.
async fn describe(_: NoParameters) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], DESCRIPTION).into_response()
}
