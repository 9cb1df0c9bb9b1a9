//! How far everybody is, together and one by one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::Scope;
use crate::query::{self, Order, PortfolioStatus, QueryError, Status, StatusOptions};
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Limit, PathParams, Query};
use crate::serve::http::Problem;

/// `GET /api/v1/status`: the scope's watermark, who holds it back, the grid of the last sessions.
pub(super) async fn status(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Json<Status>, Problem> {
    query.finish()?;
    let status = desk.run_blocking(|desk| read(desk, &Scope::AllActive, StatusOptions::default()));
    status.await.map(Json)
}

/// `GET /api/v1/portfolios`: everybody by id; `after` goes on where a page ended.
pub(super) async fn list(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let skip = query.value::<u32>("after")?.unwrap_or(0) as usize;
    query.finish()?;
    let shown = StatusOptions {
        sessions: 0,
        portfolios: limit.plus_one(),
        skip,
        order: Order::Id,
    };
    let status = desk.run_blocking(move |desk| read(desk, &Scope::AllActive, shown));
    let mut items = status.await?.portfolios;
    let next = limit
        .truncate(&mut items)
        .then(|| (skip + limit.count()).to_string());
    Ok(Json(json!({ "items": items, "next": next })))
}

/// `GET /api/v1/portfolios/{id}`, by id or exact name.
pub(super) async fn show(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<PortfolioStatus>, Problem> {
    query.finish()?;
    let found = desk.run_blocking(move |desk| {
        let portfolio = query::resolve_portfolio(&desk.context.store, &id)?;
        let only = Scope::from_ids([portfolio.id]).expect("one portfolio is not nobody");
        read(desk, &only, StatusOptions::default())
    });
    let mut shown = found.await?.portfolios;
    shown.pop().map(Json).ok_or_else(Problem::bug)
}

fn read(desk: &AppState, scope: &Scope, shown: StatusOptions) -> Result<Status, QueryError> {
    let served = &desk.context;
    let (settings, environment) = (&served.engine, &served.environment);
    query::status(&served.store, settings, environment, scope, shown)
}
