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
use crate::serve::extract::{Limit, Parameters, PathParams, Query};
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
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    let (limit, range) = page_of_days(query)?;
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

/// Reads the parameters of a list of days, newest first: the page size, and the range from `from` to
/// `to` that is left after the page that ended with the day `after`; `None` if nothing is left.
pub(super) fn page_of_days(mut query: Parameters) -> Result<(Limit, Option<DayRange>), Problem> {
    let limit = Limit::from_query(&mut query)?;
    let from = query.value("from")?.unwrap_or(Day::MIN);
    let to = query.value("to")?.unwrap_or(Day::MAX);
    let after: Option<Day> = query.value("after")?;
    query.finish()?;
    let range = DayRange::new(from, to)?;
    // Pages go back in time, so the part before that day is left.
    let last = after.map_or(range.last(), |after| after.previous().min(range.last()));
    Ok((limit, DayRange::new(range.first(), last).ok()))
}
