//! Endpoints for past runs.

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

/// `GET …/history`: runs, newest first; `after` continues after the last run of a page.
pub(super) async fn list(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let after: Option<RunId> = query.value("after")?;
    query.finish()?;
    let most = u32::try_from(limit.plus_one()).unwrap_or(u32::MAX);
    let runs = state.run_blocking(move |state| match after {
        None => query::runs(&state.context.app.store, most),
        Some(run) => query::runs_before(&state.context.app.store, run, most),
    });
    let mut items = runs.await?;
    let more = limit.truncate(&mut items);
    let next = items.last().filter(|_| more).map(|run| run.key);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// `GET …/history/{id}`: one run with its record; the id `last` is the newest run.
pub(super) async fn show(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<query::RunDetails>, Problem> {
    query.finish()?;
    let run = state.run_blocking(move |state| query::run(&state.context.app.store, &id));
    run.await.map(Json)
}
