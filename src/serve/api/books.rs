//! Serves the books of a portfolio: snapshots by session; positions, exposures, risk and realized
//! profit as of a day.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use super::cells::page_of_days;
use crate::domain::{Day, DayRange};
use crate::query::{Books, Holdings, RealizedGains};
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Parameters, PathParams, Query};
use crate::serve::http::Problem;

/// `GET …/snapshots`: the snapshots from `from` to `to`, both inclusive, newest first. `after` takes
/// the `next` of the previous page. Drawdowns are measured since inception, whatever the range.
pub(super) async fn snapshots(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    let (limit, range) = page_of_days(query)?;
    // An empty range still returns the portfolio's name and currency.
    let last = range.map_or(Day::MIN, DayRange::last);
    // All sessions up to the last are read, because drawdowns need them.
    let books = state.run_blocking(move |state| state.context.app.books(&id, Some(last), None));
    let Books {
        key,
        name,
        currency,
        series,
        ..
    } = books.await?;
    let in_range = series.into_iter().rev();
    let in_range =
        in_range.take_while(|session| range.is_some_and(|range| range.contains(session.day)));
    let mut items: Vec<_> = in_range.take(limit.plus_one()).collect();
    let more = limit.truncate(&mut items);
    let next = items.last().filter(|_| more).map(|last| last.day);
    Ok(Json(json!({
        "portfolio": key,
        "name": name,
        "currency": currency.code(),
        "items": items,
        "next": next,
    })))
}

/// `GET …/positions`: the holdings as of a day, by default the newest session with books.
pub(super) async fn positions(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    holdings_part(&state, id, query, "positions", |holdings| {
        holdings.positions
    })
    .await
}

/// `GET …/realized`: the lots closed up to a day, by default the newest session with books.
pub(super) async fn realized(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(mut query): Query,
) -> Result<Json<RealizedGains>, Problem> {
    let as_of: Option<Day> = query.value("as_of")?;
    query.finish()?;
    let realized = state.run_blocking(move |state| state.context.app.realized_gains(&id, as_of));
    Ok(Json(realized.await?))
}

/// `GET …/exposures`: weights by sector and asset class, and concentration, as of a day.
pub(super) async fn exposures(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    holdings_part(&state, id, query, "exposures", |holdings| {
        holdings.exposures
    })
    .await
}

/// `GET …/risk`: the risk figures of the holdings as of a day.
pub(super) async fn risk(
    _: Reader,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    holdings_part(&state, id, query, "risk", |holdings| holdings.risk).await
}

/// Responds with one part of the holdings as of the requested day, under the key `name`.
async fn holdings_part<T: Serialize>(
    state: &Arc<AppState>,
    id: String,
    mut query: Parameters,
    name: &str,
    part: impl FnOnce(Holdings) -> Option<T>,
) -> Result<Json<Value>, Problem> {
    let as_of: Option<Day> = query.value("as_of")?;
    query.finish()?;
    let books = state
        .run_blocking(move |state| state.context.app.books(&id, as_of, Some(1)))
        .await?;
    let part = books.holdings.and_then(part);
    Ok(Json(json!({
        "portfolio": books.key,
        "name": books.name,
        "currency": books.currency.code(),
        "as-of": books.as_of,
        name: part,
    })))
}
