//! The routes of the pages.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};

use super::{assets, cell, health, overview, plan, portfolio, run, runs, sign_in};
use crate::serve::access::PageViewer;
use crate::serve::api::{EventStream, stream};
use crate::serve::app_state::AppState;
use crate::serve::extract::NoParameters;
use crate::serve::http::{FORM_LIMIT, Problem};

/// The router of all pages and their assets.
pub(in crate::serve) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/portfolios/{id}", get(portfolio::show))
        .route("/portfolios/{id}/cells/{day}", get(cell::show))
        .route("/runs", get(runs::show))
        .route("/runs/{id}", get(run::show))
        .route("/runs/{id}/cancel", post(run::cancel))
        .route("/health", get(health::show))
        .route("/plan", get(plan::show).post(plan::start))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/progress", get(progress))
        .route("/assets/{name}", get(assets::show))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
}

/// `GET /progress`: the progress of the current run, for the script that updates the bar.
async fn progress(
    _: PageViewer,
    State(state): State<Arc<AppState>>,
    _: NoParameters,
) -> Result<EventStream, Problem> {
    stream(&state)
}
