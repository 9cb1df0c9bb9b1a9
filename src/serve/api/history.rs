//! The runs there were.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::RunId;
use crate::query;
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Limit, PathParams, Query};
use crate::serve::http::Problem;

/// `GET …/history`: the newest first; `after` goes on where a page ended.
pub(super) async fn list(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let after: Option<RunId> = query.value("after")?;
    query.finish()?;
    let most = u32::try_from(limit.plus_one()).unwrap_or(u32::MAX);
    let runs = desk.run_blocking(move |desk| match after {
        None => query::runs(&desk.context.store, most),
        Some(run) => query::runs_before(&desk.context.store, run, most),
    });
    let mut items = runs.await?;
    let more = limit.truncate(&mut items);
    let next = items.last().filter(|_| more).map(|run| run.key);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// `GET …/history/{id}`: one run with its record; `last` is the newest.
pub(super) async fn show(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<query::RunDetails>, Problem> {
    query.finish()?;
    let run = desk.run_blocking(move |desk| query::run(&desk.context.store, &id));
    run.await.map(Json)
}
