//! The runs there were.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::RunId;
use crate::query;
use crate::serve::access::Reader;
use crate::serve::asked::{Limit, Place, Query};
use crate::serve::desk::Desk;
use crate::serve::http::Problem;

/// `GET …/history`: the newest first; `after` goes on where a page ended.
pub(super) async fn list(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::of(&mut query)?;
    let after: Option<RunId> = query.value("after")?;
    query.end()?;
    let most = u32::try_from(limit.and_one()).unwrap_or(u32::MAX);
    let runs = desk.ask(move |desk| match after {
        None => query::runs(&desk.served.store, most),
        Some(run) => query::runs_before(&desk.served.store, run, most),
    });
    let mut items = runs.await?;
    let more = limit.cut(&mut items);
    let next = items.last().filter(|_| more).map(|run| run.key);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// `GET …/history/{id}`: one run with its record; `last` is the newest.
pub(super) async fn one(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Place(id): Place<String>,
    Query(query): Query,
) -> Result<Json<query::RunDetails>, Problem> {
    query.end()?;
    let run = desk.ask(move |desk| query::run(&desk.served.store, &id));
    run.await.map(Json)
}
