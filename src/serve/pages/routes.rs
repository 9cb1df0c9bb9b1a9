//! Which address shows what.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};

use super::{cell, health, looks, overview, plan, portfolio, run, runs, sign_in};
use crate::serve::access::Welcome;
use crate::serve::api::{Events, stream};
use crate::serve::desk::Desk;
use crate::serve::http::{FORM_LIMIT, Problem};

/// The addresses of the pages.
pub(in crate::serve) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/portfolios/{id}", get(portfolio::show))
        .route("/portfolios/{id}/cells/{day}", get(cell::show))
        .route("/runs", get(runs::show))
        .route("/runs/{id}", get(run::show))
        .route("/runs/{id}/cancel", post(run::cancel))
        .route("/health", get(health::show))
        .route("/plan", get(plan::show).post(plan::start))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/progress", get(progress))
        .route("/looks/{name}", get(looks::show))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
}

/// How the run at work goes, for the script that moves the bar.
async fn progress(_: Welcome, State(desk): State<Arc<Desk>>) -> Result<Events, Problem> {
    stream(&desk)
}
