//! Endpoints for cells: the explanation of a cell, and cell counts by session.

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

/// `GET /api/v1/portfolios/{id}/explain/{day}`: the state of a cell and the reason for it.
pub(super) async fn explain(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams((id, day)): PathParams<(String, String)>,
    Query(query): Query,
) -> Result<Json<Explanation>, Problem> {
    query.finish()?;
    let day: Day = day
        .parse()
        .map_err(|error| Problem::malformed(format!("`day`: {error}")))?;
    let explained = state.run_blocking(move |state| state.context.app.explain(&id, day));
    explained.await.map(Json)
}

/// `GET /api/v1/coverage`: cell counts by session, newest first, from `from` to `to` inclusive.
pub(super) async fn coverage(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let from = query.value("from")?.unwrap_or(Day::MIN);
    let to = query.value("to")?.unwrap_or(Day::MAX);
    let after: Option<Day> = query.value("after")?;
    query.finish()?;
    let range = range_before(DayRange::new(from, to)?, after);
    let counted = state.run_blocking(move |state| {
        let Some(range) = range else {
            return Ok(Vec::new());
        };
        let context = &state.context;
        let (settings, environment) = (&context.app.settings, &context.app.environment);
        let request = Request::new(Scope::AllActive);
        let most = limit.plus_one();
        query::coverage(
            &context.app.store,
            settings,
            environment,
            &request,
            range,
            most,
        )
    });
    let mut items = counted.await?;
    let more = limit.truncate(&mut items);
    let next = items.last().filter(|_| more).map(|last| last.day);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// Returns the part of a range that is left after a page that ended with the day `after`; `None` if
/// nothing is left. Pages go back in time, so it is the part before that day.
pub(super) fn range_before(range: DayRange, after: Option<Day>) -> Option<DayRange> {
    let last = after.map_or(range.last(), |after| after.previous().min(range.last()));
    DayRange::new(range.first(), last).ok()
}
