//! Endpoints for the state of all portfolios and of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::Scope;
use crate::query::{self, Order, PortfolioStatus, Status, StatusOptions};
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Limit, PathParams, Query};
use crate::serve::http::Problem;

/// `GET /api/v1/status`: the watermark, the portfolio that holds it back, and the grid of the last
/// sessions.
pub(super) async fn status(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Json<Status>, Problem> {
    query.finish()?;
    let options = StatusOptions::default();
    let status =
        state.run_blocking(move |state| state.context.app.status(&Scope::AllActive, options));
    status.await.map(Json)
}

/// `GET /api/v1/portfolios`: all active portfolios by id; `after` continues after a page.
pub(super) async fn list(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let skip = query.value::<u32>("after")?.unwrap_or(0) as usize;
    query.finish()?;
    let options = StatusOptions {
        sessions: 0,
        portfolios: limit.plus_one(),
        skip,
        order: Order::Id,
    };
    let status =
        state.run_blocking(move |state| state.context.app.status(&Scope::AllActive, options));
    let mut items = status.await?.portfolios;
    let next = limit
        .truncate(&mut items)
        .then(|| (skip + limit.count()).to_string());
    Ok(Json(json!({ "items": items, "next": next })))
}

/// `GET /api/v1/portfolios/{id}`: one portfolio, by id or exact name.
pub(super) async fn show(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<PortfolioStatus>, Problem> {
    query.finish()?;
    let found = state.run_blocking(move |state| {
        let app = &state.context.app;
        let portfolio = query::resolve_portfolio(&app.store, &id)?;
        app.status(&Scope::single(portfolio.id), StatusOptions::default())
    });
    let mut portfolios = found.await?.portfolios;
    portfolios.pop().map(Json).ok_or_else(Problem::bug)
}
