//! Cells: what it is with one, and how many are done on each session.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::{Day, DayRange, Scope};
use crate::plan::Request;
use crate::query::{self, Explanation};
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Limit, PathParams, Query};
use crate::serve::http::Problem;

/// `GET /api/v1/portfolios/{id}/explain/{day}`: why a cell is, or is not, to be done.
pub(super) async fn explain(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams((id, day)): PathParams<(String, String)>,
    Query(query): Query,
) -> Result<Json<Explanation>, Problem> {
    query.finish()?;
    let day: Day = day
        .parse()
        .map_err(|error| Problem::malformed(format!("`day`: {error}")))?;
    let explained = desk.run_blocking(move |desk| {
        let served = &desk.context;
        let portfolio = query::resolve_portfolio(&served.store, &id)?;
        let (settings, environment) = (&served.engine, &served.environment);
        query::explain(&served.store, settings, environment, &portfolio, day)
    });
    explained.await.map(Json)
}

/// `GET /api/v1/coverage`: sessions newest first, not before `from` and not after `to`.
pub(super) async fn coverage(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let from = query.value("from")?.unwrap_or(Day::MIN);
    let to = query.value("to")?.unwrap_or(Day::MAX);
    let after: Option<Day> = query.value("after")?;
    query.finish()?;
    let range = range_before(DayRange::new(from, to)?, after);
    let counted = desk.run_blocking(move |desk| {
        let Some(range) = range else {
            return Ok(Vec::new());
        };
        let served = &desk.context;
        let (settings, environment) = (&served.engine, &served.environment);
        let request = Request::new(Scope::AllActive);
        let most = limit.plus_one();
        query::coverage(&served.store, settings, environment, &request, range, most)
    });
    let mut items = counted.await?;
    let more = limit.truncate(&mut items);
    let next = items.last().filter(|_| more).map(|last| last.day);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// The days of a range that are older than the last day of the page before; nothing where none
/// are.
pub(super) fn range_before(range: DayRange, after: Option<Day>) -> Option<DayRange> {
    let last = after.map_or(range.last(), |after| after.previous().min(range.last()));
    DayRange::new(range.first(), last).ok()
}
